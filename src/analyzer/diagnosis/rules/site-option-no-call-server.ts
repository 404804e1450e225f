import { OptionCode, option } from '../../../wire/dhcp.js'
import { registered } from '../../sessions/boot-session.js'
import { readScriptsOf } from '../script-reading.js'
import type { Rule } from '../rule.js'
import { list } from '../wording.js'

/** Of SIP sets too, which read the same files. */
const CALL_SERVER_NAMES: ReadonlySet<string> = new Set([
  'MCIPADD',
  'NVMCIPADD',
  'SIP_CONTROLLER_LIST',
  'SIPPROXYSRVR',
  'SIPREGISTRAR',
])

export const siteOptionNoCallServer: Rule = {
  code: 'site-option-no-call-server',
  stage: 'site-option',
  severity: 'warning',
  states: 'nothing names a call server',
  evidence: 'no MCIPADD in the option nor later in the settings file',
  notConfusedWith: 'a settings file that is not visible',
  remedy: 'Add MCIPADD=address to the site-specific option, or SET MCIPADD address to the settings file.',
  references: ['Avaya 1600 Administrator Guide 16-601443, DHCP', 'Avaya 4600 LAN Administrator Guide 555-233-507'],
  restsOnAbsence: true,

  *check(session) {
    const { lease, siteOption } = session
    if (!session.isAvaya || lease === undefined || session.quality.oneSided || registered(session)) return
    const settings = session.scripts.filter(({ transfer }) => transfer.role === 'settings')
    const last = settings.at(-1)
    if (last === undefined) return
    // A file that came and cannot be read may name one.
    const visible = new Set(session.scripts.map(({ transfer }) => transfer))
    const hidden = session.transfers.some(
      (transfer) =>
        (transfer.role === 'settings' || transfer.role === 'script') &&
        transfer.result === 'ok' &&
        !visible.has(transfer),
    )
    if (hidden) return
    const inOption = [...(siteOption?.parsed.values ?? [])].some(
      ([name, values]) => CALL_SERVER_NAMES.has(name) && values.some((value) => value !== '' && value !== '0.0.0.0'),
    )
    if (inOption || session.siteOption?.parsed.problems.some(({ nearest }) => nearest === 'MCIPADD')) return
    // Any line will do, whichever branch it is on: the model is often not known.
    const inFiles = readScriptsOf(session).some(({ lines }) =>
      lines.some(({ line }) => line.kind === 'set' && CALL_SERVER_NAMES.has(line.name) && line.value !== ''),
    )
    if (inFiles) return
    const { message } = lease.observation
    if (option(message, OptionCode.vendorSpecific) !== undefined) return
    yield {
      message:
        `nothing names a call server: no MCIPADD in ${siteOption === undefined ? 'the lease' : `option ${siteOption.number}`} ` +
        `nor in ${list(session.scripts.map(({ path }) => path))}`,
      frames: [lease.frame.number, ...session.scripts.map(({ transfer }) => transfer.last.number)],
      at: last.transfer.end,
      causes: ['site-option-missing', 'site-option-wrong-number', 'site-option-malformed', 'site-option-truncated'],
    }
  },
}
