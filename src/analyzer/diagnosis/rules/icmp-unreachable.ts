import type { Rule } from '../rule.js'
import type { IcmpErrorObservation } from '../../streams/observations.js'
import { byServer, causesOfChoice, laterServed, saysNoService } from '../file-transfers.js'
import { count, distinct, list, serverOf } from '../wording.js'

/** RFC 792 and RFC 1812 §5.2.7.1. */
const UNREACHABLE_CODES: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
  'network unknown',
  'host unknown',
  'source host isolated',
  'network prohibited',
  'host prohibited',
  'network unreachable for this service',
  'host unreachable for this service',
  'prohibited by a filter',
]

/** A closed TFTP port is tftp-server-unreachable. */
export const icmpUnreachable: Rule = {
  code: 'icmp-unreachable',
  stage: 'reach',
  severity: 'warning',
  states: 'a router or host said the destination cannot be reached',
  evidence: "ICMP type 3 (with code) or 11 quoting the phone's packet",
  notConfusedWith: '',
  remedy:
    'The sender of the ICMP message says where the way ends: look at its routes and access lists for the address of the file server.',
  references: ['RFC 792', 'RFC 1812 §5.2.7'],
  restsOnAbsence: false,

  *check(session) {
    const touched = session.transfers.filter((transfer) => errorsOf(transfer).length > 0 && !saysNoService(transfer))
    for (const transfers of byServer(touched).values()) {
      const first = transfers[0]
      const errors = transfers.flatMap(errorsOf)
      if (first === undefined || errors[0] === undefined) continue
      yield {
        message:
          `${list(distinct(errors.map(({ from }) => from)))} said that ${serverOf(first)} cannot be reached: ` +
          `${list(distinct(errors.map(meaning)))}${errors.length > 1 ? `, ${count(errors.length, 'message')}` : ''}`,
        frames: errors.map(({ frame }) => frame.number),
        at: errors[0].frame.time,
        causes: causesOfChoice(session, first.server.address),
        changesOutcome: transfers.some(
          (transfer) => transfer.result === 'unreachable' && !laterServed(session, transfer),
        ),
      }
    }
  },
}

function errorsOf({ tftp, connection }: Parameters<typeof saysNoService>[0]): readonly IcmpErrorObservation[] {
  return (tftp?.icmpErrors ?? connection?.icmpErrors ?? []).filter(({ type }) => type === 3 || type === 11)
}

function meaning({ type, code }: IcmpErrorObservation): string {
  if (type === 11) return code === 0 ? 'time to live exceeded' : 'fragments missing'
  return UNREACHABLE_CODES[code] ?? `unreachable, code ${code}`
}
