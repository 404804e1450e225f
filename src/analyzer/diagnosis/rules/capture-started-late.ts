import type { Rule } from '../rule.js'

export const captureStartedLate: Rule = {
  code: 'capture-started-late',
  stage: 'capture',
  severity: 'info',
  states: 'the capture begins after the phone had booted or in the middle',
  evidence: 'file or registration traffic without its DHCP',
  notConfusedWith: '',
  remedy:
    'Start the capture first, then restart the phone. A capture beyond a router never shows DHCP: take another at the port of the phone.',
  references: ['RFC 2131 §3.1'],
  restsOnAbsence: false,

  *check(session) {
    const first = session.transfers[0]?.first ?? session.tcp[0]?.first
    if (session.dhcp.length > 0 || first === undefined) return
    yield {
      message: `the capture shows the phone from its file traffic on, without the DHCP before it`,
      frames: [first.number],
      at: first.time,
      changesOutcome: false,
    }
  },
}
