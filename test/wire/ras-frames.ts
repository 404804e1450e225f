/**
 * RAS messages of a real phone and its call server, as octets: UDP payloads of
 * packetlife-snoop-working-ccm7-frames1-64.pcap.
 */
import { fromHex } from '../../src/base/bytes.js'

/** To 172.19.1.17:1719, H.225.0 version 5, with a Diffie-Hellman key: frame 19. */
export const GRQ = fromHex(`
  03 20 00 01 06 00 08 91 4a 00 05 00 0a 60 86 48 01 86 f8 72 04 02 01 03 85 01 40 00 ac 17 07 0a
  c0 95 02 00 01 05 00 4a b8 5a 3a c8 91 2b 10 80 b1 01 90 00 0a 60 86 48 01 86 fc 0b 01 06 02 00
  04 00 8d 25 df 39 0c b1 e8 cc 97 4e f6 c4 64 65 33 1b ed d9 b2 81 61 38 9d 1e 66 ad 86 5d b5 b7
  09 4e 6f 35 f2 bd 7e 8f d1 b4 ed e1 8c 5e fb 9a a0 49 57 e5 d4 cb 2b 63 e8 e6 7b 16 a0 9c ba 9a
  a0 f4 f1 f6 55 6e ba 32 f7 c6 79 99 c1 4f fd d1 98 33 b9 32 a0 83 22 a9 48 68 b3 f6 37 56 db 20
  1c f2 39 c1 85 4e 40 d9 e3 90 93 fa 0e 86 c9 08 71 3a 6e c9 85 bd 62 f9 91 ba 22 74 44 d0 d6 d7
  f4 e1 00 00 00 00 06 20 19 02 20 02 00 04 00 00 1a b7 20 01 00 0c 30 5c 00 00 3f b3 00 00 0c 0d
  00 00 0f 02 18 10 0b 0a 60 86 48 01 86 fc 0b 01 06 02 11 02 05 2b 0e 03 02 06 09 60 86 48 01 86
  fc 0b 01 03 43 10 02 48 09 60 86 48 01 86 fc 0b 01 0a 00 09 00 00 04 00 00 05 00 00 06 00 00 07
  00 00 0a 00 00 0b 00 00 0c 00 00 0d 00 00 0e 00 00 0f 48 09 60 86 48 01 86 fc 0b 01 09 00 01 40
  00 01 20 01 40 00 04 1c
`)

/** Its answer, which sends the phone on to 172.19.1.44:1719: frame 20. */
export const GCF = fromHex(`
  06 00 00 01 06 00 08 91 4a 00 05 00 ac 13 01 2c 06 b7 10 d2 01 10 26 01 45 00 01 00 c0 01 10 0c
  0c 04 53 03 00 00 14 00 44 00 45 00 46 00 49 00 4e 00 49 00 54 00 59 00 2d 00 47 00 4b 0a 09 60
  86 48 01 86 fc 0b 01 03 65 38 01 48 09 60 86 48 01 86 fc 0b 01 0a 00 0b 00 00 01 00 00 02 00 00
  03 00 00 04 00 00 05 00 00 06 00 00 07 00 00 00 00 00 09 00 00 0a 00 00 0b 00 00 00 01 48 09 60
  86 48 01 86 fc 0b 01 0a 00 0b 00 00 01 00 00 02 00 00 03 00 00 04 00 00 05 00 00 06 00 00 07 00
  00 00 00 00 09 00 00 0a 00 00 0b 00 00 00
`)

/** To there, with the MAC in private data and the vendor: frame 21. */
export const RRQ = fromHex(`
  0f 80 00 02 06 00 08 91 4a 00 05 00 0a 60 86 48 01 86 f8 72 04 02 01 23 09 81 01 00 26 1e 9e 80
  01 20 01 00 06 00 07 3b d1 18 58 01 00 03 40 01 bf 01 00 01 80 01 00 01 00 01 00 80 01 00 ac 17
  07 0a 09 c4 01 00 ac 17 07 0a c0 95 02 00 01 05 00 4a b8 5a 3a c8 96 b5 00 41 56 07 49 50 5f 50
  68 6f 6e 65 05 33 2e 31 30 34 53 2c 2a 00 00 33 01 20 09 60 86 48 01 86 fc 0b 01 03 00 25 d5 b5
  48 0e 54 13 30 e8 a0 ab 92 c3 1b da 26 d9 eb 70 24 3c 81 96 74 bf 45 9d 4e de c5 3c c1 f9 a6 1c
  44 df 2d 01 00 01 00
`)

/** The phone logs out: frame 56. */
export const URQ = fromHex(`
  18 c0 00 03 01 00 ac 17 07 0a 09 c4 00 0a 60 86 48 01 86 f8 72 04 02 01 01 14 02 7f 00 07 11
`)

/** Its answer: frame 58. */
export const UCF = fromHex(`
  1c 00 03
`)
