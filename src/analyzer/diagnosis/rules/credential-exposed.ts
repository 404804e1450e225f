import type { BootSession } from '../../sessions/boot-session.js'
import { header } from '../file-transfers.js'
import { assignmentsOf } from '../script-reading.js'
import type { Rule } from '../rule.js'
import { distinct, list, serverOf } from '../wording.js'

interface Exposure {
  readonly what: string
  readonly frame: number
  readonly at: number
}

export const credentialExposed: Rule = {
  code: 'credential-exposed',
  stage: 'security',
  severity: 'info',
  states: 'a password travels in clear',
  evidence: 'PROCPSWD, Basic credentials, FTP',
  notConfusedWith: '',
  remedy:
    'Whoever can capture here can read it. Set PROCPSWD in a settings file that comes by HTTPS, give backups an account that can do nothing else, and keep captures and reports of this site to yourself.',
  references: ['RFC 7617 §4', 'Avaya 4600 LAN Administrator Guide 555-233-507'],
  restsOnAbsence: false,

  *check(session) {
    const exposures = [...inOption(session), ...inFiles(session), ...inRequests(session), ...byFtp(session)]
    const first = exposures[0]
    if (first === undefined) return
    yield {
      message: `in clear on the wire: ${list(distinct(exposures.map(({ what }) => what)), 4)}`,
      frames: exposures.map(({ frame }) => frame),
      at: Math.min(...exposures.map(({ at }) => at)),
    }
  },
}

function inOption({ siteOption }: BootSession): Exposure[] {
  const value = siteOption?.parsed.values.get('PROCPSWD')?.join('') ?? ''
  if (siteOption === undefined || value === '') return []
  const { frame } = siteOption.event
  return [{ what: `PROCPSWD in option ${siteOption.number}`, frame: frame.number, at: frame.time }]
}

function inFiles(session: BootSession): Exposure[] {
  return assignmentsOf(session, 'PROCPSWD').flatMap(({ script: { path, transfer }, value }) =>
    value === '' ? [] : [{ what: `PROCPSWD in ${path}`, frame: transfer.last.number, at: transfer.end }],
  )
}

function inRequests(session: BootSession): Exposure[] {
  return session.transfers.flatMap((transfer) => {
    const authorization = header(transfer.exchange?.request?.headers ?? [], 'authorization')
    if (authorization === undefined || !/^basic\s+\S/i.test(authorization)) return []
    return [{ what: `Basic credentials for ${serverOf(transfer)}`, frame: transfer.first.number, at: transfer.start }]
  })
}

/** The 4600 backs up by FTP, whose log-in has nothing to hide behind. */
function byFtp(session: BootSession): Exposure[] {
  return session.tcp.flatMap(({ server, established, first, clientBytes }) =>
    server.port === 21 && established && clientBytes > 0
      ? [{ what: `the FTP log-in at ${server.address}`, frame: first.number, at: first.time }]
      : [],
  )
}
