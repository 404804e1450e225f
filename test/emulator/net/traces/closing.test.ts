import { describe, it } from 'vitest'
import { ACCEPTED, ESTABLISHED, ESTABLISHED_ALL, linuxBut, runScript, type ScriptOptions } from '../trace-script.js'

function trace(name: string, script: string, options?: ScriptOptions): void {
  it(name, () => runScript(script, options))
}

const FIN_WAIT_1 = `${ESTABLISHED}
  0 end
  0 > F. 1:1(0) ack 1
`

const FIN_WAIT_2 = `${FIN_WAIT_1}
  0 < . 1:1(0) ack 2
`

const CLOSE_WAIT = `${ESTABLISHED}
  0 < F. 1:1(0) ack 1
  0 > . 1:1(0) ack 2
`

const LAST_ACK = `${CLOSE_WAIT}
  0 end
  0 > F. 1:1(0) ack 2
`

const CLOSING = `${FIN_WAIT_1}
  0 < F. 1:1(0) ack 1
  0 > . 2:2(0) ack 2
`

const TIME_WAIT = `${FIN_WAIT_2}
  0 < F. 1:1(0) ack 2
  0 > . 2:2(0) ack 2
`

describe('FIN', () => {
  trace(
    'that acknowledges ours ends in TIME-WAIT at once [RFC 9293 §3.10.7.4]',
    `${FIN_WAIT_1}
      0 < F. 1:1(0) ack 2
      0 > . 2:2(0) ack 2
      0 = state TIME-WAIT
      0 = events connected, end, closed
    `,
  )
  trace(
    'with data is taken in FIN-WAIT-1 [RFC 9293 §3.10.7.4]',
    `${FIN_WAIT_1}
      0 < FP. 1:101(100) ack 1
      0 > . 2:2(0) ack 102
      0 = state CLOSING
      0 = events connected, data 100, end
    `,
  )
  trace(
    'before its turn is taken in FIN-WAIT-2 when the hole is filled',
    `${FIN_WAIT_2}
      0 < F. 101:101(0) ack 2
      0 > . 2:2(0) ack 1
      0 < . 1:101(100) ack 2
      0 > . 2:2(0) ack 102
      0 = state TIME-WAIT
    `,
  )
  trace(
    'with an old acknowledgment is taken too, out of order [RFC 5961 §5.2]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001
      0 end
      0 > F. 1001:1001(0) ack 1
      0 < . 1:1(0) ack 1002
      0 < F. 1:1(0) ack 1
      0 > . 1002:1002(0) ack 2
      0 = state TIME-WAIT
    `,
  )
  trace(
    'is acknowledged again when it comes again in CLOSE-WAIT [RFC 9293 §3.10.7.4]',
    `${CLOSE_WAIT}
      1 < F. 1:1(0) ack 1
      1 > . 1:1(0) ack 2
      1 = state CLOSE-WAIT
    `,
  )
  trace(
    'is acknowledged again when it comes again in LAST-ACK [RFC 9293 §3.10.7.4]',
    `${LAST_ACK}
      0.1 < F. 1:1(0) ack 1
      0.1 > . 2:2(0) ack 2
      0.1 = state LAST-ACK
    `,
  )
  trace(
    'is repeated until it is acknowledged in LAST-ACK [RFC 6298 §5.4]',
    `${LAST_ACK}
      0.2 > F. 1:1(0) ack 2
      0.6 > F. 1:1(0) ack 2
      0.7 < . 2:2(0) ack 2
      0.7 = events connected, end, closed
      0.7 = connections 0
    `,
  )
  trace(
    'is repeated in CLOSING, and its acknowledgment ends in TIME-WAIT [RFC 9293 §3.10.7.4]',
    `${CLOSING}
      0.2 > F. 1:1(0) ack 2
      0.3 < . 2:2(0) ack 2
      0.3 = state TIME-WAIT
      0.3 = events connected, end, closed
    `,
  )
  trace(
    'is given up like data [RFC 1122 §4.2.3.5]',
    `${FIN_WAIT_1}
      0.2 > F. 1:1(0) ack 1
      0.6 = events connected, closed ETIMEDOUT
    `,
    { profile: linuxBut({ dataRetries: 1 }) },
  )
  trace(
    'waits behind data for which there is no window [RFC 9293 §3.10.4]',
    `
      0 connect
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 1000 <mss 1460>
      0 > . 1:1(0) ack 1
      0 write 1500
      0 > . 1:1001(1000) ack 1
      0 end
      0.1 < . 1:1(0) ack 1001 win 1000
      0.1 > FP. 1001:1501(500) ack 1
    `,
  )
  trace(
    'needs no window of its own [RFC 9293 §3.10.4]',
    `${ESTABLISHED}
      0 write 100
      0 > P. 1:101(100) ack 1
      0 < . 1:1(0) ack 101 win 0
      0 end
      0 > F. 101:101(0) ack 1
    `,
  )
})

describe('half-closed', () => {
  trace(
    'by us, data comes on and is acknowledged [RFC 9293 §3.6]',
    `${FIN_WAIT_2}
      1 < . 1:1461(1460) ack 2
      1 < . 1461:2921(1460) ack 2
      1 > . 2:2(0) ack 2921
      500 < F. 2921:2921(0) ack 2
      500 > . 2:2(0) ack 2922
      500 = events connected, data 1460, data 1460, end, closed
    `,
  )
  trace(
    'by the peer, we send on [RFC 9293 §3.6]',
    `${CLOSE_WAIT}
      500 write 100
      500 > P. 1:101(100) ack 2
      500 < . 2:2(0) ack 101
      501 end
      501 > F. 101:101(0) ack 2
      501 < . 2:2(0) ack 102
      501 = events connected, end, closed
    `,
  )
  trace(
    'takes no text after the peer’s FIN [RFC 9293 §3.10.7.4]',
    `${CLOSE_WAIT}
      0 < . 2:102(100) ack 1
      0 = events connected, end
    `,
  )
})

describe('close()', () => {
  trace(
    'with unread data resets [RFC 2525 §2.17]',
    `${ACCEPTED}
      0 pause
      0 < . 1:101(100) ack 1
      0 close
      0 > R. 1:1(0) ack 101
      0 = connections 0
    `,
  )
  trace(
    'with everything read ends in order [RFC 2525 §2.17]',
    `${ACCEPTED}
      0 < . 1:101(100) ack 1
      0 close
      0 > F. 1:1(0) ack 101
    `,
  )
  trace(
    'sends what is queued before FIN [RFC 9293 §3.10.4]',
    `${ESTABLISHED}
      0 write 2000
      0 > . 1:1461(1460) ack 1
      0 close
      0 > FP. 1461:2001(540) ack 1
    `,
  )
  trace(
    'after the peer’s FIN goes through LAST-ACK [RFC 9293 §3.6]',
    `${CLOSE_WAIT}
      0 close
      0 > F. 1:1(0) ack 2
      0 < . 2:2(0) ack 2
      0 = events connected, end, closed
    `,
  )
  trace(
    'waits a minute for the peer’s FIN and then forgets [tcp_fin_timeout]',
    `${ESTABLISHED}
      0 close
      0 > F. 1:1(0) ack 1
      0 < . 1:1(0) ack 2
      60 = events connected, closed
      61 < F. 1:1(0) ack 2
      61 > R 2:2(0)
    `,
  )
})

describe('TIME-WAIT', () => {
  trace(
    'ends after a minute [RFC 9293 §3.6.1, TCP_TIMEWAIT_LEN]',
    `${TIME_WAIT}
      59.9 < F. 1:1(0) ack 2
      59.9 > . 2:2(0) ack 2
      119.8 < . 2:2(0) ack 2
      119.9 < . 2:2(0) ack 2
      119.9 > R 2:2(0)
    `,
  )
  trace(
    'answers data and SYN-ACK with an ACK [RFC 9293 §3.10.7.4]',
    `${TIME_WAIT}
      1 < . 2:102(100) ack 2
      1 > . 2:2(0) ack 2
      1 < S. 0:0(0) ack 1
      1 > . 2:2(0) ack 2
    `,
  )
  trace(
    'is silent to the acknowledgment it expects',
    `${TIME_WAIT}
      1 < . 2:2(0) ack 2
    `,
  )
  trace(
    'is ended by RST with exactly the next number only [RFC 5961 §3.2, RFC 1337]',
    `${TIME_WAIT}
      1 < R 3:3(0)
      1 < . 9:9(0) ack 2
      1 > . 2:2(0) ack 2
      1 < R 2:2(0)
      1 < . 9:9(0) ack 2
      1 > R 2:2(0)
    `,
  )
  trace(
    'is ended by a SYN with a later clock, whatever its number [RFC 6191 §2]',
    `
      0 listen
      0 < S 1000:1000(0) win 65535 <mss 1460,TS 50:0>
      0 > S. 0:0(0) ack 1001 <mss 1460,TS 0:50>
      0 < . 1001:1001(0) ack 1 <TS 50:0>
      0 end
      0 > F. 1:1(0) ack 1001
      0 < F. 1001:1001(0) ack 2 <TS 50:0>
      0 > . 2:2(0) ack 1002 <TS 0:50>
      2 < S 10:10(0) win 65535 <mss 1460,TS 49:0>
      2 > . 2:2(0) ack 1002 <TS 2000:50>
      2 < S 10:10(0) win 65535 <mss 1460,TS 2050:0>
      2 > S. 0:0(0) ack 11
    `,
  )
  trace(
    'lets the next connection of ours from the same port begin well beyond the old numbers [RFC 9293 §3.6.1]',
    `
      0 connect 5000
      0 > S 0:0(0)
      0 < S. 0:0(0) ack 1 win 65535 <mss 1460>
      0 > . 1:1(0) ack 1
      0 end
      0 > F. 1:1(0) ack 1
      0 < F. 1:1(0) ack 2
      0 > . 2:2(0) ack 2
      1 connect 5000
      1 > S 0:0(0)
      1 < S. 100000:100000(0) ack 1 win 65535 <mss 1460>
      1 > . 1:1(0) ack 100001
      1 = state ESTABLISHED
    `,
  )
})

describe('RST', () => {
  for (const [state, script, next] of [
    ['ESTABLISHED', ESTABLISHED, 1],
    ['FIN-WAIT-1', FIN_WAIT_1, 1],
    ['FIN-WAIT-2', FIN_WAIT_2, 1],
    ['CLOSE-WAIT', CLOSE_WAIT, 2],
    ['CLOSING', CLOSING, 2],
    ['LAST-ACK', LAST_ACK, 2],
  ] as const) {
    trace(
      `with the next number ends ${state} [RFC 9293 §3.10.7.4, RFC 5961 §3.2]`,
      `${script}
        0 = state ${state}
        0 < R ${next}:${next}(0)
        0 = state CLOSED
        0 = connections 0
      `,
    )
    trace(
      `elsewhere in the window is challenged in ${state} [RFC 5961 §3.2]`,
      `${script}
        0 < R ${next + 10}:${next + 10}(0)
        0 > . ${script === ESTABLISHED || script === CLOSE_WAIT ? '1:1' : '2:2'}(0) ack ${next}
        0 = state ${state}
      `,
    )
    trace(
      `outside the window is nothing in ${state} [RFC 5961 §3.2]`,
      `${script}
        0 < R 200000:200000(0)
        0 < R ${next - 1}:${next - 1}(0)
        0 = state ${state}
      `,
    )
    trace(
      `is not the answer to a SYN in ${state}, which is challenged [RFC 5961 §4.2]`,
      `${script}
        0 < S ${next}:${next}(0)
        0 > . ${script === ESTABLISHED || script === CLOSE_WAIT ? '1:1' : '2:2'}(0) ack ${next}
        0 = state ${state}
      `,
    )
    trace(
      `is not the answer to an ACK of what was never sent in ${state} [RFC 9293 §3.10.7.4, RFC 5961 §5.2]`,
      `${script}
        0 < . ${next}:${next}(0) ack 5000
        0 > . ${script === ESTABLISHED || script === CLOSE_WAIT ? '1:1' : '2:2'}(0) ack ${next}
        0 = state ${state}
      `,
    )
    trace(
      `is not the answer to a segment without ACK in ${state} [RFC 9293 §3.10.7.4]`,
      `${script}
        0 < - ${next}:${next + 10}(10)
        0 < F ${next}:${next}(0)
        0 = state ${state}
      `,
    )
  }
  trace(
    'at the right edge of the window is challenged, and does no harm [RFC 5961 §3.2]',
    `${ACCEPTED}
      0 < R 64241:64241(0)
      0 > . 1:1(0) ack 1
      0 < R 64242:64242(0)
      0 = state ESTABLISHED
    `,
  )
  trace(
    'is challenged twice a second at most [RFC 5961 §7, tcp_invalid_ratelimit]',
    `${ACCEPTED}
      0 < R 100:100(0)
      0 > . 1:1(0) ack 1
      0.1 < R 100:100(0)
      0.4 < S 100:100(0)
      0.6 < R 100:100(0)
      0.6 > . 1:1(0) ack 1
    `,
  )
  trace(
    'answers the ACK of a connection that was aborted [RFC 9293 §3.10.7.1]',
    `${ACCEPTED}
      0 abort
      0 > R. 1:1(0) ack 1
      0 < . 1:101(100) ack 1
      0 > R 1:1(0)
    `,
  )
  trace(
    'carries timestamps where they were agreed [RFC 7323 §3.2]',
    `${ESTABLISHED_ALL}
      0.1 abort
      0.1 > R. 1:1(0) ack 1 win 0 <TS 100:1000>
    `,
  )
  trace(
    'does not answer an old acknowledgment in the window [RFC 5961 §5.2]',
    `${ESTABLISHED}
      0 write 1000
      0 > P. 1:1001(1000) ack 1
      0 < . 1:1(0) ack 1001
      0 < . 1:101(100) ack 500
      0.04 > . 1001:1001(0) ack 101
    `,
  )
  trace(
    'does not answer an acknowledgment that is far too old, which is challenged [RFC 5961 §5.2]',
    `${ESTABLISHED}
      0 < . 1:101(100) ack -70000
      0 > . 1:1(0) ack 1
      0.1 = events connected
    `,
  )
  trace(
    'ends a handshake of ours only with the right acknowledgment, and one of the peer’s with the right number [RFC 5961 §3.2]',
    `
      0 listen
      0 < S 0:0(0) win 65535 <mss 1460>
      0 > S. 0:0(0) ack 1
      0 < R 2:2(0)
      0 > . 1:1(0) ack 1
      0 = connections 1
      0 < R 1:1(0)
      0 = connections 0
    `,
  )
})
