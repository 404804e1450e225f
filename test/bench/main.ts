/**
 * `npm run bench [-- reader|analysis|emulator|dhcp ...]`: how fast, beside whom, in how much memory. Not part of the tests: the
 * figures depend on the machine, the ratios less so. Peers that are not installed are left out and named.
 *
 *   reader    walking the records of a capture, beside pcap-parser
 *   analysis  `bootwire analyze` on a million packets of RTP with boots inside, beside tcpdump's filter pass and tshark
 *   emulator  frames per second beside ns-3, cost by size, storms of phones; words behind it choose parts (emulator.ts)
 *   dhcp      what a client costs a DHCP server that holds 1,000 to 100,000 leases
 */
import { createReadStream, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { readDirectory } from '../../src/scenario/load-scenario-file.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { runScenario } from '../../src/scenario/run-scenario.js'
import { installed } from '../installed.js'
import { benchDhcp } from './dhcp.js'
import { benchEmulator } from './emulator.js'
import { bestOf, bestOfCommand, printTable, rate } from './measure.js'
import { writeRtpCapture } from './rtp-capture.js'

const PACKETS = 1_000_000
const BOOTS = 100
const RUNS = 3
/** What the sieve has to find, as tcpdump would be asked for it. */
const FILTER = 'arp or icmp or udp port 67 or udp port 68 or udp port 69 or tcp port 80 or tcp port 81 or tcp port 411'

// Compiled, this file runs from a folder below node_modules; the project is where npm was called.
const project = process.cwd()

/** One phone's boot, of four kinds in turn, each phone with its own MAC address and lease. */
const BOOT = (index: number) => {
  const octet = (n: number) => n.toString(16).padStart(2, '0')
  const address = `10.20.${1 + (index >> 7)}.${1 + (index & 127)}`
  const model = index % 2 === 0 ? '1608' : '4620SW'
  const fault = [
    '',
    '',
    ', faults: [{ match: { method: PUT }, status: 405 }]',
    ", faults: [{ match: { path: '*' }, hang: 60s }]",
  ]
  return `
name: a boot
seed: ${index}
network: { links: { access: { delay: 200us, rate: 100mbit }, uplink: { delay: 5ms, loss: 1% } } }
servers:
  dhcp:
    pool: ${address}-${address}
    mask: 255.255.0.0
    router: 10.20.0.1
    siteOption: 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,TFTPSRVR=10.20.0.2'
  http: { files: ./files, backup: true${fault[index % 4]!} }
  tftp: { files: ./files }
phones:
  - { model: ${model}, mac: '00:1b:4f:40:${octet(index >> 8)}:${octet(index & 255)}' }
`
}

const scenarioOf = (text: string) =>
  parseScenario(text, 'bench.yaml', (directory) => readDirectory(join(project, 'scenarios', directory)))

async function generate(path: string): Promise<{ packets: number; bytes: number; bootFrames: number }> {
  const boots: Uint8Array[] = []
  for (let i = 0; i < BOOTS; i++) boots.push((await runScenario(scenarioOf(BOOT(i)))).capture)
  return writeRtpCapture(path, PACKETS, boots)
}

async function benchReader(path: string): Promise<void> {
  const bytes = statSync(path).size
  let frames = 0
  const ours = await bestOf(RUNS, () => {
    frames = 0
    const reader = new CaptureReader(() => frames++)
    const fd = openSync(path, 'r')
    const chunk = new Uint8Array(1 << 18)
    for (let read; (read = readSync(fd, chunk)) > 0;) reader.push(chunk.subarray(0, read))
    reader.end()
  })
  const pcapParser = createRequire(join(project, 'package.json'))('pcap-parser') as {
    parse(stream: NodeJS.ReadableStream): NodeJS.EventEmitter
  }
  let theirFrames = 0
  const theirs = await bestOf(RUNS, () => {
    theirFrames = 0
    return new Promise<void>((resolve, reject) => {
      const parser = pcapParser.parse(createReadStream(path, { highWaterMark: 1 << 18 }))
      parser.on('packet', () => theirFrames++).on('end', resolve)
      parser.on('error', reject)
    })
  })
  if (frames !== theirFrames) throw new Error(`${frames} frames by us, ${theirFrames} by pcap-parser`)
  printTable(`reader: ${frames} packets, ${(bytes / 1e6).toFixed(0)} MB`, [
    ['', 'packets', 'GB/s', 'ratio'],
    ['bootwire', rate(frames, ours.wallSeconds), (bytes / 1e9 / ours.wallSeconds).toFixed(2), '1'],
    [
      'pcap-parser',
      rate(frames, theirs.wallSeconds),
      (bytes / 1e9 / theirs.wallSeconds).toFixed(2),
      `${(theirs.wallSeconds / ours.wallSeconds).toFixed(1)} times slower`,
    ],
  ])
}

function benchAnalysis(path: string, packets: number, bootFrames: number): void {
  // A child process each, so that start-up counts and memory is its own. The preloaded line prints the peak.
  const peak = `process.on('exit',()=>process.stderr.write('peak-rss-kilobytes='+process.resourceUsage().maxRSS))`
  const cli = join(project, 'dist/cli/main.js')
  const analyze = bestOfCommand(RUNS, process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(peak)}`,
    cli,
    'analyze',
    path,
    '--format',
    'json',
    '--fail-on',
    'never',
    '--quiet',
  ])!
  const startUp = bestOfCommand(RUNS, process.execPath, [cli, '--version'])!
  const peers = [
    {
      name: 'tcpdump, filter to /dev/null',
      run: () => bestOfCommand(RUNS, 'tcpdump', ['-nr', path, '-w', '/dev/null', FILTER]),
    },
    {
      name: 'tshark, dhcp||tftp||http',
      run: () =>
        bestOfCommand(1, 'tshark', ['-nr', path, '-Y', 'dhcp||tftp||http', '-T', 'fields', '-e', 'frame.number']),
    },
  ].map(({ name, run }) => ({ name, timing: run() }))
  printTable(`analysis: ${packets} packets, ${bootFrames} of them of ${BOOTS} boots`, [
    ['', 'seconds', 'packets', 'against bootwire', 'peak memory'],
    [
      'bootwire analyze',
      analyze.wallSeconds.toFixed(2),
      rate(packets, analyze.wallSeconds),
      '1',
      `${analyze.peakMegabytes.toFixed(0)} MB`,
    ],
    ['  of it, Node and bootwire starting up', startUp.wallSeconds.toFixed(2), '', '', ''],
    ...peers.map(({ name, timing }) =>
      timing === undefined
        ? [name, 'not installed', '', '', '']
        : [
            name,
            timing.wallSeconds.toFixed(2),
            rate(packets, timing.wallSeconds),
            `${(timing.wallSeconds / analyze.wallSeconds).toFixed(2)} times the time`,
            '',
          ],
    ),
  ])
}

const TOPICS = ['reader', 'analysis', 'emulator', 'dhcp']
const words = process.argv.slice(2)
const parts = words.filter((word) => !TOPICS.includes(word))
if (words.length === parts.length && parts.length > 0) throw new Error(`topics are ${TOPICS.join(', ')}`)
const wants = (name: string) => words.length === 0 || words.includes(name)
const folder = mkdtempSync(join(tmpdir(), 'bootwire-bench-'))
try {
  if (wants('reader') || wants('analysis')) {
    const path = join(folder, 'rtp-with-boots.pcap')
    const { packets, bootFrames } = await generate(path)
    if (wants('reader')) await benchReader(path)
    if (wants('analysis')) benchAnalysis(path, packets, bootFrames)
  }
  if (wants('emulator')) await benchEmulator(project, parts)
  if (wants('dhcp')) await benchDhcp()
  const absent = ['tcpdump', 'tshark'].filter((command) => !installed(command))
  if (absent.length > 0) process.stdout.write(`\nnot installed, so not compared: ${absent.join(', ')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
