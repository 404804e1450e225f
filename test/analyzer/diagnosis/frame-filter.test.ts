import { describe, expect, it } from 'vitest'
import { frameFilter } from '../../../src/analyzer/diagnosis/frame-filter.js'

describe('frameFilter', () => {
  it('lists frames and folds runs of three and more', () => {
    expect(frameFilter([12, 14, 15, 18, 19, 20])).toBe('frame.number in {12,14,15,18..20}')
  })

  it('is empty for no frames', () => {
    expect(frameFilter([])).toBe('')
  })
})
