import { describe, expect, it } from 'vitest'
import { concatBytes, latin1, latin1Bytes } from '../../src/base/bytes.js'
import { imageHead, imageName, imageProblem, MAX_IMAGE_HEAD } from '../../src/deskphone/software-image.js'
import { imageOf } from '../../src/servers/file-store.js'

const SIZE = 5000
const whole = imageOf(SIZE, 7, imageHead(SIZE, 'ha1608ua1_3500.bin')).read(0, SIZE)

describe('an image of ours', () => {
  it('says what software it is, and passes when it came whole', () => {
    const beginning = whole.subarray(0, MAX_IMAGE_HEAD)
    expect(imageName(beginning)).toBe('ha1608ua1_3500.bin')
    expect(imageProblem(beginning, SIZE)).toBeUndefined()
    expect(imageOf(SIZE, 7, imageHead(SIZE, 'a')).tag).not.toBe(imageOf(SIZE, 7, imageHead(SIZE, 'b')).tag)
  })

  it('does not pass when octets are missing, or it came as lines of text', () => {
    expect(imageProblem(whole.subarray(0, MAX_IMAGE_HEAD), SIZE - 1)).toMatch(/4999 octets, 5000 expected/)
    const asText = latin1Bytes(latin1(whole).replace(/\n/g, '\r\n'))
    expect(imageProblem(asText.subarray(0, MAX_IMAGE_HEAD), asText.length)).toBeDefined()
    const asUnixText = latin1Bytes(latin1(whole).replace(/\r\n/g, '\n'))
    expect(imageProblem(asUnixText.subarray(0, MAX_IMAGE_HEAD), asUnixText.length)).toBeDefined()
  })

  it('does not pass with any octet of its head changed, the first three apart, which make it a stranger', () => {
    const length = imageHead(SIZE, 'ha1608ua1_3500.bin').length
    for (let at = 3; at < length; at++) {
      const damaged = whole.slice(0, MAX_IMAGE_HEAD)
      damaged[at]! ^= 0x40
      expect(imageProblem(damaged, SIZE), `octet ${at}`).toBeDefined()
    }
  })

  it('has no head when it is too small for one; of strangers only the empty one is refused', () => {
    expect(imageHead(10, 'x.bin').length).toBe(0)
    expect(imageProblem(latin1Bytes('any'), 3)).toBeUndefined()
    expect(imageName(latin1Bytes('any'))).toBeUndefined()
    expect(imageProblem(new Uint8Array(0), 0)).toBe('no octets')
    expect(imageName(concatBytes([whole.subarray(0, 20)]))).toBeUndefined()
  })
})
