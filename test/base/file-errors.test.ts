import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/base/errors.js'
import { asUsageError, reasonOf } from '../../src/base/file-errors.js'

function errorOf(path: string): unknown {
  try {
    readFileSync(path)
  } catch (error) {
    return error
  }
  throw new Error(`${path} can be read`)
}

describe('asUsageError', () => {
  it.each([
    ['/no/such/file', 'capture.pcap: no such file'],
    ['/', 'capture.pcap: is a directory, not a capture file'],
    ['a\0b', 'capture.pcap: no file can have this name'],
  ])('says in words what the system said about %j', (path, line) => {
    const error = asUsageError(errorOf(path), 'capture.pcap', 'capture file')
    expect(error instanceof UsageError && error.toLine()).toBe(line)
  })

  it('leaves defects what they are', () => {
    const defect = new TypeError('x is not a function')
    expect(asUsageError(defect, 'x')).toBe(defect)
    const usage = new UsageError('no', { file: 'y' })
    expect(asUsageError(usage, 'x')).toBe(usage)
  })

  it('shows an empty name', () => {
    const error = asUsageError(errorOf(''), '')
    expect(error instanceof UsageError && error.toLine()).toBe("'': no such file")
  })
})

describe('reasonOf', () => {
  it('gives the code of what has no words yet', () => {
    expect(reasonOf(Object.assign(new Error('x'), { code: 'EXDEV', syscall: 'rename' }))).toBe('EXDEV')
  })
})
