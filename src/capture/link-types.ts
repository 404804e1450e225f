/**
 * What the first octets of a captured frame are: the LINKTYPE numbers of https://www.tcpdump.org/linktypes.html, as
 * pcap and pcapng files carry them. Names are ours where several are in use (`raw-ipv4`, `bsd-null`), tcpdump's otherwise.
 *
 * Not here: how to find the IP packet in a frame. That is the reader's business (wire/, analyzer/dissect/).
 */

/** The link types that carry a phone's traffic and are understood. */
export const LinkType = {
  bsdNull: 0, // address family in the capturing host's byte order
  ethernet: 1,
  rawBsd: 12, // DLT_RAW of most BSDs, which some programs write as it is
  rawOpenBsd: 14, // DLT_RAW of OpenBSD, likewise
  raw: 101, // IPv4 or IPv6, by the version field
  bsdLoop: 108, // as bsdNull, in network byte order
  linuxSll: 113, // Linux cooked capture, version 1
  rawIpv4: 228,
  rawIpv6: 229,
  linuxSll2: 276, // Linux cooked capture, version 2
} as const

const NAMES: ReadonlyMap<number, string> = new Map([
  [LinkType.bsdNull, 'bsd-null'],
  [LinkType.ethernet, 'ethernet'],
  [LinkType.rawBsd, 'raw-ip'],
  [LinkType.rawOpenBsd, 'raw-ip'],
  [LinkType.raw, 'raw-ip'],
  [LinkType.bsdLoop, 'bsd-loop'],
  [LinkType.linuxSll, 'linux-sll'],
  [LinkType.rawIpv4, 'raw-ipv4'],
  [LinkType.rawIpv6, 'raw-ipv6'],
  [LinkType.linuxSll2, 'linux-sll2'],
  [3, 'ax25'],
  [6, 'token-ring'],
  [7, 'arcnet-bsd'],
  [8, 'slip'],
  [9, 'ppp'],
  [10, 'fddi'],
  [50, 'ppp-hdlc'],
  [51, 'ppp-ether'],
  [99, 'symantec-firewall'],
  [100, 'atm-rfc1483'],
  [104, 'cisco-hdlc'],
  [105, 'ieee-802.11'],
  [107, 'frame-relay'],
  [109, 'openbsd-enc'],
  [114, 'localtalk'],
  [117, 'pflog'],
  [119, 'ieee-802.11-prism'],
  [122, 'ip-over-fc'],
  [123, 'sunatm'],
  [127, 'ieee-802.11-radiotap'],
  [129, 'arcnet-linux'],
  [138, 'apple-ip-over-ieee1394'],
  [139, 'mtp2-with-phdr'],
  [140, 'mtp2'],
  [141, 'mtp3'],
  [142, 'sccp'],
  [143, 'docsis'],
  [144, 'linux-irda'],
  [163, 'ieee-802.11-avs'],
  [166, 'ppp-pppd'],
  [177, 'linux-lapd'],
  [187, 'bluetooth-hci-h4'],
  [189, 'usb-linux'],
  [192, 'ppi'],
  [195, 'ieee-802.15.4-withfcs'],
  [197, 'erf'],
  [201, 'bluetooth-hci-h4-with-phdr'],
  [203, 'lapd'],
  [204, 'ppp-with-dir'],
  [205, 'cisco-hdlc-with-dir'],
  [206, 'frame-relay-with-dir'],
  [209, 'ipmb-linux'],
  [215, 'ieee-802.15.4-nonask-phy'],
  [220, 'usb-linux-mmapped'],
  [224, 'fc-2'],
  [225, 'fc-2-with-frame-delims'],
  [226, 'ipnet'],
  [227, 'can-socketcan'],
  [230, 'ieee-802.15.4-nofcs'],
  [231, 'dbus'],
  [235, 'dvb-ci'],
  [239, 'nflog'],
  [240, 'netanalyzer'],
  [241, 'netanalyzer-transparent'],
  [242, 'ipoib'],
  [243, 'mpeg-2-ts'],
  [247, 'infiniband'],
  [248, 'sctp'],
  [249, 'usbpcap'],
  [250, 'rtac-serial'],
  [251, 'bluetooth-le-ll'],
  [252, 'wireshark-upper-pdu'],
  [253, 'netlink'],
  [258, 'pktap'],
  [266, 'usb-darwin'],
  [271, 'vsock'],
  [272, 'nordic-ble'],
  [273, 'docsis31-xra31'],
  [274, 'ethernet-mpacket'],
  [283, 'ieee-802.15.4-tap'],
  [288, 'usb-2.0'],
])

/** `ethernet`, `linux-sll2` ..., or `link-type-147` for one that has no name here. */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? `link-type-${linkType}`
}
