/**
 * What is wrong with a scenario: every problem found, each with its place, in the order of the file.
 */
import { UsageError } from '../base/errors.js'

export interface Problem {
  /** 1-based. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** As a UsageError it is its first problem. */
export class ScenarioError extends UsageError {
  readonly problems: readonly Problem[]

  /** @param problems at least one */
  constructor(file: string, problems: readonly [Problem, ...Problem[]]) {
    const [first] = problems
    super(first.message, { file, line: first.line, column: first.column })
    this.name = 'ScenarioError'
    this.problems = problems
  }

  /** One line each: `site.yaml:14:3: unknown key 'losss' in a link; did you mean 'loss'?` */
  toLines(): readonly string[] {
    return this.problems.map(({ line, column, message }) => `${this.file}:${line}:${column}: ${message}`)
  }
}
