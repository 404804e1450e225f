/**
 * The built program as a process: what only a process has. `npm test` builds it first.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inTemporaryDirectory } from './test-machine.js'

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname
const scenarios = new URL('../../scenarios/', import.meta.url).pathname
const captures = new URL('../../captures/', import.meta.url).pathname
const built = existsSync(main)
if (!built) process.stderr.write('note: dist/ is not built, the program is not tested as a process\n')

const bootwire = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8' })

describe.skipIf(!built)('dist/cli/main.js', () => {
  it('tells shells how it went', () =>
    inTemporaryDirectory(async (path) => {
      const capture = path('a.pcapng')
      expect(bootwire('run', `${scenarios}http-refused.yaml`, '--capture-file', capture).status).toBe(0)
      expect(bootwire('analyze', capture).status).toBe(1)
      const missing = bootwire('analyze', path('none.pcap'))
      expect(missing).toMatchObject({ status: 2, stdout: '', stderr: `bootwire: ${path('none.pcap')}: no such file\n` })
    }))

  it('writes nothing in colour into a pipe', () => {
    const { stdout } = bootwire('findings')
    expect(stdout).toContain('http-response-timeout')
    expect(stdout).not.toContain('\u001b')
  })

  it.skipIf(!existsSync('/dev/full'))('says in one line that its output has no room', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [main, 'findings'], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    expect({ status, stderr }).toEqual({ status: 2, stderr: 'bootwire: standard output: no space left\n' })
  })

  it('is quiet when the reader of its output goes away', async () => {
    const files = Array.from({ length: 400 }, () => `${captures}curl-nginx-put-401-then-201.pcap`)
    const child = spawn(process.execPath, [main, 'messages', ...files, '--format', 'ndjson'])
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    await new Promise((resolve) => child.once('close', resolve))
    expect(stderr).toBe('')
  })

  it('reads standard input as it arrives and reports on Ctrl-C with 130', () =>
    inTemporaryDirectory(async (path) => {
      bootwire('run', `${scenarios}1608-clean-boot.yaml`, '--capture-file', path('a.pcapng'))
      const child = spawn(process.execPath, [main, 'analyze', '-', '--format', 'json'])
      let stdout = ''
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
      const octets = readFileSync(path('a.pcapng'))
      // More than a pipe holds, in a block that readers skip: once it is written, the capture before it has been read.
      // Standard input stays open, as a live capture would.
      const filler = Buffer.alloc(512 * 1024)
      filler.writeUInt32LE(0x40000bad, 0)
      filler.writeUInt32LE(filler.length, 4)
      filler.writeUInt32LE(filler.length, filler.length - 4)
      await new Promise((resolve) => child.stdin.write(Buffer.concat([octets, filler]), resolve))
      child.kill('SIGINT')
      const status = await new Promise((resolve) => child.once('close', resolve))
      expect(status).toBe(130)
      expect(stdout).toContain('"outcome": "booted"')
    }))

  it('writes a capture that it can read back from a pipe', () =>
    inTemporaryDirectory(async (path) => {
      bootwire('run', `${scenarios}1608-clean-boot.yaml`, '--capture-file', path('a.pcapng'))
      const input = readFileSync(path('a.pcapng'))
      const piped = spawnSync(process.execPath, [main, 'analyze', '-'], { input, encoding: 'utf8' })
      expect(piped.status).toBe(0)
      expect(piped.stdout).toContain('BOOTED')
    }))

  it('runs scenarios from another directory, their files beside them', () =>
    inTemporaryDirectory(async (path) => {
      writeFileSync(path('keep'), '')
      const run = spawnSync(process.execPath, [main, 'run', `${scenarios}1608-clean-boot.yaml`], {
        cwd: path('.'),
        encoding: 'utf8',
      })
      expect(run.status).toBe(0)
      expect(existsSync(path('1608-clean-boot.pcapng'))).toBe(true)
    }))
})
