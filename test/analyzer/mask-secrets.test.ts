import { describe, expect, it } from 'vitest'
import { MASK, maskText } from '../../src/analyzer/mask-secrets.js'

describe('maskText', () => {
  it.each([
    ['MCIPADD=10.0.0.5,PROCPSWD=27238,L2Q=1', `MCIPADD=10.0.0.5,PROCPSWD=${MASK},L2Q=1`],
    ['procpswd="27 238"', `procpswd=${MASK}`],
    ['PROCPSWD: S3CRET is not digits (octet 46)', `PROCPSWD: ${MASK} is not digits (octet 46)`],
    ['GET http://phone:S3CRET@10.0.0.2/backup', `GET http://phone:${MASK}@10.0.0.2/backup`],
  ])('masks %s', (text, masked) => {
    expect(maskText(text)).toBe(masked)
  })

  it.each(['PROCPSWD=', 'http://10.0.0.2:8080/a@b', 'PROCSTAT=1', 'password'])('leaves %s alone', (text) => {
    expect(maskText(text)).toBe(text)
  })
})
