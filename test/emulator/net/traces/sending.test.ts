import { describe, it } from 'vitest'
import {
  ESTABLISHED,
  ESTABLISHED_ALL,
  ESTABLISHED_SACK,
  linuxBut,
  runScript,
  type ScriptOptions,
} from '../trace-script.js'

function trace(name: string, script: string, options?: ScriptOptions): void {
  it(name, () => runScript(script, options))
}

/** Ten segments of 1000 octets, sent at 0.1 s. */
const TEN = `
  0 connect
  0 > S 0:0(0)
  0.1 < S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>
  0.1 > . 1:1(0) ack 1
  0.1 write 10000
  0.1 > . 1:1001(1000) ack 1
  0.1 > . 1001:2001(1000) ack 1
  0.1 > . 2001:3001(1000) ack 1
  0.1 > . 3001:4001(1000) ack 1
  0.1 > . 4001:5001(1000) ack 1
  0.1 > . 5001:6001(1000) ack 1
  0.1 > . 6001:7001(1000) ack 1
  0.1 > . 7001:8001(1000) ack 1
  0.1 > . 8001:9001(1000) ack 1
  0.1 > P. 9001:10001(1000) ack 1
`

/** As the RFCs have it: losses by duplicates, NewReno. */
const RFC6675: ScriptOptions = { profile: linuxBut({ lossDetection: 'duplicates', congestionControl: 'new-reno' }) }
const RENO: ScriptOptions = { profile: linuxBut({ congestionControl: 'new-reno' }) }

describe('losses found by SACK blocks', () => {
  trace(
    'are repaired after three segments beyond them have arrived [RFC 6675 §4, §5]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 1001:3001>
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.2 = ssthresh 5000
      0.2 < . 1:1(0) ack 10001
      0.2 = rexmits 1
      0.2 = cwnd 5000
    `,
    RFC6675,
  )
  trace(
    'are repaired after one block of more than two segments [RFC 6675 §4, IsLost]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
    `,
    RFC6675,
  )
  trace(
    'are repaired hole after hole without waiting for acknowledgments of each [RFC 6675 §5]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 3001:4001 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 5001:6001 3001:4001 1001:2001>
      0.2 > . 1:1001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 5001:7001 3001:4001 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 5001:8001 3001:4001 1001:2001>
      0.2 > . 2001:3001(1000) ack 1
      0.2 > . 4001:5001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 5001:9001 3001:4001 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 5001:10001 3001:4001 1001:2001>
      0.3 < . 1:1(0) ack 2001 <sack 5001:10001 3001:4001>
      0.3 < . 1:1(0) ack 4001 <sack 5001:10001>
      0.3 < . 1:1(0) ack 10001
      0.3 = rexmits 3
      0.3 = timeouts 0
      0.3 = fast 1
    `,
    RFC6675,
  )
  trace(
    'let new data go while they are repaired, at half the rate [RFC 6937 §3]',
    `${TEN}
      0.15 write 5000
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 > . 10001:11001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 1001:3001>
      0.2 > . 11001:12001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 1001:5001>
      0.2 < . 1:1(0) ack 1 <sack 1001:6001>
      0.2 < . 1:1(0) ack 1 <sack 1001:7001>
      0.2 < . 1:1(0) ack 1 <sack 1001:8001>
      0.2 > . 12001:13001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 1001:9001>
      0.2 > . 13001:14001(1000) ack 1
    `,
    RFC6675,
  )
  trace(
    'do not include what is only late by two segments [RFC 6675 §2, DupThresh]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 1001:3001>
      0.2 < . 1:1(0) ack 3001
      0.3 = rexmits 0
      0.3 = fast 0
    `,
    RFC6675,
  )
  trace(
    'keep what is reported received through a timeout [RFC 6675 §5.1]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.4 > . 1:1001(1000) ack 1
      0.5 < . 1:1(0) ack 2001
      0.5 > . 2001:3001(1000) ack 1
      0.5 > . 3001:4001(1000) ack 1
    `,
    { profile: linuxBut({ lossDetection: 'duplicates', minRtoVariation: 0 }) },
  )
  trace(
    'believe no block beyond what was sent [RFC 2018 §8]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 20001:30001>
      0.2 < . 1:1(0) ack 1 <sack 5001:4001>
      0.2 < . 1:1(0) ack 1 <sack 9001:10002>
      0.2 = rexmits 0
    `,
    RFC6675,
  )
  trace(
    'count no segment twice that is reported twice [RFC 6675 §5]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.2 = rexmits 0
    `,
    RFC6675,
  )
  trace(
    'are not counted without SACK by acknowledgments that carry blocks nobody agreed to [RFC 2018 §2]',
    `${ESTABLISHED}
      0 write 2920
      0 > . 1:1461(1460) ack 1
      0 > P. 1461:2921(1460) ack 1
      0 < . 1:1(0) ack 1 win 65535 <sack 1461:2921>
      0.2 > . 1:1461(1460) ack 1
    `,
    RENO,
  )
})

describe('losses found by time', () => {
  trace(
    'need no third duplicate: a quarter of a round trip is enough [RFC 8985 §6.2]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:2001>
      0.225 > . 1:1001(1000) ack 1
      0.225 = fast 1
    `,
    RENO,
  )
  trace(
    'are found at once when three segments beyond have arrived [RFC 8985 §6.2 step 4]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
    `,
    RENO,
  )
  trace(
    'include a retransmission that is lost again [RFC 8985 §3.1]',
    `${TEN}
      0.15 write 6000
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.2 < . 1:1(0) ack 1 <sack 1001:8001>
      0.2 > . 10001:11001(1000) ack 1
      0.2 > . 11001:12001(1000) ack 1
      0.3 < . 1:1(0) ack 1 <sack 10001:12001 1001:8001>
      0.3 > . 1:1001(1000) ack 1
      0.3 > . 8001:9001(1000) ack 1
      0.3 > . 9001:10001(1000) ack 1
      0.3 > . 12001:13001(1000) ack 1
      0.3 > . 13001:14001(1000) ack 1
    `,
    RENO,
  )
  trace(
    'probe a lost tail after two round trips [RFC 8985 §7.2, §7.3]',
    `${TEN}
      0.2 < . 1:1(0) ack 8001
      0.402 > P. 9001:10001(1000) ack 1
      0.402 = probes 1
      0.502 < . 1:1(0) ack 8001 <sack 9001:10001>
      0.502 > . 8001:9001(1000) ack 1
      0.6 < . 1:1(0) ack 10001
      0.6 = timeouts 0
    `,
    RENO,
  )
  trace(
    'probe with new data where there is some [RFC 8985 §7.3]',
    `
      0 connect
      0 > S 0:0(0)
      0.1 < S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>
      0.1 > . 1:1(0) ack 1
      0.1 write 2000
      0.1 > . 1:1001(1000) ack 1
      0.1 > P. 1001:2001(1000) ack 1
      0.2 write 500
      0.302 > P. 2001:2501(500) ack 1
      0.302 = probes 1
      0.302 = rexmits 0
    `,
    RENO,
  )
  trace(
    'wait for a delayed acknowledgment before they probe for a lone segment [RFC 8985 §7.2]',
    `
      0 connect
      0 > S 0:0(0)
      0.1 < S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>
      0.1 > . 1:1(0) ack 1
      0.1 write 500
      0.1 > P. 1:501(500) ack 1
      0.4 > P. 1:501(500) ack 1
      0.4 = probes 0
      0.4 = timeouts 1
    `,
    RENO,
  )
  trace(
    'reduce the window when a probe has replaced what was lost [RFC 8985 §7.4.2]',
    `${TEN}
      0.2 < . 1:1(0) ack 9001
      0.6 > P. 9001:10001(1000) ack 1
      0.7 < . 1:1(0) ack 10001
      0.7 = cwnd 12000
      0.7 write 1000
      0.7 > P. 10001:11001(1000) ack 1
      0.8 < . 1:1(0) ack 11001
      0.8 = cwnd 2000
    `,
    { profile: linuxBut({ congestionControl: 'new-reno', minRtoVariation: 500_000_000 }) },
  )
  trace(
    'forgive a probe that the peer reports as a duplicate [RFC 8985 §7.4.2, RFC 2883]',
    `${TEN}
      0.2 < . 1:1(0) ack 9001
      0.6 > P. 9001:10001(1000) ack 1
      0.7 < . 1:1(0) ack 10001 <sack 9001:10001>
      0.7 write 1000
      0.7 > P. 10001:11001(1000) ack 1
      0.8 < . 1:1(0) ack 11001
      0.8 = ssthresh Infinity
    `,
    { profile: linuxBut({ congestionControl: 'new-reno', minRtoVariation: 500_000_000 }) },
  )
  trace(
    'wait longer for what is late once reordering was seen [RFC 8985 §6.2 step 4]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 2001:3001>
      0.21 < . 1:1(0) ack 1 <sack 1001:3001>
      0.21 < . 1:1(0) ack 1 <sack 1001:5001>
      0.215 = rexmits 0
      0.215 < . 1:1(0) ack 5001
      0.3 = fast 0
    `,
    RENO,
  )
})

describe('recoveries that were for nothing', () => {
  trace(
    'are taken back when the echo shows that the first copy arrived [RFC 3522, RFC 4015]',
    `${ESTABLISHED_ALL}
      0.1 write 2896
      0.1 > . 1:1449(1448) ack 1
      0.1 > P. 1449:2897(1448) ack 1
      0.4 > . 1:1449(1448) ack 1
      0.4 = cwnd 1448
      0.45 < . 1:1(0) ack 2897 <TS 1350:100>
      0.45 = spurious 1
      0.45 = ssthresh Infinity
      0.45 = cwnd 14480
    `,
    { profile: linuxBut({ minRtoVariation: 0, lossDetection: 'duplicates' }) },
  )
  trace(
    'stay when the echo shows that the second copy was needed [RFC 3522]',
    `${ESTABLISHED_ALL}
      0.1 write 2896
      0.1 > . 1:1449(1448) ack 1
      0.1 > P. 1449:2897(1448) ack 1
      0.4 > . 1:1449(1448) ack 1
      0.5 < . 1:1(0) ack 2897 <TS 1500:400>
      0.5 = spurious 0
    `,
    { profile: linuxBut({ minRtoVariation: 0, lossDetection: 'duplicates' }) },
  )
})

describe('congestion control', () => {
  trace(
    'grows by a segment a round trip in congestion avoidance [RFC 5681 §3.1]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.3 < . 1:1(0) ack 10001
      0.3 = cwnd 5000
      0.3 write 5000
      0.3 > . 10001:11001(1000) ack 1
      0.3 > . 11001:12001(1000) ack 1
      0.3 > . 12001:13001(1000) ack 1
      0.3 > . 13001:14001(1000) ack 1
      0.3 > P. 14001:15001(1000) ack 1
      0.4 < . 1:1(0) ack 15001
      0.4 = cwnd 6000
    `,
    RENO,
  )
  trace(
    'keeps seven tenths after a loss with CUBIC [RFC 9438 §4.6]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.2 = ssthresh 7000
    `,
  )
  trace(
    'keeps half after a loss with NewReno [RFC 5681 equation 4]',
    `${TEN}
      0.2 < . 1:1(0) ack 1 <sack 1001:4001>
      0.2 > . 1:1001(1000) ack 1
      0.2 = ssthresh 5000
    `,
    RENO,
  )
  trace(
    'counts every octet of a stretch ACK in slow start with CUBIC, as Linux',
    `${TEN}
      0.2 < . 1:1(0) ack 10001
      0.2 = cwnd 20000
    `,
  )
  trace(
    'counts two segments of a stretch ACK at most with NewReno [RFC 3465 §2.3]',
    `${TEN}
      0.2 < . 1:1(0) ack 10001
      0.2 = cwnd 12000
    `,
    RENO,
  )
  trace(
    'restarts with the initial window after a silence of a timeout [RFC 5681 §4.1]',
    `${TEN}
      0.2 < . 1:1(0) ack 10001
      0.2 = cwnd 20000
      9 write 20000
      9 = cwnd 10000
      9 > . 10001:11001(1000) ack 1
      9 > . 11001:12001(1000) ack 1
      9 > . 12001:13001(1000) ack 1
      9 > . 13001:14001(1000) ack 1
      9 > . 14001:15001(1000) ack 1
      9 > . 15001:16001(1000) ack 1
      9 > . 16001:17001(1000) ack 1
      9 > . 17001:18001(1000) ack 1
      9 > . 18001:19001(1000) ack 1
      9 > . 19001:20001(1000) ack 1
    `,
  )
  trace(
    'falls to one segment after a timeout and to half of what was in flight the next [RFC 5681 §3.1]',
    `${TEN}
      0.4 > . 1:1001(1000) ack 1
      0.4 = cwnd 1000
      0.4 = ssthresh 5000
      1 > . 1:1001(1000) ack 1
      1 = ssthresh 5000
    `,
    { profile: linuxBut({ lossDetection: 'duplicates', congestionControl: 'new-reno', minRtoVariation: 0 }) },
  )
  trace(
    'sends all that was lost to a timeout again in slow start, without SACK too [RFC 5681 §3.1]',
    `
      0 connect
      0 > S 0:0(0)
      0.1 < S. 0:0(0) ack 1 win 65535 <mss 1000>
      0.1 > . 1:1(0) ack 1
      0.1 write 4000
      0.1 > . 1:1001(1000) ack 1
      0.1 > . 1001:2001(1000) ack 1
      0.1 > . 2001:3001(1000) ack 1
      0.1 > P. 3001:4001(1000) ack 1
      0.4 > . 1:1001(1000) ack 1
      0.5 < . 1:1(0) ack 1001
      0.5 > . 1001:2001(1000) ack 1
      0.5 > . 2001:3001(1000) ack 1
      0.6 < . 1:1(0) ack 3001
      0.6 > P. 3001:4001(1000) ack 1
      0.7 < . 1:1(0) ack 4001
      9 = rexmits 4
    `,
    { profile: linuxBut({ minRtoVariation: 0, congestionControl: 'new-reno' }) },
  )
})

describe('retransmission timeout', () => {
  trace(
    'begins anew with every acknowledgment that moves on [RFC 6298 §5.3]',
    `${ESTABLISHED}
      0 write 2920
      0 > . 1:1461(1460) ack 1
      0 > P. 1461:2921(1460) ack 1
      0.15 < . 1:1(0) ack 1461
      0.3 = rexmits 0
      0.369 > P. 1461:2921(1460) ack 1
    `,
    RENO,
  )
  trace(
    'is not moved by duplicates [RFC 6298 §5.3]',
    `${ESTABLISHED}
      0 write 1460
      0 > P. 1:1461(1460) ack 1
      0.1 < . 1:1(0) ack 1
      0.19 < . 1:1(0) ack 1
      0.2 > P. 1:1461(1460) ack 1
    `,
    RENO,
  )
  trace(
    'grows to two minutes and no further [RFC 6298 §2.5, TCP_RTO_MAX]',
    `${ESTABLISHED}
      0 write 100
      0 > P. 1:101(100) ack 1
      0.2 > P. 1:101(100) ack 1
      0.6 > P. 1:101(100) ack 1
      1.4 > P. 1:101(100) ack 1
      3 > P. 1:101(100) ack 1
      6.2 > P. 1:101(100) ack 1
      12.6 > P. 1:101(100) ack 1
      25.4 > P. 1:101(100) ack 1
      51 > P. 1:101(100) ack 1
      102.2 > P. 1:101(100) ack 1
      204.6 > P. 1:101(100) ack 1
      324.6 > P. 1:101(100) ack 1
      444.6 > P. 1:101(100) ack 1
      564.6 > P. 1:101(100) ack 1
      684.6 > P. 1:101(100) ack 1
      804.6 > P. 1:101(100) ack 1
      924.6 = events connected, closed ETIMEDOUT
    `,
  )
  trace(
    'ends when the user has waited long enough [RFC 5482 §3.1]',
    `${ESTABLISHED}
      0 user-timeout 3
      0 write 100
      0 > P. 1:101(100) ack 1
      0.2 > P. 1:101(100) ack 1
      0.6 > P. 1:101(100) ack 1
      1.4 > P. 1:101(100) ack 1
      3 = events connected, closed ETIMEDOUT
      3 < . 1:1(0) ack 101
      3 > R 101:101(0)
    `,
  )
  trace(
    'counts the user’s patience from the last acknowledgment that moved on [RFC 5482 §3.1]',
    `${ESTABLISHED}
      0 user-timeout 3
      0 write 2920
      0 > . 1:1461(1460) ack 1
      0 > P. 1461:2921(1460) ack 1
      0.1 < . 1:1(0) ack 1461
      3.05 = connections 1
      3.1 = connections 0
    `,
    { profile: linuxBut({ minRtoVariation: 5_000_000_000 }) },
  )
  trace(
    'ends with the last ICMP error when the retries are used up [RFC 1122 §4.2.3.9]',
    `${ESTABLISHED}
      0 write 100
      0 > P. 1:101(100) ack 1
      0 unreachable 1
      0.2 > P. 1:101(100) ack 1
      0.6 = events connected, closed EHOSTUNREACH
    `,
    { profile: linuxBut({ dataRetries: 1 }) },
  )
  trace(
    'repeats data and FIN together [RFC 9293 §3.8.1]',
    `${ESTABLISHED}
      0 write 100
      0 > P. 1:101(100) ack 1
      0 end
      0 > F. 101:101(0) ack 1
      0.2 > P. 1:101(100) ack 1
      0.2 > F. 101:101(0) ack 1
      0.25 < . 1:1(0) ack 101
      0.25 = state FIN-WAIT-1
      0.25 < . 1:1(0) ack 102
      0.25 = state FIN-WAIT-2
    `,
  )
})

describe('closed windows', () => {
  trace(
    'are probed by Linux without an octet, by an old number [tcp_xmit_probe_skb]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001 win 0
      0 write 1000
      0.2 > . 1000:1000(0) ack 1
      0.2 < . 1:1(0) ack 1001 win 0
      0.6 > . 1000:1000(0) ack 1
      0.7 < . 1:1(0) ack 1001 win 5000
      0.7 > P. 1001:2001(1000) ack 1
    `,
  )
  trace(
    'are probed by a phone with the next octet [RFC 9293 §3.8.6.1]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001 win 0
      0 write 1000
      1 > P. 1001:1002(1) ack 1
      1 < . 1:1(0) ack 1002 win 5000
      1 > P. 1002:2001(999) ack 1
    `,
    { profile: 'phone' },
  )
  trace(
    'end in ETIMEDOUT when no probe is answered [RFC 9293 §3.8.6.1, tcp_retries2]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001 win 0
      0 write 1000
      0.2 > . 1000:1000(0) ack 1
      0.6 > . 1000:1000(0) ack 1
      1.4 = events connected, closed ETIMEDOUT
    `,
    { profile: linuxBut({ dataRetries: 2 }) },
  )
  trace(
    'that are nearly closed get a short segment after the override timeout [RFC 9293 §3.8.6.2.1]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001 win 100
      0 write 1000
      0.2 > . 1001:1101(100) ack 1
    `,
  )
  trace(
    'that shrink below what is in flight do not stop repair [RFC 9293 §3.8.6]',
    `${ESTABLISHED}
      0 write 2000
      0 > . 1:1461(1460) ack 1
      0 nodelay
      0 > P. 1461:2001(540) ack 1
      0 < . 1:1(0) ack 1 win 500
      0.2 > . 1:1461(1460) ack 1
      0.3 < . 1:1(0) ack 1461 win 3000
      0.3 > P. 1461:2001(540) ack 1
    `,
    RENO,
  )
})

describe('small segments', () => {
  trace(
    'wait for an acknowledgment and join [RFC 896]',
    `${ESTABLISHED}
      0 write 10
      0 > P. 1:11(10) ack 1
      0 write 10
      0 write 10
      0.1 < . 1:1(0) ack 11
      0.1 > P. 11:31(20) ack 1
    `,
  )
  trace(
    'go at once after all without Nagle [RFC 9293 §3.7.4]',
    `${ESTABLISHED}
      0 nodelay
      0 write 10
      0 > P. 1:11(10) ack 1
      0 write 10
      0 > P. 11:21(10) ack 1
    `,
  )
  trace(
    'go at once when they are the last [RFC 9293 §3.7.4]',
    `${ESTABLISHED}
      0 write 10
      0 > P. 1:11(10) ack 1
      0 write 10
      0 end
      0 > FP. 11:21(10) ack 1
    `,
  )
  trace(
    'wait behind a full one [RFC 896]',
    `${ESTABLISHED}
      0 write 1500
      0 > . 1:1461(1460) ack 1
      0.1 < . 1:1(0) ack 1461
      0.1 > P. 1461:1501(40) ack 1
    `,
  )
})

describe('keep-alive', () => {
  trace(
    'is off unless asked for [RFC 9293 §3.8.4]',
    `${ESTABLISHED}
      100000 = connections 1
    `,
  )
  trace(
    'asks after the idle time, with an old number and no octet, and again after each interval [RFC 9293 §3.8.4]',
    `${ESTABLISHED}
      0 keepalive 60 10 3
      60 > . 0:0(0) ack 1
      70 > . 0:0(0) ack 1
      80 > . 0:0(0) ack 1
      90 = events connected, closed ETIMEDOUT
    `,
  )
  trace(
    'goes on while it is answered [RFC 9293 §3.8.4]',
    `${ESTABLISHED}
      0 keepalive 60 10 3
      60 > . 0:0(0) ack 1
      60 < . 1:1(0) ack 1
      120 > . 0:0(0) ack 1
      120.5 < . 1:1(0) ack 1
      180.5 > . 0:0(0) ack 1
      180.5 = connections 1
    `,
  )
  trace(
    'counts the idle time from the last segment that came',
    `${ESTABLISHED}
      0 keepalive 60 10 3
      30 < . 1:11(10) ack 1
      30.04 > . 1:1(0) ack 11
      90 > . 0:0(0) ack 11
    `,
  )
  trace(
    'is answered by the other side, no more than twice a second [RFC 9293 §3.10.7.4, tcp_invalid_ratelimit]',
    `${ESTABLISHED}
      10 < . 0:0(0) ack 1
      10 > . 1:1(0) ack 1
      10.3 < . 0:0(0) ack 1
      10.6 < . 0:0(0) ack 1
      10.6 > . 1:1(0) ack 1
    `,
  )
  trace(
    'with an octet is answered too [RFC 1122 §4.2.3.6]',
    `${ESTABLISHED}
      10 < . 0:1(1) ack 1
      10 > . 1:1(0) ack 1
      10 = events connected
    `,
  )
  trace(
    'is left to retransmission while something is in flight',
    `${ESTABLISHED}
      0 keepalive 1 1 1
      0.9 write 10
      0.9 > P. 1:11(10) ack 1
      1.1 > P. 1:11(10) ack 1
      1.4 < . 1:1(0) ack 11
      2.4 > . 10:10(0) ack 1
    `,
  )
})

describe('path MTU', () => {
  trace(
    'that is smaller sends what is in flight again in smaller segments, at the same rate [RFC 1191 §6.4]',
    `${ESTABLISHED_SACK}
      0 write 2920
      0 > . 1:1461(1460) ack 1
      0 > P. 1461:2921(1460) ack 1
      0 frag-needed 1000
      0 > . 1:961(960) ack 1
      0 > . 961:1921(960) ack 1
      0 > . 1921:2881(960) ack 1
      0 > P. 2881:2921(40) ack 1
      0 = ssthresh Infinity
      0 < . 1:1(0) ack 2921
      0 write 1000
      0 > . 2921:3881(960) ack 1
    `,
  )
  trace(
    'leaves room for timestamps [RFC 6691 §3]',
    `${ESTABLISHED_ALL}
      0.1 write 1448
      0.1 > P. 1:1449(1448) ack 1
      0.1 frag-needed 1000
      0.1 > . 1:949(948) ack 1
      0.1 > P. 949:1449(500) ack 1
    `,
  )
  trace(
    'of less than a segment of 48 octets is not believed [RFC 5927 §7]',
    `${ESTABLISHED}
      0 write 1460
      0 > P. 1:1461(1460) ack 1
      0 frag-needed 60
      0.1 = rexmits 0
    `,
  )
  trace(
    'that is larger changes nothing [RFC 1191 §6.4]',
    `${ESTABLISHED}
      0 write 1460
      0 > P. 1:1461(1460) ack 1
      0 frag-needed 1500
      0.1 = rexmits 0
    `,
  )
  trace(
    'does not change the MSS that is offered [RFC 1191 §6.5]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 600>
      0 > S. 0:0(0) ack 1 <mss 1460>
    `,
  )
  trace(
    'cuts a FIN off with its last piece',
    `${ESTABLISHED}
      0 write 1460
      0 > P. 1:1461(1460) ack 1
      0 end
      0 > F. 1461:1461(0) ack 1
      0 frag-needed 1000
      0 > . 1:961(960) ack 1
      0 > FP. 961:1461(500) ack 1
    `,
  )
})
