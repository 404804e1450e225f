import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.js'
import { UsageError } from '../../src/base/errors.js'
import { captureName, readCapture } from '../../src/node/capture-input.js'

const folder = mkdtempSync(join(tmpdir(), 'bootwire-input-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function readAll(...input: Parameters<typeof readCapture>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readCapture(...input)) chunks.push(chunk)
  return chunks
}

async function complaint(path: string): Promise<string> {
  try {
    await readAll(path)
  } catch (error) {
    if (error instanceof UsageError) return error.toLine()
    throw error
  }
  return 'none'
}

async function* arriving(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}

describe('readCapture', () => {
  it('gives the octets of a file, in chunks that stay what they are', async () => {
    const path = join(folder, 'large.pcap')
    const octets = Uint8Array.from({ length: 1_300_000 }, (_, i) => (i * 7) ^ (i >> 8))
    writeFileSync(path, octets)
    const chunks = await readAll(path)
    expect(chunks.length).toBeGreaterThan(2)
    expect(Buffer.compare(concatBytes(chunks), octets)).toBe(0)
  })

  it('gives nothing of an empty file: that is for the reader of captures to say', async () => {
    const path = join(folder, 'empty.pcap')
    writeFileSync(path, '')
    expect(await readAll(path)).toEqual([])
  })

  it('says in one line why there is nothing to read', async () => {
    const file = join(folder, 'file.pcap')
    writeFileSync(file, 'x')
    mkdirSync(join(folder, 'sub'))
    expect(await complaint(join(folder, 'none.pcap'))).toBe(`${folder}/none.pcap: no such file`)
    expect(await complaint(join(file, 'below'))).toBe(`${file}/below: no such file`)
    expect(await complaint(join(folder, 'sub'))).toBe(`${folder}/sub: is a directory, not a capture file`)
    expect(await complaint(join(folder, 'x'.repeat(300)))).toMatch(/: no such file: the name is too long$/)
  })

  it.skipIf(process.getuid?.() === 0)('says when it may not read (skipped for root, who may)', async () => {
    const path = join(folder, 'secret.pcap')
    writeFileSync(path, 'x')
    chmodSync(path, 0)
    expect(await complaint(path)).toBe(`${path}: permission denied`)
  })

  it('takes standard input for -, chunk by chunk', async () => {
    const chunks = [Uint8Array.of(1, 2), Uint8Array.of(3)]
    expect(await readAll('-', arriving(...chunks))).toEqual(chunks)
    expect(captureName('-')).toBe('standard input')
    expect(captureName('a/b.pcap')).toBe('a/b.pcap')
  })

  it('does not wait for a terminal', async () => {
    const terminal = Object.assign(arriving(), { isTTY: true })
    await expect(readAll('-', terminal)).rejects.toThrow(UsageError)
  })

  it('closes the file when the reader has had enough', async () => {
    const path = join(folder, 'large.pcap')
    for (let i = 0; i < 3000; i++) {
      for await (const chunk of readCapture(path)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
    }
  })
})
