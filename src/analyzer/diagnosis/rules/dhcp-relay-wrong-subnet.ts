import { OptionCode, addressOption, option, relayAgentInformation } from '../../../wire/dhcp.js'
import type { DhcpMessage } from '../../../wire/dhcp.js'
import { formatAddress } from '../../../wire/ipv4.js'
import { arrived } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'

/** RFC 3527 and RFC 3011: the client's subnet is told apart from the relay's address. */
const LINK_SELECTION = 5
const SUBNET_SELECTION = 118

export const dhcpRelayWrongSubnet: Rule = {
  code: 'dhcp-relay-wrong-subnet',
  stage: 'dhcp',
  severity: 'error',
  states: "the relay's address and the leased address are on different subnets",
  evidence: 'giaddr against yiaddr under option 1',
  notConfusedWith: 'RFC 3527 link selection',
  remedy:
    'Give the DHCP server a scope for the subnet of the relay, and see that the helper address is configured on the interface of the VLAN that the phone is on.',
  references: ['RFC 2131 §4.1', 'RFC 3527'],
  restsOnAbsence: false,

  *check(session) {
    const wrong = session.dhcp.filter(
      ({ kind, observation }) => (kind === 'offer' || kind === 'ack') && isElsewhere(observation.message),
    )
    const event = wrong.find(({ kind }) => kind === 'ack') ?? wrong[0]
    if (event === undefined) return
    // Several subnets on one link are configured so on purpose: the phone then reaches what it wants.
    const works = session.transfers.some(arrived)
    const { giaddr, yiaddr } = event.observation.message
    const mask = addressOption(event.observation.message, OptionCode.subnetMask) ?? 0
    yield {
      message:
        `the relay ${formatAddress(giaddr)} serves another subnet than that of the address ${formatAddress(yiaddr)} ` +
        `(mask ${formatAddress(mask)})` +
        (works ? '; the phone reaches its servers all the same, so both may be on one link on purpose' : ''),
      frames: wrong.map(({ frame }) => frame.number),
      at: wrong[0]!.frame.time,
      ...(works ? { severity: 'warning', changesOutcome: false } : {}),
      ...(event.kind === 'offer' ? { confidence: 'likely' } : {}),
    }
  },
}

function isElsewhere(message: DhcpMessage): boolean {
  const mask = addressOption(message, OptionCode.subnetMask)
  if (message.giaddr === 0 || message.yiaddr === 0 || mask === undefined || mask === 0) return false
  if (option(message, SUBNET_SELECTION) !== undefined) return false
  const isSelected = relayAgentInformation(message)?.subOptions.some(({ code }) => code === LINK_SELECTION)
  return isSelected !== true && ((message.giaddr ^ message.yiaddr) & mask) !== 0
}
