import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/analyzer/report.js'
import { ExitCode } from '../../src/cli/exit-codes.js'
import { cli, inTemporaryDirectory } from './test-machine.js'

const scenarios = new URL('../../scenarios/', import.meta.url).pathname
const CLEAN = `${scenarios}1608-clean-boot.yaml`

/** pcap header, little-endian, Ethernet; no frames. */
const EMPTY_PCAP = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex')

/** Nothing can be made there, and root is told so in other words than the rest. */
const NOT_IN_PROC = process.getuid?.() === 0 ? /cannot be written: no such directory/ : /permission denied/

describe('bad input costs one clear line and exit status 2', () => {
  it.each([
    ['a missing file', (_: string) => {}, /^bootwire: .*input: no such file\n$/],
    [
      'a directory',
      (path: string) => void mkdirSync(path),
      /^bootwire: .*input: is a directory, not a capture file\n$/,
    ],
    ['a text file', (path: string) => writeFileSync(path, 'Dear support,\n\nour phones\n'), /^bootwire: .*input: /],
    ['an empty file', (path: string) => writeFileSync(path, ''), /^bootwire: .*input: /],
    ['gzip of text', (path: string) => writeFileSync(path, gzipSync('Dear support')), /^bootwire: .*input: /],
  ])('%s', (_what, make, line) =>
    inTemporaryDirectory(async (path) => {
      make(path('input'))
      for (const command of ['analyze', 'messages']) {
        const { exitCode, stdout, stderr } = await cli([command, path('input')])
        expect(stderr).toMatch(line)
        expect(stderr.split('\n')).toHaveLength(2)
        expect({ exitCode, stdout }).toEqual({ exitCode: ExitCode.usage, stdout: '' })
      }
    }),
  )

  it.each([
    [
      'a misspelt key',
      'phones: [{ model: 1608 }]\nnetwork: { links: { uplink: { losss: 1% } } }',
      /:2:31: unknown key 'losss' in a link; did you mean 'loss'\?\n$/,
    ],
    ['a bad unit', 'phones: [{ model: 1608, start: 5sec }]', /:1:32: unknown unit 'sec' in '5sec'; use 's'\n$/],
    [
      'an unknown model',
      'phones: [{ model: 4620SX }]',
      /:1:19: unknown phone model '4620SX'; did you mean '4620'\?\n$/,
    ],
  ])('a scenario with %s', (_what, text, line) =>
    inTemporaryDirectory(async (path) => {
      writeFileSync(path('site.yaml'), text)
      const { exitCode, stdout, stderr } = await cli(['run', path('site.yaml')])
      expect(stderr).toMatch(line)
      expect(stderr.split('\n')).toHaveLength(2)
      expect({ exitCode, stdout }).toEqual({ exitCode: ExitCode.usage, stdout: '' })
    }),
  )

  it.each([
    [[], /a command is missing/],
    [['analyse', 'x'], /unknown command 'analyse'; did you mean 'analyze'\?/],
    [['analyze'], /^bootwire: a capture file is missing; see 'bootwire analyze --help'\n$/],
    [['analyze', 'x', '--fromat', 'json'], /unknown option '--fromat'; did you mean '--format'\?/],
    [['analyze', 'x', '--format', 'jsn'], /unknown format 'jsn'; did you mean 'json'\?/],
    [['analyze', 'x', '--format', 'html'], /--format html is not available for 'analyze'; use text, json, ndjson/],
    [['analyze', 'x', '--fail-on', 'info'], /--fail-on is one of error, warning, never/],
    [['analyze', 'x', '--phone', 'reception'], /--phone takes a MAC .* or an IP address/],
    [['analyze', '-', '-'], /can be read once only/],
    [['run', CLEAN, '--seed', '1.5'], /--seed takes a whole number/],
    [['run', CLEAN, '--seed', 'x'], /--seed takes a whole number/],
    [['run', CLEAN, CLEAN], /writes the same capture, 1608-clean-boot\.pcapng/],
    [['run', CLEAN, `${scenarios}ten-phones.yaml`, '--capture-file', 'x'], /--capture-file names one file/],
    [['analyze', ''], /^bootwire: '': no such file\n$/],
    [['run', ''], /^bootwire: '': no such file\n$/],
    [['analyze', 'x', '--format'], /--format needs a value/],
    [['run', CLEAN, '--seed'], /--seed needs a value/],
    [['analyze', '-x', 'y'], /unknown option '-x'/],
    [['messages', 'x', '--fail-on', 'never'], /'messages' has no option --fail-on/],
    [['findings', 'one', 'two'], /one argument too many: 'two'/],
    [['messages', '-', '-'], /can be read once only/],
    [['run', CLEAN, '--capture-file', '-'], /--capture-file takes a file/],
    [['run', CLEAN, '--capture-file', scenarios], /is a directory; name a file in it/],
    [['run', CLEAN, '--capture-file', CLEAN], /would be written over, and it is read/],
    [['run', CLEAN, '--capture-file', '/proc/none/x.pcapng'], NOT_IN_PROC],
    [['analyze', CLEAN, '--output', CLEAN], /would be written over, and it is read/],
    [['analyze', CLEAN, '--output', ''], /is no name of a file/],
    [['findings', 'http-respons-timeout'], /unknown finding code .* did you mean 'http-response-timeout'\?/],
  ])('%j', async (argv, line) => {
    const { exitCode, stdout, stderr } = await cli(argv)
    expect(stderr).toMatch(line)
    expect(stderr.split('\n')).toHaveLength(2)
    expect({ exitCode, stdout }).toEqual({ exitCode: ExitCode.usage, stdout: '' })
  })
})

describe('an input without end that is no capture', () => {
  it.each(['analyze', 'messages'])('is left by %s after its first octets', async (command) => {
    let chunks = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; chunks < 1000; chunks++) yield await Promise.resolve(new Uint8Array(65_536))
    }
    const { exitCode, stderr } = await cli([command, 'zero'], { read: endless })
    expect(stderr).toMatch(/^bootwire: zero: not a capture file/)
    expect(exitCode).toBe(ExitCode.usage)
    expect(chunks).toBeLessThan(3)
  })
})

describe('an option given twice', () => {
  it('counts as it was given last', async () => {
    const { exitCode, stdout } = await cli(['findings', '--format', 'json', '--quiet', '--format', 'text', '--quiet'])
    expect(exitCode).toBe(ExitCode.ok)
    expect(stdout).toMatch(/^[a-z0-9-]+ +(error|warning|info) /)
    expect((await cli(['run', CLEAN, '--seed', '1', '--seed', '-2'])).stderr).toMatch(/--seed takes a whole number/)
  })
})

describe('secrets of a capture', () => {
  const SCENARIO = `
servers:
  dhcp:
    pool: 10.20.0.100-10.20.0.250
    siteOption: 'HTTPSRVR=10.20.0.2,HTTPDIR=ftp://u:S3CRET@x,PROCPSWD=918273,SNMPSTRING=S3CRET,BRURI=http://b:S3CRET@10.20.0.2/b'
  http: { images: { 16xxupgrade.txt: 1kB } }
phones: [{ model: 1608 }]
expect: [{ transfers: { path: '/ftp://u:S3CRET@x/nothing' } }]
capture: { at: access }
`
  const SECRETS = /S3CRET|918273/
  const formats = { analyze: ['text', 'json', 'ndjson'], messages: ['text', 'csv', 'ndjson'] }

  it('are masked in every command and format, and shown when asked for', () =>
    inTemporaryDirectory(async (path) => {
      writeFileSync(path('site.yaml'), SCENARIO)
      const run = ['run', path('site.yaml'), '--capture-file', path('a.pcapng')]
      const ran = await cli(run)
      expect(ran.stdout).toContain('u:********@x')
      expect(ran.stdout + ran.stderr).not.toMatch(SECRETS)
      expect(ran.stdout).not.toContain('the analyzer disagrees')
      for (const [command, names] of Object.entries(formats)) {
        for (const format of names) {
          const argv = [command, path('a.pcapng'), '--format', format]
          expect((await cli(argv)).stdout).not.toMatch(SECRETS)
          expect((await cli([...argv, '--show-secrets'])).stdout).toContain('u:S3CRET@x')
        }
      }
    }))
})

describe('bootwire analyze', () => {
  it('makes the directories of its output', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('a/b/good.pcapng')])
      await cli(['analyze', path('a/b/good.pcapng'), '--output', path('c/d/report.txt')])
      expect(readFileSync(path('c/d/report.txt'), 'utf8')).toContain('BOOTED')
    }))

  it('says which phone it did not find', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const { exitCode, stdout } = await cli(['analyze', path('good.pcapng'), '--phone', '192.0.2.1'])
      expect(exitCode).toBe(ExitCode.nothingToJudge)
      expect(stdout).toContain('No boot session of 192.0.2.1 in this capture.')
    }))

  it('exits with 3 for a capture without any frame', () =>
    inTemporaryDirectory(async (path) => {
      writeFileSync(path('empty.pcap'), EMPTY_PCAP)
      writeFileSync(path('cut.pcap'), EMPTY_PCAP.subarray(0, 10))
      expect((await cli(['analyze', path('cut.pcap')])).exitCode).toBe(ExitCode.nothingToJudge)
      for (const failOn of ['error', 'never']) {
        const { exitCode, stdout } = await cli(['analyze', path('empty.pcap'), '--fail-on', failOn])
        expect(exitCode).toBe(ExitCode.nothingToJudge)
        expect(stdout).toContain('empty.pcap')
      }
    }))

  it('exits with 0 for a clean boot, 1 for an error, and 0 again when nothing may fail', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      await cli(['run', `${scenarios}http-refused.yaml`, '--capture-file', path('bad.pcapng')])
      expect((await cli(['analyze', path('good.pcapng')])).exitCode).toBe(ExitCode.ok)
      const bad = await cli(['analyze', path('bad.pcapng')])
      expect(bad.exitCode).toBe(ExitCode.findings)
      expect(bad.stdout).toContain('http-connect-refused')
      expect((await cli(['analyze', path('bad.pcapng'), '--fail-on', 'never'])).exitCode).toBe(ExitCode.ok)
      expect((await cli(['analyze', path('good.pcapng'), path('bad.pcapng')])).exitCode).toBe(ExitCode.findings)
    }))

  it('reads a capture that ends in the middle, plain or in gzip, as far as it goes', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const octets = readFileSync(path('good.pcapng'))
      writeFileSync(path('cut.pcapng'), octets.subarray(0, octets.length - 10))
      const zipped = gzipSync(octets)
      writeFileSync(path('cut.pcapng.gz'), zipped.subarray(0, zipped.length - 200))
      for (const file of ['cut.pcapng', 'cut.pcapng.gz']) {
        const { exitCode, stdout } = await cli(['analyze', path(file), '--format', 'json'])
        const report = JSON.parse(stdout) as Report
        expect(report.captures[0]?.findings.map(({ code }) => code)).toContain('capture-truncated-file')
        expect(report.sessions[0]?.phone.mac).toBe('00:1b:4f:20:00:01')
        expect([ExitCode.ok, ExitCode.nothingToJudge]).toContain(exitCode)
      }
    }))

  it('reads standard input in pieces', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const octets = readFileSync(path('good.pcapng'))
      async function* pieces(file: string): AsyncGenerator<Uint8Array> {
        expect(file).toBe('-')
        for (let at = 0; at < octets.length; at += 7) yield octets.subarray(at, at + 7)
      }
      const piped = await cli(['analyze', '-', '--format', 'json'], { read: pieces })
      const direct = await cli(['analyze', path('good.pcapng'), '--format', 'json'])
      expect(piped.stdout.replaceAll('standard input', path('good.pcapng'))).toBe(direct.stdout)
    }))

  it('reports what it has on Ctrl-C and exits with 130', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const octets = readFileSync(path('good.pcapng'))
      const controller = new AbortController()
      async function* interrupted(): AsyncGenerator<Uint8Array> {
        yield octets
        controller.abort()
      }
      const result = await cli(['analyze', '-', '--format', 'json'], {
        read: interrupted,
        interrupted: controller.signal,
      })
      expect(result.exitCode).toBe(ExitCode.interrupted)
      expect((JSON.parse(result.stdout) as Report).sessions).toHaveLength(1)
    }))

  it('keeps to one phone and writes to a file', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', `${scenarios}ten-phones.yaml`, '--capture-file', path('ten.pcapng')])
      for (const phone of ['00-1B-4F-20-00-03', '10.20.0.102']) {
        const argv = ['analyze', path('ten.pcapng'), '--phone', phone, '--format', 'json', '--output', path('one.json')]
        expect(await cli(argv)).toMatchObject({ exitCode: ExitCode.ok, stdout: '' })
        const report = JSON.parse(readFileSync(path('one.json'), 'utf8')) as Report
        expect(report.sessions).toHaveLength(1)
      }
    }))
})

describe('bootwire messages', () => {
  it('lists messages as text, ndjson and csv with their frames', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const text = await cli(['messages', path('good.pcapng')])
      expect(text).toMatchObject({ exitCode: ExitCode.ok, stderr: '' })
      expect(text.stdout).toContain('DISCOVER')
      const ndjson = await cli(['messages', path('good.pcapng'), '--format', 'ndjson'])
      const messages = ndjson.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { frame: number; type?: string })
      expect(messages[0]).toMatchObject({ frame: 1, protocol: 'dhcp', type: 'DISCOVER' })
      const csv = await cli(['messages', path('good.pcapng'), '--format', 'csv'])
      expect(csv.stdout.trimEnd().split('\n')).toHaveLength(messages.length + 1)
      expect(text.stdout.trimEnd().split('\n')).toHaveLength(messages.length)
    }))

  it('keeps to the messages of one phone', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', `${scenarios}ten-phones.yaml`, '--capture-file', path('ten.pcapng')])
      const argv = ['messages', path('ten.pcapng'), '--phone', '00:1b:4f:20:00:02', '--format', 'ndjson']
      const { stdout } = await cli(argv)
      const uris = [...stdout.matchAll(/"uri":"([^"]+)"/g)].map((match) => match[1])
      expect(uris.filter((uri) => uri?.includes('16xxdata'))).toEqual([
        '/backup/1002_16xxdata.txt',
        '/backup/1002_16xxdata.txt',
      ])
      expect(new Set([...stdout.matchAll(/"chaddr":"([^"]+)"/g)].map((match) => match[1]))).toEqual(
        new Set(['00:1b:4f:20:00:02']),
      )
    }))

  it('names the file of each message when there are several', () =>
    inTemporaryDirectory(async (path) => {
      await cli(['run', CLEAN, '--capture-file', path('good.pcapng')])
      const { stdout } = await cli(['messages', path('good.pcapng'), path('good.pcapng'), '--format', 'ndjson'])
      expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ file: path('good.pcapng'), frame: 1 })
    }))
})

describe('bootwire run', () => {
  it('prints report, expectations, truth and the count of scenarios, and writes the capture', () =>
    inTemporaryDirectory(async (path) => {
      const { exitCode, stdout, stderr } = await cli([
        'run',
        `${scenarios}http-refused.yaml`,
        '--capture-file',
        path('a.pcapng'),
      ])
      expect({ exitCode, stderr }).toEqual({ exitCode: ExitCode.ok, stderr: '' })
      expect(stdout).toContain('ok     all phones: outcome failed, root cause http-connect-refused')
      expect(stdout).toContain("the analyzer's verdict on the phone is what the emulator did")
      expect(stdout).toMatch(/\n1 passed, 0 failed\n$/)
      expect(readFileSync(path('a.pcapng')).subarray(0, 4).toString('hex')).toBe('0a0d0d0a')
    }))

  it('fails for an expectation that does not hold, with frames and the way to repeat it', () =>
    inTemporaryDirectory(async (path) => {
      const text = readFileSync(`${scenarios}http-refused.yaml`, 'utf8').replace('./files', `${scenarios}files`)
      const file = path('wrong.yaml')
      writeFileSync(
        file,
        text.replace(/^expect:[^]*$/m, 'expect: [{ outcome: booted }]\n').replace(`${scenarios}files`, '.'),
      )
      const { exitCode, stdout } = await cli(['run', file, '--capture-file', path('a.pcapng'), '--seed', '4'])
      expect(exitCode).toBe(ExitCode.findings)
      expect(stdout).toMatch(/FAILED all phones: outcome booted \(.*wrong\.yaml:\d+\)/)
      expect(stdout).toMatch(/expected outcome booted; actual failed \(root cause http-connect-refused\) \(#\d+/)
      expect(stdout).toContain(`repeat with: bootwire run ${file} --seed 4`)
      expect(stdout).toMatch(/\n0 passed, 1 failed\n$/)
    }))

  it('lets findings decide for a scenario without expectations, or when told to', () =>
    inTemporaryDirectory(async (path) => {
      writeFileSync(path('a.yaml'), 'phones: [{ model: 1608 }]\nlimit: 4min\n')
      const run = (...more: string[]) => cli(['run', path('a.yaml'), '--capture-file', path('a.pcapng'), ...more])
      expect((await run()).exitCode).toBe(ExitCode.findings)
      expect((await run('--fail-on', 'never')).exitCode).toBe(ExitCode.ok)
      const held = ['run', `${scenarios}http-refused.yaml`, '--capture-file', path('b.pcapng'), '--fail-on', 'error']
      expect((await cli(held)).exitCode).toBe(ExitCode.findings)
    }))

  it('prints one report over all scenarios as JSON and the rest on standard error', () =>
    inTemporaryDirectory(async (path) => {
      const argv = ['run', CLEAN, '--capture-file', path('a.pcapng'), '--format', 'json']
      const { stdout, stderr } = await cli(argv)
      const report = JSON.parse(stdout) as Report
      expect(report).toMatchObject({ schema: 'bootwire/report@1', summary: { sessions: 1, booted: 1 } })
      expect(stderr).toMatch(/\n1 passed, 0 failed\n$/)
    }))

  it('reports one phone of a run', () =>
    inTemporaryDirectory(async (path) => {
      const argv = [
        'run',
        `${scenarios}ten-phones.yaml`,
        '--capture-file',
        path('a.pcapng'),
        '--phone',
        '00:1b:4f:20:00:02',
      ]
      expect((JSON.parse((await cli([...argv, '--format', 'json'])).stdout) as Report).sessions).toHaveLength(1)
      expect((await cli(argv)).stdout).toContain('1 session')
    }))

  it('writes what it has on Ctrl-C and exits with 130', () =>
    inTemporaryDirectory(async (path) => {
      const controller = new AbortController()
      controller.abort()
      const argv = ['run', CLEAN, '--capture-file', path('a.pcapng')]
      expect((await cli(argv, { interrupted: controller.signal })).exitCode).toBe(ExitCode.interrupted)
    }))
})

describe('bootwire findings', () => {
  it('explains one code', async () => {
    const { exitCode, stdout } = await cli(['findings', 'http-response-timeout'])
    expect(exitCode).toBe(ExitCode.ok)
    expect(stdout).toContain('http-response-timeout')
  })

  it('prints the catalogue for programs', async () => {
    const { stdout } = await cli(['findings', '--format', 'json'])
    const entries = JSON.parse(stdout) as { code: string; remedy: string }[]
    expect(entries.map(({ code }) => code)).toContain('fallback-to-tftp')
    expect(entries.every(({ remedy }) => remedy !== '')).toBe(true)
  })
})

describe('help', () => {
  it.each(['analyze', 'run', 'messages', 'findings'])('of %s shows an example', async (command) => {
    const { exitCode, stdout } = await cli([command, '--help'])
    expect(exitCode).toBe(ExitCode.ok)
    expect(stdout).toMatch(new RegExp(`Examples:\\s+bootwire ${command}|Examples:\\s+.*bootwire`))
  })

  it('completes the values of options', async () => {
    const { stdout } = await cli(['--get-yargs-completions', 'bootwire', 'messages', 'x', '--format', ''])
    expect(stdout.trim().split('\n')).toEqual(['text', 'ndjson', 'csv'])
  })

  it('prints a completion script', async () => {
    expect((await cli(['completion'])).stdout).toContain('bootwire')
  })
})
