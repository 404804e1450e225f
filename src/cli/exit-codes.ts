/**
 * Exit statuses, as CI jobs rely on them.
 */
export const ExitCode = {
  /** Nothing at or above --fail-on, every expectation held. */
  ok: 0,
  /** Findings, or an expectation that failed. */
  findings: 1,
  /** Bad usage, unreadable input, bad scenario. */
  usage: 2,
  /** An empty capture, no boot session in it, or only incomplete ones: it must not pass a gate. */
  nothingToJudge: 3,
  /** A defect of bootwire itself. */
  internal: 70,
  /** Ctrl-C, after writing what is complete. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
