import { describe, expect, it } from 'vitest'
import { VlanChoice } from '../../../src/emulator/phones/vlan-choice.js'

function choice(l2q = 0, vlan = 0, keepsList = true): VlanChoice {
  const made = new VlanChoice(keepsList)
  made.begin({ l2q, vlan }, true)
  return made
}

describe('VlanChoice', () => {
  it('tags by L2Q and L2QVLAN', () => {
    expect([0, 1, 2].map((l2q) => choice(l2q, 20).tag)).toEqual([20, 20, undefined])
    expect([0, 1, 2].map((l2q) => choice(l2q, 0).tag)).toEqual([undefined, 0, undefined])
  })

  it('falls back to VLAN 0 under L2Q 1, and to no tag under L2Q 0', () => {
    const [on, auto] = [choice(1, 20), choice(0, 20)]
    on.expire()
    auto.expire()
    expect([on.tag, auto.tag]).toEqual([0, undefined])
  })

  it('moves for a VLAN that an option names, and not for 0', () => {
    expect(choice().order(undefined, 20)).toBe(true)
    expect(choice().order(1, 20)).toBe(true)
    expect(choice(1, 20).order(1, 20)).toBe(false)
    expect(choice(1, 20).order(1, 0)).toBe(false)
    expect(choice(1, 20).order(2, undefined)).toBe(true)
  })

  it('does not obey for a VLAN on which VLANTEST expired until somebody resets it', () => {
    const made = choice(0, 20)
    made.expire()
    expect(made.order(1, 20)).toBe(false)
    expect(made.tag).toBeUndefined()
    expect(made.order(undefined, 30)).toBe(true)
    made.begin({ l2q: 0, vlan: 20 }, false)
    expect(made.tag).toBeUndefined()
    made.begin({ l2q: 0, vlan: 20 }, true)
    expect(made.tag).toBe(20)
  })

  it('goes back and forth without VLANLIST', () => {
    const made = choice(0, 20, false)
    made.expire()
    expect(made.order(1, 20)).toBe(true)
  })

  it('lets LLDP have the last word', () => {
    const made = choice()
    expect(made.follow(1, 30)).toBe(true)
    expect(made.order(1, 20)).toBe(false)
    expect(made.tag).toBe(30)
    made.expire()
    expect(made.follow(1, 30)).toBe(false)
  })
})
