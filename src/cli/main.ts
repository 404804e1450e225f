#!/usr/bin/env node
/**
 * The program: the process around runCli.
 */
import { runCli } from './cli.js'
import { thisMachine } from './machine.js'

// The reader of our output went away (`| head`): nothing is left to do, and nobody to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

process.exitCode = await runCli(process.argv.slice(2), thisMachine(), process.env['BOOTWIRE_DEBUG'] === '1')
