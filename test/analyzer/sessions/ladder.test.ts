import { describe, expect, it } from 'vitest'
import { ladderOf, MAX_STEPS } from '../../../src/analyzer/sessions/ladder.js'
import { Observed, PHONE_4600, SCRIPT_1600, healthyFiles } from '../observed.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'

function rungs(observed: Observed): string[] {
  const [session] = observed.sessions()
  return ladderOf(session!).map(
    ({ frames, from, to, label, kind }) => `#${frames.first}-${frames.last} ${from} > ${to} ${kind}: ${label}`,
  )
}

describe('ladder', () => {
  it('has a rung for each message, in the order of frames, and names the phone', () => {
    const steps = rungs(new Observed().lease(0, SITE).web(1, healthyFiles(1)))
    expect(steps.slice(0, 4)).toEqual([
      expect.stringMatching(/^#1-1 phone > broadcast message: DISCOVER$/),
      expect.stringMatching(/^#2-2 10\.20\.0\.\d+ > phone message: OFFER of 10\.20\.0\.120 from /),
      expect.stringMatching(/^#3-3 phone > broadcast message: REQUEST for 10\.20\.0\.120/),
      expect.stringMatching(/^#4-4 10\.20\.0\.\d+ > phone message: ACK of 10\.20\.0\.120/),
    ])
    expect(steps).toContainEqual(expect.stringMatching(/phone > 10\.20\.0\.2 message: GET \/16xxupgrade\.txt$/))
    expect(steps).toContainEqual(expect.stringMatching(/10\.20\.0\.2 > phone message: 200/))
    const first = steps.map((step) => Number(/^#(\d+)/.exec(step)![1]))
    expect(first).toEqual([...first].sort((a, b) => a - b))
  })

  it('draws repeats as one rung with their count', () => {
    const steps = new Observed().message(0, 'discover').message(4, 'discover').message(12, 'discover').sessions()
    const [rung] = ladderOf(steps[0]!)
    expect(rung).toMatchObject({ kind: 'repeat', frames: { first: 1, last: 3, count: 3 }, label: 'DISCOVER' })
  })

  it('draws the silence that the phone waited through', () => {
    const steps = rungs(
      new Observed()
        .lease(0, SITE, { mac: PHONE_4600 })
        .web(1, { mac: PHONE_4600, exchanges: [{ path: '/46xxupgrade.scr', wait: 30 }] }),
    )
    expect(steps).toContainEqual(expect.stringMatching(/10\.20\.0\.2 > phone silence: no answer in 30 s$/))
  })

  it('tells a closed port from one that drops', () => {
    const lease = () => new Observed().lease(0, SITE)
    expect(rungs(lease().web(1, { answer: 'refuses' }))).toContainEqual(
      expect.stringMatching(/10\.20\.0\.2 > phone error: RST, port 80 is closed$/),
    )
    const dropped = rungs(lease().web(1, { answer: 'silent', synsAfter: [1, 3] }))
    expect(dropped).toContainEqual(expect.stringMatching(/phone > 10\.20\.0\.2 repeat: SYN to port 80, 3 times$/))
    expect(dropped).toContainEqual(expect.stringMatching(/10\.20\.0\.2 > phone silence: no answer$/))
  })

  it('draws a TFTP transfer with its blocks as one rung, and its error as one', () => {
    const observed = new Observed()
      .lease(0, SITE, { mac: PHONE_4600 })
      .tftp(1, { mac: PHONE_4600, filename: '46xxupgrade.scr', content: SCRIPT_1600 })
      .tftp(2, { mac: PHONE_4600, filename: 'gone.txt', error: { code: 1, message: 'File not found' } })
    const steps = rungs(observed)
    expect(steps).toContainEqual(expect.stringMatching(/> phone bulk: DATA, 1 block, \d+ octets$/))
    expect(steps).toContainEqual(expect.stringMatching(/> phone error: ERROR 1 File not found$/))
  })

  it('has a bound', () => {
    const observed = new Observed().lease(0, SITE)
    for (let i = 0; i < MAX_STEPS; i++) {
      observed.web(1 + i, { port: 1025 + i, exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
    }
    expect(ladderOf(observed.sessions()[0]!)).toHaveLength(MAX_STEPS)
  })
})
