import { describe, it } from 'vitest'
import { ACCEPTED, ACCEPTED_SACK, ESTABLISHED_ALL, linuxBut, runScript, type ScriptOptions } from '../trace-script.js'

function trace(name: string, script: string, options?: ScriptOptions): void {
  it(name, () => runScript(script, options))
}

describe('SACK blocks of a receiver', () => {
  trace(
    'report what came before its turn [RFC 2018 §3]',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 2001:3001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:3001>
      0 < . 1:1001(1000) ack 1
      0 > . 1:1(0) ack 3001 <>
    `,
  )
  trace(
    'begin with the newest, then those reported last [RFC 2018 §4]',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 3001:4001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 3001:4001 1001:2001>
      0 < . 5001:6001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 5001:6001 3001:4001 1001:2001>
      0 < . 2001:2501(500) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2501 5001:6001 3001:4001>
    `,
  )
  trace(
    'are four at most [RFC 2018 §3]',
    `${ACCEPTED_SACK}
      0 < . 1001:1101(100) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:1101>
      0 < . 2001:2101(100) ack 1
      0 > . 1:1(0) ack 1 <sack 2001:2101 1001:1101>
      0 < . 3001:3101(100) ack 1
      0 > . 1:1(0) ack 1 <sack 3001:3101 2001:2101 1001:1101>
      0 < . 4001:4101(100) ack 1
      0 > . 1:1(0) ack 1 <sack 4001:4101 3001:3101 2001:2101 1001:1101>
      0 < . 5001:5101(100) ack 1
      0 > . 1:1(0) ack 1 <sack 5001:5101 4001:4101 3001:3101 2001:2101>
    `,
  )
  trace(
    'are three at most beside timestamps [RFC 2018 §3]',
    `${ESTABLISHED_ALL}
      0.2 < . 1001:1101(100) ack 1 <TS 1200:100>
      0.2 > . 1:1(0) ack 1 <TS 200:1000,sack 1001:1101>
      0.2 < . 2001:2101(100) ack 1 <TS 1200:100>
      0.2 > . 1:1(0) ack 1 <TS 200:1000,sack 2001:2101 1001:1101>
      0.2 < . 3001:3101(100) ack 1 <TS 1200:100>
      0.2 > . 1:1(0) ack 1 <TS 200:1000,sack 3001:3101 2001:2101 1001:1101>
      0.2 < . 4001:4101(100) ack 1 <TS 1200:100>
      0.2 > . 1:1(0) ack 1 <TS 200:1000,sack 4001:4101 3001:3101 2001:2101>
    `,
  )
  trace(
    'join when the hole between two is filled [RFC 2018 §4]',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 3001:4001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 3001:4001 1001:2001>
      0 < . 2001:3001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:4001>
    `,
  )
  trace(
    'go when a hole is filled, and those beyond the next hole stay [RFC 2018 §4]',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 3001:4001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 3001:4001 1001:2001>
      0 < . 1:1001(1000) ack 1
      0 > . 1:1(0) ack 2001 <sack 3001:4001>
    `,
  )
  trace(
    'report a segment that came twice first, once [RFC 2883 §4.1]',
    `${ACCEPTED_SACK}
      0 < . 1:501(500) ack 1
      0 < . 501:1001(500) ack 1
      0 > . 1:1(0) ack 1001
      0 < . 1:501(500) ack 1
      0 > . 1:1(0) ack 1001 <sack 1:501>
      0 < . 1001:2001(1000) ack 1
      0.04 > . 1:1(0) ack 2001
    `,
  )
  trace(
    'report a duplicate above a hole before the block it lies in [RFC 2883 §4.1.2]',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 2001:3001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:3001>
      0 < . 2001:3001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 2001:3001 1001:3001>
    `,
  )
  trace(
    'report the part of a segment that was there before [RFC 2883 §4.2.1]',
    `${ACCEPTED_SACK}
      0 < . 1:1001(1000) ack 1
      0 < . 501:1501(1000) ack 1
      0 > . 1:1(0) ack 1501 <sack 501:1001>
    `,
  )
  trace(
    'are not sent when the peer did not ask for them [RFC 2018 §2]',
    `${ACCEPTED}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <>
      0 < . 3001:4001(1000) ack 1
      0 > . 1:1(0) ack 1
    `,
  )
  trace(
    'ride on short data and not on full segments',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 write 100
      0 > P. 1:101(100) ack 1 <sack 1001:2001>
      0 write 1460
      0 > P. 101:1561(1460) ack 1 <>
    `,
  )
  trace(
    'cross the end of the sequence space',
    `${ACCEPTED_SACK}
      0 < . 1001:2001(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 1001:2001>
      0 < . 2501:3501(1000) ack 1
      0 > . 1:1(0) ack 1 <sack 2501:3501 1001:2001>
      0 < . 1:1001(1000) ack 1
      0 > . 1:1(0) ack 2001 <sack 2501:3501>
      0 < . 2001:2501(500) ack 1
      0 > . 1:1(0) ack 3501
    `,
    { peerIss: 0xffff_ffff - 1500 },
  )
  trace(
    'forget a FIN before its turn, which takes no octets',
    `${ACCEPTED_SACK}
      0 < F. 1001:1001(0) ack 1
      0 > . 1:1(0) ack 1
      0 < . 1:1001(1000) ack 1
      0 > . 1:1(0) ack 1002
      0 = events connected, data 1000, end
    `,
  )
})

describe('acknowledging', () => {
  trace(
    'stretches over as many segments as the profile says [RFC 2525 §2.13]',
    `${ACCEPTED}
      0 < . 1:1461(1460) ack 1
      0 < . 1461:2921(1460) ack 1
      0 < . 2921:4381(1460) ack 1
      0 < . 4381:5841(1460) ack 1
      0 > . 1:1(0) ack 5841
    `,
    { profile: linuxBut({ ackEvery: 4 }) },
  )
  trace(
    'waits as long as a phone does for a second segment [RFC 1122 §4.2.3.2]',
    `${ACCEPTED}
      0 < . 1:101(100) ack 1
      0.1 > . 1:1(0) ack 101
    `,
    { profile: 'phone' },
  )
  trace(
    'rides on data [RFC 1122 §4.2.3.2]',
    `${ACCEPTED}
      0 < P. 1:101(100) ack 1
      0.01 write 50
      0.01 > P. 1:51(50) ack 101
      0.01 < . 101:101(0) ack 51
    `,
  )
  trace(
    'takes urgent data for ordinary data [RFC 6093]',
    `${ACCEPTED}
      0 < PU. 1:101(100) ack 1 win 65535 urg 50
      0.04 > . 1:1(0) ack 101
      0.04 = events connected, data 100
    `,
  )
  trace(
    'ignores the ECN flags it did not agree to [RFC 3168 §6.1]',
    `${ACCEPTED}
      0 < EW. 1:101(100) ack 1
      0.04 > . 1:1(0) ack 101
    `,
  )
  trace(
    'drops what lies beyond the window and says what it expects [RFC 9293 §3.10.7.4]',
    `${ACCEPTED}
      0 < . 100000:100010(10) ack 1
      0 > . 1:1(0) ack 1
      0.04 = events connected
    `,
  )
  trace(
    'trims what reaches beyond the window [RFC 9293 §3.10.7.4]',
    `${ACCEPTED}
      0 pause
      0 < . 1:1461(1460) ack 1
      0 < . 1461:2921(1460) ack 1
      0 > . 1:1(0) ack 2921 win 4096
      0 < . 2921:4381(1460) ack 1
      0 < . 4381:5841(1460) ack 1
      0 > . 1:1(0) ack 5841 win 1176
      0 < . 5841:7301(1460) ack 1
      0 > . 1:1(0) ack 7017 win 0
      0 resume
      0 > . 1:1(0) ack 7017 win 7016
      0 = events connected, data 1460, data 1460, data 1460, data 1460, data 1176
    `,
    { profile: linuxBut({ receiveBuffer: 7016, initialReceiveWindow: 7016 }) },
  )
  trace(
    'takes a FIN into a closed window when it is next [RFC 9293 §3.10.7.4]',
    `${ACCEPTED}
      0 pause
      0 < . 1:1461(1460) ack 1
      0 < . 1461:2921(1460) ack 1
      0 > . 1:1(0) ack 2921 win 0
      0 < F. 2921:2921(0) ack 1
      0 > . 1:1(0) ack 2922 win 0
      0 = state CLOSE-WAIT
    `,
    { profile: linuxBut({ receiveBuffer: 2920, initialReceiveWindow: 2920 }) },
  )
  trace(
    'takes the ACK of a segment whose text has no room [RFC 9293 §3.10.7.4]',
    `${ACCEPTED}
      0 pause
      0 write 100
      0 > P. 1:101(100) ack 1
      0 < . 1:1461(1460) ack 1
      0 < . 1461:2921(1460) ack 1
      0 > . 101:101(0) ack 2921 win 0
      0 < . 2921:2922(1) ack 101
      0 > . 101:101(0) ack 2921 win 0
      0.5 = rexmits 0
    `,
    { profile: linuxBut({ receiveBuffer: 2920, initialReceiveWindow: 2920 }) },
  )
})

describe('timestamps', () => {
  trace(
    'are echoed from the segment that moved the left edge last [RFC 7323 §4.3]',
    `${ESTABLISHED_ALL}
      0.2 < . 1:101(100) ack 1 <TS 1100:100>
      0.22 < . 101:201(100) ack 1 <TS 1120:100>
      0.22 > . 1:1(0) ack 201 <TS 220:1100>
    `,
  )
  trace(
    'are echoed from the segment before a hole, not from those after it [RFC 7323 §4.3]',
    `${ESTABLISHED_ALL}
      0.2 < . 1:101(100) ack 1 <TS 1100:100>
      0.24 > . 1:1(0) ack 101 <TS 240:1100>
      0.3 < . 201:301(100) ack 1 <TS 1200:100>
      0.3 > . 1:1(0) ack 101 <TS 300:1100,sack 201:301>
      0.3 < . 101:201(100) ack 1 <TS 1210:100>
      0.3 > . 1:1(0) ack 301 <TS 300:1210>
    `,
  )
  trace(
    'that are older than the last drop a segment, and the sender is told [RFC 7323 §5.3 R1]',
    `${ESTABLISHED_ALL}
      0.2 < . 1:101(100) ack 1 <TS 1200:100>
      0.24 > . 1:1(0) ack 101
      0.3 < . 101:201(100) ack 1 <TS 999:100>
      0.3 > . 1:1(0) ack 101 <TS 300:1200>
      0.5 = events connected, data 100
    `,
  )
  trace(
    'do not protect against RST [RFC 7323 §5.2]',
    `${ESTABLISHED_ALL}
      0.2 < R 1:1(0) <TS 1:100>
      0.2 = events connected, closed ECONNRESET
    `,
  )
  trace(
    'may be missing later: the segment counts, as in Linux',
    `${ESTABLISHED_ALL}
      0.2 < . 1:101(100) ack 1
      0.24 > . 1:1(0) ack 101 <TS 240:1000>
      0.24 = events connected, data 100
    `,
  )
  trace(
    'turn over like sequence numbers [RFC 7323 §5.4]',
    `
      0 connect
      0 > S 0:0(0)
      0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,TS 4294967200:0>
      0.1 > . 1:1(0) ack 1
      0.3 < . 1:101(100) ack 1 <TS 104:100>
      0.34 > . 1:1(0) ack 101 <TS 340:104>
      0.4 < . 101:201(100) ack 1 <TS 4294967290:100>
      0.4 > . 1:1(0) ack 101 <TS 400:104>
    `,
  )
  trace(
    'older than 24 days protect no more [RFC 7323 §5.5]',
    `${ESTABLISHED_ALL}
      2073000 < . 1:101(100) ack 1 <TS 900:100>
      2073000 = events connected
      2074000 < . 1:101(100) ack 1 <TS 900:100>
      2074000 = events data 100
    `,
  )
  trace(
    'give a round trip even for what was sent twice [RFC 7323 §4]',
    `${ESTABLISHED_ALL}
      0.1 write 100
      0.1 > P. 1:101(100) ack 1
      0.4 > P. 1:101(100) ack 1
      1 > P. 1:101(100) ack 1
      1.1 < . 1:1(0) ack 101 <TS 2000:1000>
      1.1 = rto 0.25
    `,
    { profile: linuxBut({ minRtoVariation: 0 }) },
  )
  trace(
    'of the future are nobody’s, and give no round trip',
    `${ESTABLISHED_ALL}
      0.1 = rto 0.3
      0.1 write 100
      0.1 > P. 1:101(100) ack 1
      0.2 < . 1:1(0) ack 101 <TS 1100:5000>
      0.2 = state ESTABLISHED
    `,
  )
})
