import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/base/errors.js'
import { loadScenario } from '../../src/scenario/load-scenario-file.js'

const folder = mkdtempSync(join(tmpdir(), 'bootwire-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function complaint(octets: Uint8Array): string {
  const file = join(folder, 'site.yaml')
  writeFileSync(file, octets)
  try {
    loadScenario(file)
  } catch (error) {
    if (error instanceof UsageError) return error.toLine().replace(`${folder}/`, '')
    throw error
  }
  return ''
}

describe('a scenario file', () => {
  it('must be UTF-8, and says where it is not', () => {
    const text = 'phones: [{ model: 1608 }]\nname: caf\u00e9\n'
    expect(complaint(Buffer.from(text, 'latin1'))).toBe('site.yaml:2:10: not UTF-8; save the scenario in that encoding')
    expect(complaint(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe(
      'site.yaml:1:1: not UTF-8; save the scenario in that encoding',
    )
    expect(complaint(Buffer.from(text, 'utf8'))).toBe('')
  })

  it('may have a replacement character of its own, a byte order mark, and lines of Windows', () => {
    expect(complaint(Buffer.from('\ufeffphones: [{ model: 1608 }]\r\nname: \ufffd\r\n', 'utf8'))).toBe('')
  })
})
