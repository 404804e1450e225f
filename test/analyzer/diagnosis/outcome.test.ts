/** Outcomes by their definitions, beyond what the rules' own tests show. */
import { describe, expect, it } from 'vitest'
import { Observed, PHONE_4600, SCRIPT_1600, SETTINGS, healthyFiles } from '../observed.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const leased = (): Observed => new Observed().lease(0, SITE)
const outcome = (observed: Observed, quiet = 60): unknown => {
  const { outcome: result, rootCause } = observed.reports(quiet)[0]!
  return [result, rootCause]
}

describe('outcome', () => {
  it('is booted with script and settings', () => {
    expect(outcome(leased().web(1, healthyFiles(1)))).toEqual(['booted', null])
  })

  it('is booted with a script that includes no settings file', () => {
    const observed = leased().web(1, {
      exchanges: [{ path: '/16xxupgrade.txt', status: 200, body: 'SET APPNAME ha1608ua1_3500.bin\n' }],
    })
    expect(outcome(observed, 1)).toEqual(['booted', null])
  })

  it('is booted for the boot that ends in a new application and a reset', () => {
    const observed = leased()
      .web(1, {
        exchanges: [
          { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 },
          { path: '/ha1608ua1_3500.bin', status: 200, body: 'image' },
        ],
      })
      .lease(60, SITE, { xid: 9 })
      .web(61, healthyFiles(61))
    expect(observed.reports().map(({ outcome: result }) => result)).toEqual(['booted', 'booted'])
  })

  it('is incomplete when the capture holds DHCP alone', () => {
    expect(outcome(leased())).toEqual(['incomplete', null])
  })

  it('is incomplete when the capture ends while the phone waits for the script', () => {
    const observed = leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', endedBy: 'none' }] })
    expect(outcome(observed, 1)).toEqual(['incomplete', null])
  })

  it('is incomplete when the capture ends in the middle of the fallback', () => {
    const observed = new Observed()
      .lease(0, SITE, { mac: PHONE_4600, asks: [1, 176] })
      .web(1, { mac: PHONE_4600, answer: 'refuses' })
      .tftp(2, { filename: '46xxupgrade.scr', silent: true })
    expect(outcome(observed, 1)).toEqual(['incomplete', null])
  })

  it('is degraded when the phone registers without having obtained a file', () => {
    const observed = leased()
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
      .web(9, { server: '10.20.0.5', serverPort: 1720 })
    expect(outcome(observed)).toEqual(['degraded', 'http-not-found'])
  })

  it('is failed when every server in the list fails, by the first of the failures', () => {
    const observed = leased()
      .web(1, { answer: 'refuses' })
      .web(2, { server: '10.20.0.3', exchanges: [{ path: '/16xxupgrade.txt', status: 500 }] })
    expect(outcome(observed)).toEqual(['failed', 'http-connect-refused'])
  })

  it('is booted on a phone that is first seen fetching its files', () => {
    expect(outcome(new Observed().web(0, { ...healthyFiles(0), mac: null }))).toEqual(['booted', null])
  })

  it('has a root cause even where no rule names the failure itself', () => {
    expect(outcome(leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 429 }] }))).toEqual([
      'failed',
      'script-not-obtained',
    ])
    const refused = leased().web(1, {
      exchanges: [
        { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 },
        { path: '/46xxsettings.txt', status: 418 },
      ],
    })
    expect(outcome(refused)).toEqual(['degraded', 'settings-not-obtained'])
  })

  it('is incomplete when the phone never asks for the settings that its script names', () => {
    const scriptOnly = leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 }] })
    expect(outcome(scriptOnly, 120)).toEqual(['incomplete', null])
  })

  it('names the silent router before what the phone would have come to later', () => {
    const observed = new Observed().lease(0, null, { options: { 3: [10, 20, 0, 254] } })
    for (let second = 1; second < 10; second++) observed.arp(second, { target: '10.20.0.254' })
    expect(outcome(observed)).toEqual(['failed', 'gateway-unreachable'])
  })

  it('is incomplete when the capture ends with a NAK', () => {
    const observed = new Observed()
      .message(0, 'request', { address: '10.99.0.5', xid: 1 })
      .message(0.01, 'nak', { xid: 1 })
    expect(outcome(observed, 1)).toEqual(['incomplete', null])
  })

  it('leaves retransmissions out of account', () => {
    const observed = leased().web(1, { ...healthyFiles(1), retransmissions: ['server'] })
    expect(outcome(observed)).toEqual(['booted', null])
  })

  it('takes the settings alone for a boot of which the capture lacks the beginning', () => {
    const observed = new Observed().web(0, { exchanges: [{ path: '/46xxsettings.txt', status: 200, body: SETTINGS }] })
    expect(outcome(observed)).toEqual(['booted', null])
  })
})
