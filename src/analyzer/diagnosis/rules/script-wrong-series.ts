import { fileName } from '../../../deskphone/roles.js'
import { seriesByScript } from '../../../deskphone/series.js'
import { formatEndpoint, obtained } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { distinct, list, serverOf } from '../wording.js'

/** That another script is there shows only where another phone of the capture gets it. */
export const scriptWrongSeries: Rule = {
  code: 'script-wrong-series',
  stage: 'files',
  severity: 'error',
  states: "the phone asked for its own series' script and the server has only another's",
  evidence: "404 for it, 200 for another's",
  notConfusedWith: '',
  remedy:
    'Copy the upgrade script of this series, and the images it names, beside the others: 46xxupgrade.scr for the 4600, 16xxupgrade.txt for the 1600, 96xxupgrade.txt for the 96x0, 96x1Hupgrade.txt for the 96x1.',
  references: ['Avaya 1600 Administrator Guide 16-601443', 'Avaya 4600 LAN Administrator Guide 555-233-507'],
  restsOnAbsence: false,

  *check(session) {
    if (!session.isAvaya || obtained(session, 'script')) return
    const missing = session.transfers.filter(({ role, result }) => role === 'script' && result === 'not-found')
    const first = missing[0]
    if (first === undefined) return
    const own = seriesByScript(fileName(first.path))?.name
    const servers = new Set(missing.map(({ server }) => formatEndpoint(server)))
    const there = session.site.scripts.filter(({ server }) => servers.has(server))
    if (there.length === 0 || there.some(({ series, file }) => series === own || file === first.file)) return
    yield {
      message:
        `${list(distinct(missing.map(serverOf)))} does not have ${list(distinct(missing.map(({ path }) => path)))}, ` +
        `and gave ${list(distinct(there.map(({ path }) => path)))} to phones of another series`,
      frames: [
        ...missing.flatMap(({ first: request, last }) => [request.number, last.number]),
        ...there.map(({ frame }) => frame.number),
      ],
      at: first.end,
      causes: [first.protocol === 'tftp' ? 'tftp-file-not-found' : 'http-not-found'],
    }
  },
}
