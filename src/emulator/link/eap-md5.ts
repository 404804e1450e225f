import { createHash } from 'node:crypto'

/**
 * MD5 over identifier, secret and challenge: RFC 1994 §4.1, which RFC 3748 §5.4 refers to.
 *
 * @param password a character per octet
 */
export function md5Response(identifier: number, password: string, challenge: Uint8Array): Uint8Array {
  const hash = createHash('md5').update(Uint8Array.of(identifier)).update(Buffer.from(password, 'latin1'))
  return new Uint8Array(hash.update(challenge).digest())
}
