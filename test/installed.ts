import { spawnSync } from 'node:child_process'

/** Whether a program is on the PATH. Tests with real peers skip, and say so, where the peer is missing. */
export function installed(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0
}
