import { SITE_OPTION_NUMBERS } from '../../../deskphone/series.js'
import { option } from '../../../wire/dhcp.js'
import { latin1 } from '../../../base/bytes.js'
import { dhcpOf } from '../../sessions/boot-session.js'
import type { DhcpEvent } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { distinct, list } from '../wording.js'

export const dhcpMultipleServers: Rule = {
  code: 'dhcp-multiple-servers',
  stage: 'dhcp',
  severity: 'warning',
  states: 'more than one DHCP server answers on this network',
  evidence: 'OFFERs or ACKs with different server identifiers for one xid, and their site options compared',
  notConfusedWith: 'one server behind two relays (same server identifier)',
  remedy:
    'Which server a phone gets is luck. If both are meant to be, let their options agree; if not, find the other by its MAC and let DHCP snooping keep it out.',
  references: ['RFC 2131 §4.3.1'],
  restsOnAbsence: false,

  *check(session) {
    const byXid = new Map<number, DhcpEvent[]>()
    for (const reply of dhcpOf(session, 'offer', 'ack', 'nak')) {
      if (reply.serverId === undefined) continue
      const replies = byXid.get(reply.xid)
      if (replies === undefined) byXid.set(reply.xid, [reply])
      else replies.push(reply)
    }
    const replies = [...byXid.values()]
      .filter((group) => new Set(group.map(({ serverId }) => serverId)).size > 1)
      .flat()
    const first = replies[0]
    if (first === undefined) return
    const servers = distinct(replies.flatMap(({ serverId }) => serverId ?? []))
    const told = new Set(replies.filter(({ kind }) => kind !== 'nak').map((reply) => siteOptionsOf(reply)))
    yield {
      message: `${list(servers)} all answer as DHCP servers; their site options ${told.size > 1 ? 'differ' : 'agree'}`,
      frames: replies.map(({ frame }) => frame.number),
      at: first.frame.time,
    }
  },
}

function siteOptionsOf({ observation }: DhcpEvent): string {
  return SITE_OPTION_NUMBERS.map((number) => {
    const value = option(observation.message, number)
    return value === undefined ? '' : latin1(value)
  }).join('\n')
}
