#!/usr/bin/env node
/**
 * The program: the process around runCli.
 */
import { reasonOf } from '../base/file-errors.js'
import { runCli } from './cli.js'
import { ExitCode } from './exit-codes.js'
import { thisMachine } from './machine.js'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of our output went away (`| head`): nothing is left to do, and nobody to tell.
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`bootwire: standard output: ${reasonOf(error)}\n`, () => process.exit(ExitCode.usage))
})
process.stderr.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? undefined : ExitCode.usage),
)

process.exitCode = await runCli(process.argv.slice(2), thisMachine(), process.env['BOOTWIRE_DEBUG'] === '1')
