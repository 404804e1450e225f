import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  basicAuthorization,
  digestAlgorithm,
  digestAuthorization,
  digestResponse,
  parseAuthorization,
  parseBasic,
  parseChallenges,
  quotedString,
  type DigestHash,
  type DigestInput,
} from '../../src/wire/http-auth.js'

const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'latin1')
    .digest('hex')

/** RFC 7616 §3.9.1, both algorithms. */
const EXAMPLE = {
  user: 'Mufasa',
  password: 'Circle of Life',
  realm: 'http-auth@example.org',
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  nc: '00000001',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
} as const

describe('Digest', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('with %s gives the response of RFC 7616 §3.9.1', (algorithm, response) => {
    const input: DigestInput = { ...EXAMPLE, algorithm }
    expect(digestResponse(hash, input)).toBe(response)
    const value = digestAuthorization(hash, input, 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS')
    const read = parseAuthorization(value)!
    expect(read.scheme).toBe('digest')
    expect(Object.fromEntries(read.parameters)).toEqual({
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      algorithm,
      nonce: EXAMPLE.nonce,
      nc: '00000001',
      cnonce: EXAMPLE.cnonce,
      qop: 'auth',
      response,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    })
  })

  it('without an algorithm is MD5; of others nothing is known', () => {
    expect(digestAlgorithm(undefined)).toBe('MD5')
    expect(digestAlgorithm('sha-256')).toBe('SHA-256')
    expect(digestAlgorithm('MD5-sess')).toBeUndefined()
    expect(digestAlgorithm('SHA-512-256')).toBeUndefined()
  })
})

describe('challenges', () => {
  it('come several in a header, several headers, commas in quotes', () => {
    const challenges = parseChallenges([
      'Digest realm="a, b", qop="auth,auth-int", nonce=abc , stale=FALSE, Basic realm="say \\"x\\""',
      'Negotiate',
    ])
    expect(challenges.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual([
      ['digest', { realm: 'a, b', qop: 'auth,auth-int', nonce: 'abc', stale: 'FALSE' }],
      ['basic', { realm: 'say "x"' }],
      ['negotiate', {}],
    ])
    expect(quotedString('say "x" \\')).toBe('"say \\"x\\" \\\\"')
  })

  it('that make no sense cost themselves only, and are bounded', () => {
    expect(parseChallenges(['', '=,=,"'])).toEqual([])
    expect(parseChallenges(Array.from({ length: 100 }, () => 'Basic'))).toHaveLength(16)
    const many = `Digest ${Array.from({ length: 200 }, (_, i) => `p${i}=1`).join(',')}`
    expect(parseChallenges([many])[0]!.parameters.size).toBe(32)
    expect(parseChallenges([`Basic realm="${'\\'.repeat(100_000)}`]).length).toBeGreaterThan(0)
    expect(parseAuthorization('')).toBeUndefined()
  })
})

describe('Basic', () => {
  it('is that of RFC 7617 §2, and every octet survives', () => {
    expect(basicAuthorization('Aladdin', 'open sesame')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
    const odd = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')
    for (const password of ['', 'a', 'ab', 'abc', 'with:colon', odd]) {
      const authorization = basicAuthorization('ü', password)
      expect(authorization).toBe(`Basic ${Buffer.from(`ü:${password}`, 'latin1').toString('base64')}`)
      expect(parseBasic(parseAuthorization(authorization)!.token)).toEqual({ user: 'ü', password })
    }
    expect(parseBasic('***')).toBeUndefined()
    expect(parseBasic('Zm9v')).toBeUndefined() // no colon
  })
})
