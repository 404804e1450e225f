import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { distinct, list } from '../wording.js'

const ZERO = '0.0.0.0'

export const dhcpAddressConflict: Rule = {
  code: 'dhcp-address-conflict',
  stage: 'dhcp',
  severity: 'error',
  states: 'another host already uses the address',
  evidence: 'ARP probe or announcement answered by another MAC',
  notConfusedWith: 'proxy ARP by the gateway for off-link addresses',
  remedy:
    'Find the host with that MAC and give it another address, or take the address out of the pool; the server should ping before it offers.',
  references: ['RFC 5227 §2.1', 'RFC 2131 §2.2'],
  restsOnAbsence: false,

  *check(session) {
    const asked = session.arp.filter(
      ({ operation, senderAddress, targetAddress, senderMac }) =>
        operation === 1 && senderMac === session.mac && (senderAddress === ZERO || senderAddress === targetAddress),
    )
    const offered = new Set(dhcpOf(session, 'offer', 'ack').flatMap(({ address }) => address ?? []))
    const answers = session.arpReplies.filter(
      ({ senderMac, senderAddress, frame }) =>
        senderMac !== session.mac &&
        offered.has(senderAddress) &&
        asked.some((probe) => probe.targetAddress === senderAddress && probe.frame.number < frame.number) &&
        // One that answers for several addresses is a gateway.
        !session.arpReplies.some((other) => other.senderMac === senderMac && other.senderAddress !== senderAddress),
    )
    const first = answers[0]
    if (first === undefined) return
    const owners = distinct(answers.map(({ senderAddress, senderMac }) => `${senderAddress} is in use by ${senderMac}`))
    const frames = answers.flatMap((answer) => [
      ...asked
        .filter((probe) => probe.targetAddress === answer.senderAddress && probe.frame.number < answer.frame.number)
        .slice(-1)
        .map(({ frame }) => frame.number),
      answer.frame.number,
    ])
    const lease = session.lease?.address
    const recovered = lease !== undefined && !answers.some(({ senderAddress }) => senderAddress === lease)
    yield {
      message: `${list(owners)}${recovered ? `; the phone then took ${lease}` : ''}`,
      frames,
      at: first.frame.time,
      ...(recovered ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}
