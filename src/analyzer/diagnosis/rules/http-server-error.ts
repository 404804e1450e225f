import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, isOptional, laterSuccess } from '../file-transfers.js'
import { asked, distinct, list, serverOf } from '../wording.js'

export const httpServerError: Rule = {
  code: 'http-server-error',
  stage: 'file-server',
  severity: 'error',
  states: 'the server failed',
  evidence: '5xx',
  notConfusedWith: '',
  remedy:
    "Read the HTTP server's error log for this time. 503 while many phones restart means too few workers: raise the limit, or stagger the restarts.",
  references: ['RFC 9110 §15.6'],
  restsOnAbsence: false,

  *check(session) {
    const failed = session.transfers.filter(({ protocol, status }) => protocol === 'http' && (status ?? 0) >= 500)
    for (const answers of byServer(failed).values()) {
      const first = answers[0]
      if (first === undefined) continue
      const recovered = answers.every((transfer) => laterSuccess(session, transfer) !== undefined)
      const optional = answers.every(({ role }) => isOptional(role))
      const statuses = distinct(
        answers.map(({ status, exchange }) => `${status} ${exchange?.response?.reason ?? ''}`.trim()),
      )
      yield {
        message:
          `${serverOf(first)} failed on ${list(distinct(answers.map(asked)))}: status ${list(statuses)}` +
          `${answers.length > 1 ? `, ${answers.length} times` : ''}${recovered ? '; it succeeded later' : ''}`,
        frames: answers.flatMap(({ first: request, last }) => [request.number, last.number]),
        at: first.start,
        causes: causesOfChoice(session, first.server.address),
        ...(recovered || optional ? { severity: 'warning', changesOutcome: !recovered } : {}),
      }
    }
  },
}
