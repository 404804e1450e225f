/**
 * The address behind what a program gave a socket: an address at once, a name by the host's name service or by the
 * program's own `lookup`, later.
 */
import { isIP } from 'node:net'
import { parseAddress } from '../../wire/ipv4.js'
import { GETADDRINFO, lookupError } from './dns.js'
import type { Machine } from './machine.js'

/** As dns.lookup; sockets ask for one address or, with `all`, for a list. */
export type Lookup = (
  hostname: string,
  options: { family?: number; hints?: number; all?: boolean },
  callback: (error: Error | null, address: string | readonly { address: string }[], family?: number) => void,
) => void

export function findAddress(
  machine: Machine,
  name: string,
  lookup: Lookup | undefined,
  done: (address: number | Error) => void,
): void {
  const literal = parseAddress(name)
  if (literal !== undefined) return done(literal)
  if (lookup !== undefined) {
    lookup(name, { family: 4 }, (error, found) => {
      machine.sim.nodeCodeRan()
      const text = typeof found === 'string' ? found : found?.[0]?.address
      if (error) done(error)
      else done((text === undefined ? undefined : parseAddress(text)) ?? lookupError('ENOTFOUND', name))
    })
    return
  }
  const known = machine.names.known(name)
  if (known !== undefined) return done(known)
  if (isIP(name) === 6 || machine.names.servers.length === 0) return done(lookupError('ENOTFOUND', name))
  machine.names.lookup(name, GETADDRINFO, (found) =>
    machine.enter(() => done('error' in found ? lookupError(found.error, name) : found.addresses[0]!)),
  )
}
