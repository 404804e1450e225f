/**
 * Network namespaces of Linux for tests: machines of their own inside this one, with the kernel's stack and real programs.
 * Nothing leaves them: they have no interfaces but those that a test puts there.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { installed } from '../installed.js'

/** What is missing on this machine for tests with namespaces and TAP devices; undefined when nothing is. */
export function missingForNamespaces(...programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'Linux'
  if (process.getuid?.() !== 0) return 'root'
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun'
  if (!installed('ip')) return 'ip (iproute2)'
  if (spawnSync('unshare', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return 'the right to make namespaces'
  try {
    createRequire(import.meta.url).resolve('koffi')
  } catch {
    return 'koffi'
  }
  return programs.find((program) => !installed(program))
}

/** Says on standard error why tests are skipped. @returns whether they can run */
export function canRun(what: string, ...programs: readonly string[]): boolean {
  const missing = missingForNamespaces(...programs)
  if (missing !== undefined) process.stderr.write(`skipped, ${missing} is missing: ${what}\n`)
  return missing === undefined
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

let count = 0

export class Namespace {
  readonly name: string
  readonly #children = new Set<ChildProcess>()

  constructor(label: string) {
    this.name = `bw-${process.pid}-${count++}-${label}`
    command('ip', 'netns', 'add', this.name)
    this.ip('link', 'set', 'lo', 'up')
  }

  /** `ip` in this namespace. @throws Error when it fails */
  ip(...words: readonly string[]): string {
    return command('ip', '-n', this.name, ...words)
  }

  /** Takes over an interface of this process's own namespace, and gives it an address with its prefix length. */
  adopt(device: string, ...addresses: readonly string[]): void {
    command('ip', 'link', 'set', device, 'netns', this.name)
    this.ip('link', 'set', device, 'up')
    for (const address of addresses) this.ip('addr', 'add', address, 'dev', device)
  }

  /** A program in this namespace, still running. It is ended with the namespace. */
  start(program: string, ...words: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  /** A program in this namespace, to its end. */
  run(program: string, ...words: readonly string[]): Promise<Outcome> {
    return outcomeOf(this.start(program, ...words))
  }

  /** A line for the shell. */
  shell(line: string): Promise<Outcome> {
    return this.run('sh', '-c', line)
  }

  /** Waits until something listens on a port. */
  async listening(protocol: 'tcp' | 'udp', port: number): Promise<void> {
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    for (let tries = 0; tries < 200; tries++) {
      const { stdout } = await this.run('cat', `/proc/net/${protocol}`, `/proc/net/${protocol}6`)
      const state = protocol === 'tcp' ? '0A' : '07'
      if (new RegExp(`:${hex} [0-9A-F]+:0000 ${state} `).test(stdout)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`nothing listens on ${protocol} ${port}`)
  }

  async close(): Promise<void> {
    const ended = [...this.#children].map((child) => new Promise((resolve) => child.once('exit', resolve)))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(ended)
    // What a program of ours left behind in the namespace, as daemons do.
    const { stdout } = spawnSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' })
    for (const pid of stdout.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It ended by itself meanwhile.
      }
    }
    command('ip', 'netns', 'del', this.name)
  }
}

export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('latin1').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('latin1').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
}

/** @throws Error with what it said */
export function command(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr.trim()}`)
  return stdout
}

/** A name for an interface that no other test process uses. */
export function deviceName(label: string): string {
  return `bw${(process.pid % 100_000).toString(36)}${(count++).toString(36)}${label}`.slice(0, 15)
}
