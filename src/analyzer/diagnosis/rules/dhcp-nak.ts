import { OptionCode, textOption } from '../../../wire/dhcp.js'
import type { DhcpEvent, DhcpKind } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { count, distinct, list } from '../wording.js'

const REQUESTS: ReadonlySet<DhcpKind> = new Set<DhcpKind>(['selecting', 'init-reboot', 'renewing', 'rebinding'])

export const dhcpNak: Rule = {
  code: 'dhcp-nak',
  stage: 'dhcp',
  severity: 'warning',
  states: 'a server refused the address',
  evidence: "NAK for the phone's xid from the server it selected, or in INIT-REBOOT, RENEWING or REBINDING",
  notConfusedWith: 'a NAK from a server that was not selected (dhcp-multiple-servers)',
  remedy:
    'One NAK after a move to another subnet is normal. Repeated ones mean that two servers or scopes disagree: make one authoritative, and check the scope of the VLAN the phone is on.',
  references: ['RFC 2131 §4.3.2'],
  restsOnAbsence: false,

  *check(session) {
    const pairs: { nak: DhcpEvent; request: DhcpEvent }[] = []
    const lastRequest = new Map<number, DhcpEvent>()
    for (const event of session.dhcp) {
      if (REQUESTS.has(event.kind)) lastRequest.set(event.xid, event)
      if (event.kind !== 'nak') continue
      const nak = event
      const request = lastRequest.get(nak.xid)
      if (request === undefined) continue
      if (request.kind === 'selecting' && nak.serverId !== undefined && nak.serverId !== request.serverId) continue
      pairs.push({ nak, request })
    }
    const first = pairs[0]
    if (first === undefined) return
    const servers = distinct(pairs.map(({ nak }) => nak.serverId ?? 'a server without identifier'))
    const addresses = distinct(pairs.map(({ request }) => request.address ?? 'no address'))
    const reason = textOption(first.nak.observation.message, OptionCode.message)
    yield {
      message:
        `${list(servers)} refused ${list(addresses)}: ${count(pairs.length, 'NAK')} to a request in ` +
        `${list(distinct(pairs.map(({ request }) => request.kind.toUpperCase())))}` +
        (reason === undefined || reason === '' ? '' : ` ("${reason}")`) +
        (session.lease?.address === undefined
          ? ', and no lease after it'
          : `, then a lease for ${session.lease.address}`),
      frames: pairs.flatMap(({ nak, request }) => [request.frame.number, nak.frame.number]),
      at: first.nak.frame.time,
      // A phone that is up and loses its address begins a boot of its own.
      changesOutcome:
        session.lease === undefined &&
        pairs.some(({ request }) => request.kind === 'selecting' || request.kind === 'init-reboot'),
    }
  },
}
