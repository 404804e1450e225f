import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { count } from '../wording.js'

/** The phone takes the status for success, and finds no line in the page that it understands. */
export const httpHtmlErrorPage: Rule = {
  code: 'http-html-error-page',
  stage: 'file-server',
  severity: 'error',
  states: 'an HTML page came with status 200 in place of the file',
  evidence: 'body begins with a doctype or html tag',
  notConfusedWith: '',
  remedy:
    'Something answers in place of the file server: a log-in portal, a proxy, or a site that shows its own page for what it does not have. Except the phones from it, and let a missing file be answered with 404.',
  references: ['RFC 9110 §15.3.1'],
  restsOnAbsence: false,

  *check(session) {
    const pages = session.transfers.filter(({ protocol, isPage }) => protocol === 'http' && isPage)
    yield* failuresByServer(session, pages, (server, transfers) => {
      const octets = transfers.reduce((sum, { bytes }) => sum + bytes, 0)
      return `${server} answered ${requestsOf(transfers)} with a web page (status 200, ${count(octets, 'octet')} of HTML)`
    })
  },
}
