/**
 * The programs in ns3/, compiled when they are first wanted or have changed, into node_modules/.cache. ns-3 is Debian's:
 * `apt-get install g++ ns3 libns3-dev`. They link ns-3 (GPL-2.0), so they stand apart and are never shipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { installed } from '../installed.js'
import type { Outcome } from './topologies.js'

const LIBRARIES = [
  'applications',
  'csma',
  'point-to-point',
  'internet-apps',
  'internet',
  'bridge',
  'traffic-control',
  'network',
  'stats',
  'core',
]

/** Optimised as Debian's ns-3 itself: assertions and logging are compiled out. */
const FLAGS = ['-O2', '-DNDEBUG', '-std=c++17']

/** Why there is nothing to compare with; undefined when there is. */
export function ns3IsMissing(): string | undefined {
  if (!installed('g++')) return 'g++ (apt-get install g++)'
  const found = spawnSync('g++', ['-std=c++17', '-x', 'c++', '-E', '-o', '/dev/null', '-'], {
    input: '#include <ns3/core-module.h>\n',
  })
  return found.status === 0 ? undefined : 'ns-3 (apt-get install ns3 libns3-dev)'
}

/** @throws Error with what the compiler or the program said */
export function runNs3(project: string, name: string, parameters: Readonly<Record<string, number | string>>): Outcome {
  const program = compiled(project, name)
  const args = Object.entries(parameters).map(([key, value]) => `--${key}=${value}`)
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with status ${status}: ${stderr}`)
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Outcome
}

function compiled(project: string, name: string): string {
  const sources = join(project, 'test/bench/ns3')
  const folder = join(project, 'node_modules/.cache/bootwire-ns3')
  const program = join(folder, name)
  const source = join(sources, `${name}.cc`)
  const isFresh =
    existsSync(program) &&
    [source, join(sources, 'meter.h'), join(sources, 'blocks.h')].every(
      (file) => statSync(file).mtimeMs < statSync(program).mtimeMs,
    )
  if (isFresh) return program
  mkdirSync(folder, { recursive: true })
  const { status, stderr } = spawnSync(
    'g++',
    [...FLAGS, source, '-o', program, ...LIBRARIES.map((library) => `-lns3-${library}`)],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`)
  return program
}
