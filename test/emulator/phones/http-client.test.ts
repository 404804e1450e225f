import { describe, expect, it } from 'vitest'
import { basicAuthorization, basicRealm } from '../../../src/emulator/phones/http-client.js'

const challenge = (value: string) => basicRealm([{ name: 'WWW-Authenticate', value }])

describe('Basic authentication', () => {
  it.each(['', 'a:', 'Aladdin:open sesame', 'phone:\xe4\xf6\xfc', 'x:yz', 'user:a:b'])('encodes %j', (text) => {
    const colon = text.indexOf(':')
    const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
    const expected = `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`
    expect(basicAuthorization(user, password)).toBe(expected)
  })

  it('is the example of RFC 7617 §2', () => {
    expect(basicAuthorization('Aladdin', 'open sesame')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
  })

  it('finds the realm of a challenge, whatever else is offered', () => {
    expect(challenge('Basic realm="WallyWorld"')).toBe('WallyWorld')
    expect(challenge('basic realm=plain, charset="UTF-8"')).toBe('plain')
    expect(challenge('Basic charset="UTF-8", realm="a \\"b\\""')).toBe('a "b"')
    expect(challenge('Digest realm="d", nonce="n", Basic realm="b"')).toBe('b')
    expect(challenge('Basic')).toBe('')
  })

  it('finds none where only Digest is offered', () => {
    expect(challenge('Digest realm="d", nonce="Basic realm"')).toBeUndefined()
    expect(basicRealm([])).toBeUndefined()
  })
})
