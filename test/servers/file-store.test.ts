import { describe, expect, it } from 'vitest'
import { latin1, latin1Bytes } from '../../src/base/bytes.js'
import { imageOf, MemoryFileStore, storePath } from '../../src/servers/file-store.js'
import type { StoredFile } from '../../src/servers/file-store.js'

const NOW = { seconds: 1_800_000_000, nanos: 0 }

describe('storePath', () => {
  it('makes one path of all ways to write it', () => {
    expect(['a/b.txt', '/a/b.txt', '//a//b.txt', './a/./b.txt', '/a/b.txt/'].map(storePath)).toEqual(
      Array(5).fill('a/b.txt'),
    )
  })

  it('lets nothing out of the store', () => {
    const bad = ['', '/', '..', '../x', 'a/../../x', 'a/..', 'a\\..\\x', 'a\0b', 'a\nb', 'x'.repeat(2000)]
    expect(bad.map(storePath)).toEqual(Array(bad.length).fill(undefined))
    expect(storePath('a..b/...')).toBe('a..b/...')
  })
})

describe('MemoryFileStore', () => {
  it('finds files, directories, nothing, and what is denied', async () => {
    const store = new MemoryFileStore().add('/dir/settings.txt', 'SET A 1').deny('secret')
    const file = (await store.find('dir/settings.txt')) as StoredFile
    expect(file).toMatchObject({ path: 'dir/settings.txt', size: 7 })
    expect(latin1(await file.read(4, 7))).toBe('A 1')
    expect(await store.find('dir')).toBe('directory')
    expect(await store.find('Dir/settings.txt')).toBe('missing')
    expect(await store.find('secret')).toBe('denied')
    expect(() => store.add('../x', '')).toThrow(TypeError)
  })

  it('replaces whole files: a reader keeps what it found', async () => {
    const store = new MemoryFileStore()
    expect(await store.write('backup/1.txt', latin1Bytes('old'), NOW)).toBe('created')
    const old = (await store.find('backup/1.txt')) as StoredFile
    expect(await store.write('backup/1.txt', latin1Bytes('newer'), NOW)).toBe('replaced')
    const newer = (await store.find('backup/1.txt')) as StoredFile
    expect(latin1(await old.read(0, 3))).toBe('old')
    expect(latin1(await newer.read(0, 5))).toBe('newer')
    expect(newer.etag).not.toBe(old.etag)
    expect(newer.modified).toBe(NOW)
  })

  it('keeps its own copy of what is written', async () => {
    const store = new MemoryFileStore()
    const octets = latin1Bytes('keep')
    await store.write('x', octets, NOW)
    octets.fill(0)
    expect(latin1(store.contentAt('x')!)).toBe('keep')
  })

  it('takes no more than it was told to, replaced files counted once', async () => {
    const store = new MemoryFileStore({ maxOctets: 10 }).add('given', new Uint8Array(1000))
    expect(await store.write('a', new Uint8Array(8), NOW)).toBe('created')
    expect(await store.write('b', new Uint8Array(3), NOW)).toBe('full')
    expect(await store.write('a', new Uint8Array(10), NOW)).toBe('replaced')
    expect(await store.remove('a')).toBe('removed')
    expect(await store.write('b', new Uint8Array(3), NOW)).toBe('created')
  })

  it('never has a file and a directory of one name', async () => {
    const store = new MemoryFileStore().add('a/b', '')
    expect(await store.write('a', new Uint8Array(0), NOW)).toBe('denied')
    expect(await store.write('a/b/c', new Uint8Array(0), NOW)).toBe('denied')
    expect(await store.remove('a/b')).toBe('removed')
    expect(await store.find('a')).toBe('missing')
    expect(await store.remove('a/b')).toBe('missing')
  })
})

describe('imageOf', () => {
  it('is the same octets for the same seed, from wherever it is read', () => {
    const image = imageOf(10_000, 7)
    const whole = image.read(0, 10_000)
    expect(whole.length).toBe(10_000)
    for (const [start, end] of [
      [0, 1],
      [1, 6],
      [4095, 4099],
      [9_999, 20_000],
    ] as const) {
      expect(image.read(start, end)).toEqual(whole.subarray(start, end))
    }
    expect(imageOf(10_000, 7).read(0, 10_000)).toEqual(whole)
    expect(imageOf(10_000, 8).read(0, 10_000)).not.toEqual(whole)
    expect(imageOf(10_000, 8).tag).not.toBe(image.tag)
    // Every octet value about as often as any other: nothing to compress.
    expect(new Set(whole).size).toBe(256)
  })
})
