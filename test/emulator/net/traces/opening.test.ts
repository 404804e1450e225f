import { describe, it } from 'vitest'
import { ESTABLISHED, linuxBut, runScript, type ScriptOptions } from '../trace-script.js'

function trace(name: string, script: string, options?: ScriptOptions): void {
  it(name, () => runScript(script, options))
}

describe('options of a SYN', () => {
  trace(
    'are answered with those that both know [RFC 7323 §2.2, §3.2, RFC 2018 §2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS 700:0,wscale 3>
      0 > S. 0:0(0) ack 1 win 64240 <mss 1460,sackOK,TS 0:700,wscale 7>
    `,
  )
  trace(
    'leave SACK out when the peer did [RFC 2018 §2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460,TS 700:0,wscale 3>
      0 > S. 0:0(0) ack 1 <mss 1460,TS 0:700,wscale 7>
    `,
  )
  trace(
    'leave timestamps out when the peer did [RFC 7323 §3.2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460,sackOK,wscale 3>
      0 > S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>
      0 < . 1:1(0) ack 1 win 512
      0 write 100
      0 > P. 1:101(100) ack 1 win 502 <>
    `,
  )
  trace(
    'leave the window scale out when the peer did [RFC 7323 §2.2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS 700:0>
      0 > S. 0:0(0) ack 1 win 64240 <mss 1460,sackOK,TS 0:700>
    `,
  )
  trace(
    'are not offered by a phone, whatever the peer offers [96x1 RFS p38]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS 700:0,wscale 3>
      0 > S. 0:0(0) ack 1 win 17520 <mss 1460>
    `,
    { profile: 'phone' },
  )
  trace(
    'make segments shorter by the twelve octets of timestamps [RFC 6691 §2]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 65535 <mss 1460,TS 9:0>
      0 > . 1:1(0) ack 1 <TS 0:9>
      0 write 2000
      0 > . 1:1449(1448) ack 1 <TS 0:9>
      0 nodelay
      0 > P. 1449:2001(552) ack 1 <TS 0:9>
    `,
  )
  trace(
    'count for 14 where the peer asks for a larger scale [RFC 7323 §2.3]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 65535 <mss 1460,wscale 15>
      0 > . 1:1(0) ack 1
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001 win 1
      0 write 16384
      0 > . 1001:2461(1460) ack 1
      0 > . 2461:3921(1460) ack 1
      0 > . 3921:5381(1460) ack 1
      0 > . 5381:6841(1460) ack 1
      0 > . 6841:8301(1460) ack 1
      0 > . 8301:9761(1460) ack 1
      0 > . 9761:11221(1460) ack 1
      0 > . 11221:12681(1460) ack 1
      0 > . 12681:14141(1460) ack 1
      0 > . 14141:15601(1460) ack 1
    `,
  )
  trace(
    'scale the windows of the peer from the first segment after the SYN on, not in it [RFC 7323 §2.2]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 2920 <mss 1460,wscale 8>
      0 > . 1:1(0) ack 1
      0 write 8760
      0 > . 1:1461(1460) ack 1
      0 > . 1461:2921(1460) ack 1
      0 < . 1:1(0) ack 1461 win 23
      0 > . 2921:4381(1460) ack 1
      0 > . 4381:5841(1460) ack 1
      0 > . 5841:7301(1460) ack 1
    `,
  )
  trace(
    'take an MSS of less than 48 for 48',
    `
      0 connect
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 65535 <mss 1>
      0 > . 1:1(0) ack 1
      0 write 60
      0 > . 1:49(48) ack 1
    `,
  )
})

describe('opening', () => {
  trace(
    'simultaneously, with data after it [RFC 9293 §3.5 figure 8]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S 0:0(0) win 65535 <mss 1460,sackOK>
      0 > S. 0:0(0) ack 1 <mss 1460,sackOK>
      0 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK>
      0 = state ESTABLISHED
      0.5 write 10
      0.5 > P. 1:11(10) ack 1
      0.5 < . 1:11(10) ack 11
      0.54 > . 11:11(0) ack 11
      0.54 = events connected, data 10
    `,
  )
  trace(
    'simultaneously is completed by a plain ACK too [RFC 9293 §3.10.7.4]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      0 < . 1:1(0) ack 1
      0 = state ESTABLISHED
    `,
  )
  trace(
    'is not refused by RST without ACK [RFC 9293 §3.10.7.3]',
    `
      0 connect
      0 > S 0:0(0)
      0 < R 0:0(0)
      0 = state SYN-SENT
      1 > S 0:0(0)
    `,
  )
  trace(
    'ignores an ACK without SYN that has the right number [RFC 9293 §3.10.7.3]',
    `
      0 connect
      0 > S 0:0(0)
      0 < . 1:1(0) ack 1
      0 = state SYN-SENT
    `,
  )
  trace(
    'answers an ACK without SYN that has a wrong number with RST [RFC 9293 §3.10.7.3]',
    `
      0 connect
      0 > S 0:0(0)
      0 < . 1:1(0) ack 500
      0 > R 500:500(0)
      0 = state SYN-SENT
    `,
  )
  trace(
    'sends what was written before the handshake was done, after it [RFC 9293 §3.10.2]',
    `
      0 connect
      0 > S 0:0(0)
      0 write 50
      0 write 50
      0.3 < S. 0:0(0) ack 1 win 65535 <mss 1460>
      0.3 > P. 1:101(100) ack 1
    `,
  )
  trace(
    'sends FIN after the handshake when the owner has ended before it [RFC 9293 §3.10.4]',
    `
      0 connect
      0 > S 0:0(0)
      0 write 50
      0 end
      0.3 < S. 0:0(0) ack 1 win 65535 <mss 1460>
      0.3 > FP. 1:51(50) ack 1
      0.3 = state FIN-WAIT-1
    `,
  )
  trace(
    'is given up by close(), without a packet [RFC 9293 §3.10.4]',
    `
      0 connect
      0 > S 0:0(0)
      0 close
      0 = events closed
      5 < S. 0:0(0) ack 1
      5 > R 1:1(0)
    `,
  )
  trace(
    'samples the round trip of a SYN that was sent once [RFC 6298 §2.2]',
    `
      0 connect
      0 > S 0:0(0)
      0.4 < S. 0:0(0) ack 1 win 65535 <mss 1460>
      0.4 > . 1:1(0) ack 1
      0.4 = rto 1.2
    `,
  )
  trace(
    'samples even a SYN that was sent twice when the echo says which it was [RFC 7323 §4]',
    `
      0 connect
      0 > S 0:0(0)
      1 > S 0:0(0)
      1.2 < S. 0:0(0) ack 1 win 65535 <mss 1460,TS 5:1000>
      1.2 > . 1:1(0) ack 1
      1.2 = rto 0.6
    `,
  )
  trace(
    'answers a repeated SYN-ACK with an ACK [RFC 9293 §3.10.7.4, RFC 5961 §4.2]',
    `${ESTABLISHED}
      1 < S. 0:0(0) ack 1
      1 > . 1:1(0) ack 1
    `,
  )
})

describe('listening', () => {
  trace(
    'answers an ACK with RST and stays [RFC 9293 §3.10.7.2]',
    `
      0 listen
      0 < . 1:1(0) ack 300
      0 > R 300:300(0)
      0 < S 0:0(0)
      0 > S. 0:0(0) ack 1
    `,
  )
  trace(
    'ignores RST, FIN and segments without flags [RFC 9293 §3.10.7.2]',
    `
      0 listen
      0 < R 0:0(0)
      0 < F 0:0(0)
      0 < - 0:10(10)
      0 = connections 0
    `,
  )
  trace(
    'answers SYN with ACK with RST [RFC 9293 §3.10.7.2]',
    `
      0 listen
      0 < S. 0:0(0) ack 300
      0 > R 300:300(0)
      0 = connections 0
    `,
  )
  trace(
    'repeats the SYN-ACK five times and then forgets [RFC 6298 §5.5, tcp_synack_retries]',
    `
      0 listen
      0 < S 0:0(0)
      0 > S. 0:0(0) ack 1
      1 > S. 0:0(0) ack 1
      3 > S. 0:0(0) ack 1
      7 > S. 0:0(0) ack 1
      15 > S. 0:0(0) ack 1
      31 > S. 0:0(0) ack 1
      63 = connections 0
      64 < . 1:1(0) ack 1
      64 > R 1:1(0)
    `,
  )
  trace(
    'resets a handshake whose ACK has a wrong number [RFC 9293 §3.10.7.4]',
    `
      0 listen
      0 < S 0:0(0)
      0 > S. 0:0(0) ack 1
      0 < . 1:1(0) ack 77
      0 > R 77:77(0)
      0 < . 1:1(0) ack 1
      0 = events connected
    `,
  )
  trace(
    'resets handshakes under way when it is closed',
    `
      0 listen
      0 < S 0:0(0)
      0 > S. 0:0(0) ack 1
      0 unlisten
      0 > R. 1:1(0) ack 1
    `,
  )
  trace(
    'counts only handshakes under way against its backlog',
    `
      0 listen 1
      0 < S 0:0(0)
      0 > S. 0:0(0) ack 1
      0 < . 1:1(0) ack 1
      0 = connections 1
      0 = events connected
    `,
  )
  trace(
    'takes data that comes with the ACK of the handshake [RFC 9293 §3.10.7.4]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      0 < FP. 1:101(100) ack 1
      0 > . 1:1(0) ack 102
      0 = events connected, data 100, end
      0 = state CLOSE-WAIT
    `,
  )
  trace(
    'is silent to a FIN that comes before the handshake is done and has a hole before it',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      0 < F. 101:101(0) ack 1
      0 > . 1:1(0) ack 1
      0 = state ESTABLISHED
      0 < . 1:101(100) ack 1
      0 > . 1:1(0) ack 102
      0 = state CLOSE-WAIT
    `,
  )
  trace(
    'asks a SYN beyond the window of a handshake what it is, and keeps it [RFC 5961 §4.2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      0 < S 90000:90000(0)
      0 > . 1:1(0) ack 1
      0 = connections 1
    `,
  )
  trace(
    'starts with one segment when its SYN-ACK was lost [RFC 5681 §3.1]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      1 > S. 0:0(0) ack 1
      1 < . 1:1(0) ack 1
      1 write 5000
      1 > . 1:1461(1460) ack 1
      1 < . 1:1(0) ack 1461
      1 > . 1461:2921(1460) ack 1
      1 > . 2921:4381(1460) ack 1
    `,
  )
  trace(
    'fails a handshake when a router says that the peer is gone',
    `
      0 connect
      0 > S 0:0(0)
      0 unreachable 0
      0 = events closed ENETUNREACH
    `,
  )
  trace(
    'is refused by ICMP port unreachable while connecting [RFC 1122 §4.2.3.9]',
    `
      0 connect
      0 > S 0:0(0)
      0 unreachable 3
      0 = events closed ECONNREFUSED
    `,
  )
  trace(
    'gives up after as many SYNs as its profile says',
    `
      0 connect
      0 > S 0:0(0)
      1 > S 0:0(0)
      3 > S 0:0(0)
      7 = events closed ETIMEDOUT
    `,
    { profile: linuxBut({ synRetries: 2 }) },
  )
})
