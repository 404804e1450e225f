/**
 * Single frames of public captures, as octets in hexadecimal, for the tests of the codecs. Each names the capture it is
 * from and its frame number there, or the program that sent it.
 */
import { fromHex } from '../../src/base/bytes.js'

/** Who has 192.168.2.2, by 192.168.2.100: mercury-emix-pxe-frames2344-2818.pcap, frame 7. */
export const ARP_REQUEST = fromHex(`
  ff ff ff ff ff ff de ad be ef 02 00 08 06 00 01 08 00 06 04 00 01 de ad be ef 02 00 c0 a8 02 64
  00 00 00 00 00 00 c0 a8 02 02
`)

/** Its answer: mercury-emix-pxe-frames2344-2818.pcap, frame 8. */
export const ARP_REPLY = fromHex(`
  de ad be ef 02 00 de ad be ef 01 00 08 06 00 01 08 00 06 04 00 02 de ad be ef 01 00 c0 a8 02 02
  de ad be ef 02 00 c0 a8 02 64
`)

/** Of a PXE client, options up to 97: mercury-emix-pxe-frames2344-2818.pcap, frame 1. */
export const DHCP_DISCOVER = fromHex(`
  ff ff ff ff ff ff de ad be ef 02 00 08 00 45 00 01 a7 01 00 00 00 40 11 78 47 00 00 00 00 ff ff
  ff ff 00 44 00 43 01 93 59 2a 01 01 06 00 4f 3d 62 10 00 04 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 de ad be ef 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 82 53 63 35 01 01 39 02 05
  c0 5d 02 00 00 5e 03 01 02 01 3c 20 50 58 45 43 6c 69 65 6e 74 3a 41 72 63 68 3a 30 30 30 30 30
  3a 55 4e 44 49 3a 30 30 32 30 30 31 4d 04 69 50 58 45 37 15 01 03 06 07 0c 0f 11 2b 3c 42 43 80
  81 82 83 84 85 86 87 af cb af 2d b1 05 01 80 86 10 0e 18 01 01 22 01 01 19 01 01 21 01 01 eb 03
  01 00 00 11 01 01 13 01 01 17 01 01 15 01 01 27 01 01 10 01 02 12 01 01 3d 07 01 de ad be ef 02
  00 61 11 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff
`)

/** Lease times, server name: packetlife-DHCP.cap, frame 4. */
export const DHCP_ACK = fromHex(`
  ff ff ff ff ff ff cc 01 0a c4 00 00 08 00 45 00 01 48 00 03 00 00 ff 11 f9 f8 c0 a8 00 01 ff ff
  ff ff 00 43 00 44 01 34 8c 58 02 01 06 00 00 00 15 5c 00 00 80 00 00 00 00 00 c0 a8 00 03 00 00
  00 00 00 00 00 00 cc 00 0a c4 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 82 53 63 35 01 05 36 04 c0
  a8 00 01 33 04 00 00 00 3c 3a 04 00 00 00 1e 3b 04 00 00 00 34 0c 02 52 30 01 04 ff ff ff 00 03
  04 c0 a8 00 01 06 08 c0 a8 00 01 c0 a8 01 01 ff 00 00 00 00 00 00
`)

/** Option 43 and many others: zeek-dhcp.pcap, frame 2. */
export const DHCP_OFFER = fromHex(`
  90 b1 1c 99 49 29 00 0c 29 40 0e ef 08 00 45 10 01 8b 00 00 00 00 80 11 2c 55 80 02 06 98 80 02
  06 61 00 43 00 44 01 77 03 01 02 01 06 00 00 00 07 c0 00 00 00 00 00 00 00 00 80 02 06 61 ac 13
  e6 07 00 00 00 00 90 b1 1c 99 49 29 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 82 53 63 35 01 02 36 04 80
  02 06 98 33 04 00 00 03 84 01 04 ff ff ff 00 03 04 80 02 06 01 06 08 80 02 01 0b 80 02 01 0a 04
  08 80 02 01 14 80 02 01 15 43 0d 6e 65 74 77 6f 72 6b 2d 63 6f 6e 66 67 1c 04 80 02 06 ff 2a 0c
  80 02 01 14 80 02 01 15 80 02 01 16 2b 0b 31 37 32 2e 31 38 2e 36 2e 33 37 3c 07 41 72 75 62 61
  41 50 2c 08 80 02 68 1d 80 02 68 1e 2e 01 02 0f 07 63 6d 75 2e 65 64 75 ff
`)

/** Options in sname and file: suricata-dhcp-option-52-overload-both-input.pcap, frame 1. */
export const DHCP_OVERLOAD = fromHex(`
  ff ff ff ff ff ff 00 00 6c 82 dc 4e 08 00 45 00 01 36 53 d2 40 00 20 11 05 e6 00 00 00 00 ff ff
  ff ff 00 44 00 43 01 22 8e 67 01 01 06 00 ac 2e ff ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 6c 82 dc 4e 00 00 00 00 00 00 00 00 00 00 38 14 73 6e 61 6d 65 20 66 69
  65 6c 64 20 6f 76 65 72 6c 6f 61 64 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 38 18 66 69 6c 65 20 6e 61 6d
  65 20 66 69 65 6c 64 20 6f 76 65 72 6c 6f 61 64 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 82 53 63 35 01 01 39 02 02
  4e 37 04 01 1c 03 2b 33 04 00 00 0e 10 34 01 03 38 07 50 61 64 64 69 6e 67 00 3d 07 01 00 00 6c
  82 dc 4e ff
`)

/** With blksize and tsize: mercury-emix-pxe-frames2344-2818.pcap, frame 9. */
export const TFTP_RRQ = fromHex(`
  de ad be ef 01 00 de ad be ef 02 00 08 00 45 00 00 44 04 03 00 00 40 11 f0 ef c0 a8 02 64 c0 a8
  02 02 04 00 00 45 00 30 95 4e 00 01 70 78 65 6c 69 6e 75 78 2e 30 00 6f 63 74 65 74 00 62 6c 6b
  73 69 7a 65 00 31 34 33 32 00 74 73 69 7a 65 00 30 00
`)

/** The answer to it: mercury-emix-pxe-frames2344-2818.pcap, frame 10. */
export const TFTP_OACK = fromHex(`
  de ad be ef 02 00 de ad be ef 01 00 08 00 45 00 00 37 92 4f 00 00 40 11 62 b0 c0 a8 02 02 c0 a8
  02 64 a6 40 04 00 00 23 76 08 00 06 62 6c 6b 73 69 7a 65 00 31 34 33 32 00 74 73 69 7a 65 00 34
  36 35 34 35 00
`)

/** Of block 0: mercury-emix-pxe-frames2344-2818.pcap, frame 11. */
export const TFTP_ACK = fromHex(`
  de ad be ef 01 00 de ad be ef 02 00 08 00 45 00 00 20 05 05 00 00 40 11 f0 11 c0 a8 02 64 c0 a8
  02 02 04 00 a6 40 00 0c cf da 00 04 00 00
`)

/** File not found: mercury-emix-pxe-frames2344-2818.pcap, frame 256. */
export const TFTP_ERROR = fromHex(`
  de ad be ef 02 00 de ad be ef 01 00 08 00 45 00 00 2f 92 d9 00 00 40 11 62 2e c0 a8 02 02 c0 a8
  02 64 e4 80 c0 01 00 1b 94 c7 00 05 00 01 46 69 6c 65 20 4e 6f 74 20 46 6f 75 6e 64 00
`)

/** The last block of a file: ndpi-tftp.pcap, frame 100. */
export const TFTP_DATA = fromHex(`
  00 0b be 18 9a 40 00 50 8d d7 8b 43 08 00 45 00 00 37 93 5d 00 00 80 11 25 01 c0 a8 00 0a c0 a8
  00 fd 0d 75 c5 ba 00 23 2d 18 00 03 00 31 20 20 20 20 20 20 20 20 20 20 20 20 5b 50 61 67 65 20
  31 31 5d 0a 0c
`)

/** The magic cookie is not in its place: tcpdump-dhcp-rfc4388.pcap, frame 43. */
export const BOOTP_REQUEST = fromHex(`
  a6 82 4b c9 a1 a7 74 83 ef 07 d0 a9 08 00 45 00 01 36 00 00 00 00 40 11 62 6e 0a 1e 01 01 0a 28
  02 03 00 43 00 43 01 22 00 00 01 01 06 01 00 00 00 01 00 00 00 00 00 a1 e0 40 40 00 00 00 00 00
  00 00 0a 1e 01 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 82 53 63 35 01 0a ff 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
`)

/** The router alert option: iot-Lightify-Setup-C-10-STA.pcap, frame 10. */
export const IGMP_REPORT = fromHex(`
  01 00 5e 00 00 01 84 18 26 7b 5f 6b 08 00 46 00 00 20 00 0e 00 00 01 02 30 4d 0a 0a 0a 72 e0 00
  00 01 94 04 00 00 16 00 09 fe e0 00 00 01
`)

/** Quotes a UDP header: mercury-emix-pxe-frames2344-2818.pcap, frame 449. */
export const ICMP_PORT_UNREACHABLE = fromHex(`
  de ad be ef 02 00 de ad be ef 01 00 08 00 45 00 00 38 fa 08 00 00 40 01 fb 05 c0 a8 02 02 c0 a8
  02 64 03 03 82 d5 00 00 00 00 45 00 00 20 e0 09 00 00 40 11 15 0d c0 a8 02 64 c0 a8 02 02 c0 0f
  fe a0 00 0c bb 6a
`)

/** MSS, SACK permitted, timestamps, window scale: packetlife-HTTP.cap, frame 1. */
export const TCP_SYN = fromHex(`
  00 26 62 2f 47 87 00 1d 60 b3 01 84 08 00 45 00 00 3c cb 5b 40 00 40 06 28 e4 c0 a8 01 8c ae 8f
  d5 b8 e1 4e 00 50 8e 50 19 01 00 00 00 00 a0 02 16 d0 8f 47 00 00 02 04 05 b4 04 02 08 0a 00 21
  d2 5a 00 00 00 00 01 03 03 07
`)

/** The answer to it: packetlife-HTTP.cap, frame 2. */
export const TCP_SYN_ACK = fromHex(`
  00 1d 60 b3 01 84 00 26 62 2f 47 87 08 00 45 00 00 3c 00 00 40 00 fb 06 39 3f ae 8f d5 b8 c0 a8
  01 8c 00 50 e1 4e c7 52 9d 88 8e 50 19 02 a0 12 16 a0 3e 7c 00 00 02 04 05 b4 04 02 08 0a 31 c7
  ba 48 00 21 d2 5a 01 03 03 06
`)

/** Two SACK blocks: suricata-http-protocol-nodup-input.pcap, frame 30. */
export const TCP_SACK = fromHex(`
  38 97 d6 b0 61 d6 18 87 0e 27 48 df 08 00 45 04 00 48 d4 8b 40 00 30 06 f8 8d df 48 27 0e c0 a8
  b6 93 09 f1 00 50 5a 7a fe 62 25 94 e6 c9 d0 10 01 e8 89 99 00 00 01 01 08 0a e2 a4 4a a3 ef 57
  0b 67 01 01 05 12 25 94 f2 09 25 94 f7 a9 25 94 fd 49 25 95 02 af
`)

/** Three tags, then IPv4 and TCP: zeek-vlan-qinqinq.pcap, frame 2. */
export const TAGGED = fromHex(`
  c8 bc c8 96 d2 a0 00 10 db 88 d2 ef 81 00 00 1e 81 00 00 14 81 00 00 0a 08 00 45 00 00 3c 00 00
  40 00 2f 06 5e 66 c0 96 bb 2b 8d 8e e4 05 00 50 e9 d0 a5 af ce 3e fe 21 32 3b a0 12 38 90 2e 50
  00 00 02 04 05 b4 04 02 08 0a 2f 89 42 59 16 4a dd 20 01 03 03 07
`)

/** Linux cooked capture, on the loopback interface: pcpp-sll.pcap, frame 2. */
export const COOKED_V1 = fromHex(`
  00 00 03 04 00 06 00 00 00 00 00 00 00 00 08 00 45 00 00 3e d4 e5 40 00 40 11 67 c7 7f 00 00 01
  7f 00 00 01 c2 3d 00 35 00 2a fe 3d 61 ef 01 00 00 01 00 00 00 00 00 00 05 64 61 69 73 79 06 75
  62 75 6e 74 75 03 63 6f 6d 00 00 01 00 01
`)

/** Linux cooked capture version 2: zeek-linux_dlt_sll2.pcap, frame 1. */
export const COOKED_V2 = fromHex(`
  08 00 00 00 00 00 00 01 03 04 00 06 00 00 00 00 00 00 00 00 45 00 00 54 af 8c 40 00 40 01 07 1a
  c0 00 02 01 c0 00 02 01 08 00 66 b4 00 08 00 01 e9 bd f9 62 00 00 00 00 e2 4e 0d 00 00 00 00 00
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f
  30 31 32 33 34 35 36 37
`)

/** BSD loopback, IPv4: pcpp-null_loopback.pcap, frame 2. */
export const LOOPBACK = fromHex(`
  02 00 00 00 45 00 00 2c c1 69 00 00 40 11 5d c3 ac 10 01 75 ac 10 01 ff d8 49 21 a4 00 18 17 ae
  42 4a 4e 42 02 01 00 00 00 00 00 00 00 00 00 00
`)

/** A Catalyst 3560 with VLAN and MAC/PHY TLVs: packetlife-LLDP_and_CDP.cap, frame 3. */
export const LLDP_SWITCH = fromHex(`
  01 80 c2 00 00 0e 00 19 2f a7 b2 8d 88 cc 02 07 04 00 19 2f a7 b2 8d 04 0d 01 55 70 6c 69 6e 6b
  20 74 6f 20 53 31 06 02 00 78 0a 0c 53 32 2e 63 69 73 63 6f 2e 63 6f 6d 0c be 43 69 73 63 6f 20
  49 4f 53 20 53 6f 66 74 77 61 72 65 2c 20 43 33 35 36 30 20 53 6f 66 74 77 61 72 65 20 28 43 33
  35 36 30 2d 41 44 56 49 50 53 45 52 56 49 43 45 53 4b 39 2d 4d 29 2c 20 56 65 72 73 69 6f 6e 20
  31 32 2e 32 28 34 34 29 53 45 2c 20 52 45 4c 45 41 53 45 20 53 4f 46 54 57 41 52 45 20 28 66 63
  31 29 0a 43 6f 70 79 72 69 67 68 74 20 28 63 29 20 31 39 38 36 2d 32 30 30 38 20 62 79 20 43 69
  73 63 6f 20 53 79 73 74 65 6d 73 2c 20 49 6e 63 2e 0a 43 6f 6d 70 69 6c 65 64 20 53 61 74 20 30
  35 2d 4a 61 6e 2d 30 38 20 30 30 3a 31 35 20 62 79 20 77 65 69 6c 69 75 08 13 47 69 67 61 62 69
  74 45 74 68 65 72 6e 65 74 30 2f 31 33 0e 04 00 14 00 04 fe 06 00 80 c2 01 00 01 fe 09 00 12 0f
  01 03 c0 36 00 10 00 00
`)

/** lldpd 1.0.16 with an LLDP-MED voice policy and TLVs of OUI 00-40-0D, recorded between two network namespaces. */
export const LLDP_MED = fromHex(`
  01 80 c2 00 00 0e c6 2f 9d db 65 3c 88 cc 02 07 04 c6 2f 9d db 65 3c 04 07 03 c6 2f 9d db 65 3c
  06 02 00 78 0a 02 76 6d 0c 55 44 65 62 69 61 6e 20 47 4e 55 2f 4c 69 6e 75 78 20 31 32 20 28 62
  6f 6f 6b 77 6f 72 6d 29 20 4c 69 6e 75 78 20 36 2e 31 38 2e 34 34 2d 66 63 2d 76 37 38 32 20 23
  31 20 53 4d 50 20 50 52 45 45 4d 50 54 5f 44 59 4e 41 4d 49 43 20 40 30 20 78 38 36 5f 36 34 0e
  04 00 9c 00 80 10 18 11 02 fe 80 00 00 00 00 00 00 c4 2f 9d ff fe db 65 3c 02 00 00 00 02 00 08
  02 76 61 fe 09 00 12 0f 03 01 00 00 00 00 fe 09 00 12 0f 01 00 80 00 00 36 fe 07 00 12 bb 01 00
  3f 04 fe 13 00 12 bb 07 36 2e 31 38 2e 34 34 2d 66 63 2d 76 37 38 32 fe 08 00 12 bb 02 01 00 29
  6e fe 08 00 40 0d 03 0a 14 00 05 fe 08 00 40 0d 06 0a 14 00 02 fe 05 00 40 0d 07 01 00 00
`)

/** wpa_supplicant 2.10 asks hostapd 2.10 for a port, recorded between two network namespaces. */
export const EAPOL_START = fromHex(`
  01 80 c2 00 00 03 d6 44 a6 50 46 08 88 8e 01 01 00 00
`)

/** hostapd asks who it is. */
export const EAP_IDENTITY_REQUEST = fromHex(`
  01 80 c2 00 00 03 c6 2f 9d db 65 3c 88 8e 02 00 00 05 01 39 00 05 01
`)

/** wpa_supplicant: 001B4F200001. */
export const EAP_IDENTITY_RESPONSE = fromHex(`
  01 80 c2 00 00 03 d6 44 a6 50 46 08 88 8e 01 00 00 11 02 39 00 11 01 30 30 31 42 34 46 32 30 30
  30 30 31
`)

/** The challenge. */
export const EAP_MD5_REQUEST = fromHex(`
  01 80 c2 00 00 03 c6 2f 9d db 65 3c 88 8e 02 00 00 16 01 3a 00 16 04 10 64 6b a0 ea 05 31 c9 b1
  90 f6 21 7d a7 41 14 5c
`)

/** Its answer, under the password 123456. */
export const EAP_MD5_RESPONSE = fromHex(`
  01 80 c2 00 00 03 d6 44 a6 50 46 08 88 8e 01 00 00 16 02 3a 00 16 04 10 a7 9e 93 20 d5 07 d8 2a
  74 76 d8 8a 07 ba df b5
`)

/** hostapd lets it in. */
export const EAP_SUCCESS = fromHex(`
  01 80 c2 00 00 03 c6 2f 9d db 65 3c 88 8e 02 00 00 04 03 3a 00 04
`)

/** hostapd after a wrong password. */
export const EAP_FAILURE = fromHex(`
  01 80 c2 00 00 03 c6 2f 9d db 65 3c 88 8e 02 00 00 04 04 bb 00 04
`)
