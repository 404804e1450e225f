/**
 * The sentence for a file that is no capture, or none that is read here. Names what it is where its first octets say so,
 * and what would make it readable.
 */
import { latin1, toHex } from '../base/bytes.js'

/** First octets of other formats, as lower-case hexadecimal. */
const KNOWN: readonly (readonly [prefix: string, what: string])[] = [
  ['736e6f6f70000000', foreign('Solaris snoop')],
  ['6274736e6f6f7000', 'a btsnoop file holds Bluetooth traffic, no network capture'],
  ['52545353', foreign('Microsoft Network Monitor 1')],
  ['474d4255', foreign('Microsoft Network Monitor 2')],
  ['58435000', foreign('NetXray')],
  ['5452534e4946', foreign('Sniffer')],
  ['4f62736572766572', foreign('Observer')],
  ['05564e46', foreign('Visual Networks')],
  ['aaaaaaaa20000000', foreign('5View')],
  ['54520064', foreign('HP-UX nettl')],
  ['1f8b', 'the file is compressed with gzip twice; decompress it with: gunzip'],
  ['28b52ffd', packed('zstd', 'zstd -d')],
  ['04224d18', packed('lz4', 'lz4 -d')],
  ['fd377a585a00', packed('xz', 'xz -d')],
  ['425a68', packed('bzip2', 'bunzip2')],
  ['1f9d', packed('compress', 'uncompress')],
  ['504b0304', 'this is a zip archive; unpack the capture first'],
  ['377abcaf271c', 'this is a 7-Zip archive; unpack the capture first'],
  ['52617221', 'this is a RAR archive; unpack the capture first'],
]

function foreign(format: string): string {
  return `${format} captures are not supported yet; convert it with: editcap -F pcapng IN OUT`
}

function packed(format: string, remedy: string): string {
  return `captures compressed with ${format} are not supported yet; decompress it with: ${remedy}`
}

/** Octets that a sentence quotes. */
const QUOTED_TEXT = 24
const QUOTED_OCTETS = 8

/** @param head what the file begins with, at least eight octets where there are that many */
export function notACapture(head: Uint8Array): string {
  if (head.length === 0) return 'the file is empty'
  const hex = toHex(head)
  const known = KNOWN.find(([prefix]) => hex.startsWith(prefix))
  if (known) return known[1]
  const line = latin1(head, 0, Math.min(head.length, QUOTED_TEXT)).split(/[\r\n]/, 1)[0] ?? ''
  if (line.length >= 3 && /^[\t -~]*$/.test(line)) return `not a capture file: begins with "${line}"`
  return `not a capture file: begins with the octets ${toHex(head.subarray(0, QUOTED_OCTETS), ' ')}`
}
