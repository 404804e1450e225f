import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { thisMachine } from '../../src/cli/machine.js'
import type { Machine } from '../../src/cli/machine.js'
import { runCli } from '../../src/cli/cli.js'

const real = thisMachine()

export interface CliResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, with the real files and its own streams. */
export async function cli(argv: readonly string[], over: Partial<Machine> = {}): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  const machine: Machine = {
    ...real,
    out: (text) => {
      stdout += text
      return Promise.resolve()
    },
    note: (text) => {
      stderr += text
    },
    color: false,
    interactive: false,
    ...over,
  }
  const exitCode = await runCli(argv, machine, true)
  return { exitCode, stdout, stderr }
}

/** A directory of its own, gone when the test is over. */
export async function inTemporaryDirectory<T>(run: (path: (name: string) => string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bootwire-test-'))
  try {
    return await run((name) => join(directory, name))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
