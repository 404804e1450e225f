import { describe, expect, it } from 'vitest'
import { Random } from '../../../src/base/random.js'
import { Authenticator, knownChallenge } from '../../../src/emulator/phones/authenticator.js'
import { parseAuthorization } from '../../../src/wire/http-auth.js'

const challenge = (value: string, digest = true) => knownChallenge([{ name: 'WWW-Authenticate', value }], digest)
const DIGEST = 'Digest realm="d", qop="auth", nonce="n1"'
const USER = { user: 'phone', password: 'secret' }

describe('a challenge', () => {
  it('is answered by Digest before Basic, by the first algorithm that is known', () => {
    expect(challenge(`Basic realm="b", ${DIGEST}`)).toMatchObject({ scheme: 'digest', realm: 'd', algorithm: 'MD5' })
    const several = `Digest realm="x", qop="auth", algorithm=SHA-512-256, nonce="a", ${DIGEST}, algorithm=SHA-256`
    expect(challenge(several)).toMatchObject({ realm: 'd', algorithm: 'SHA-256', nonce: 'n1', stale: false })
    expect(challenge(`${DIGEST}, stale=TRUE`)).toMatchObject({ stale: true })
  })

  it('is answered by Basic where Digest is not, or not as the phone knows it', () => {
    expect(challenge(`${DIGEST}, Basic realm="b"`, false)).toMatchObject({ scheme: 'basic', realm: 'b' })
    expect(challenge('Digest realm="d", nonce="n", qop="auth-int", Basic realm="b"')?.scheme).toBe('basic')
    expect(challenge('Digest realm="d", nonce="n", Basic realm="b"')?.scheme).toBe('basic') // RFC 2069, no qop
    expect(challenge('basic')).toMatchObject({ realm: '' })
  })

  it('is not answered when nothing in it is known', () => {
    expect(challenge('Negotiate, NTLM')).toBeUndefined()
    expect(challenge(DIGEST, false)).toBeUndefined()
    expect(knownChallenge([], true)).toBeUndefined()
  })
})

describe('Digest over several requests', () => {
  const given = (value: string | undefined) => Object.fromEntries(parseAuthorization(value ?? '')?.parameters ?? [])

  it('counts the uses of a nonce, with another cnonce each, and begins again with another', () => {
    const phone = new Authenticator(new Random(1))
    const first = given(phone.answer(challenge(DIGEST)!, USER, 'GET', '/a'))
    const second = given(phone.again(USER, 'PUT', '/b'))
    expect([first['nc'], second['nc']]).toEqual(['00000001', '00000002'])
    expect(first['cnonce']).not.toBe(second['cnonce'])
    expect(first['response']).not.toBe(second['response'])
    expect(second['uri']).toBe('/b')
    const other = given(phone.answer(challenge('Digest realm="d", qop="auth", nonce="n2"')!, USER, 'GET', '/a'))
    expect(other['nc']).toBe('00000001')
  })

  it('is sent unasked only for the credentials that were used, and not after it was refused', () => {
    const phone = new Authenticator(new Random(1))
    expect(phone.again(USER, 'GET', '/a')).toBeUndefined()
    phone.answer(challenge(DIGEST)!, USER, 'GET', '/a')
    expect(phone.again(null, 'GET', '/a')).toBeUndefined()
    expect(phone.again({ user: 'phone', password: 'other' }, 'GET', '/a')).toBeUndefined()
    phone.forget()
    expect(phone.again(USER, 'GET', '/a')).toBeUndefined()
  })
})
