import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  CERTIFICATE_KINDS,
  otherRoot,
  productRoot,
  serverCertificate,
  type CertificateKind,
} from '../../src/servers/certificates.js'

const read = (kind: CertificateKind, names = ['files.office.example', '10.20.0.2']): X509Certificate =>
  new X509Certificate(serverCertificate(kind, names).cert)

describe('certificates', () => {
  const product = new X509Certificate(productRoot())
  const other = new X509Certificate(otherRoot())

  it('has two roots that vouch for themselves and not for each other', () => {
    expect(product.ca && other.ca).toBe(true)
    expect(product.verify(product.publicKey)).toBe(true)
    expect(other.verify(other.publicKey)).toBe(true)
    expect(other.verify(product.publicKey)).toBe(false)
  })

  it.each(CERTIFICATE_KINDS)('signs a %s certificate as it says', (kind) => {
    const certificate = read(kind)
    const byProduct = !['other', 'self-signed'].includes(kind)
    expect(certificate.verify(product.publicKey) && certificate.checkIssued(product)).toBe(byProduct)
    expect(certificate.verify(other.publicKey)).toBe(kind === 'other')
    expect(certificate.verify(certificate.publicKey)).toBe(kind === 'self-signed')
    expect(certificate.ca).toBe(false)
    const right = kind !== 'wrong-name'
    expect(certificate.checkHost('files.office.example') !== undefined).toBe(right)
    expect(certificate.checkIP('10.20.0.2') !== undefined).toBe(right)
    const [from, until] = [new Date(certificate.validFrom), new Date(certificate.validTo)]
    const now = new Date('2026-01-05T08:00:00Z')
    expect(from <= now).toBe(kind !== 'not-yet-valid')
    expect(now <= until).toBe(kind !== 'expired')
  })

  it('makes the same octets each time, and others for others', () => {
    expect(serverCertificate('product', ['a.example']).cert).toBe(serverCertificate('product', ['a.example']).cert)
    expect(read('product', ['a.example']).serialNumber).not.toBe(read('product', ['b.example']).serialNumber)
    // The whole of it: what a run writes into its capture.
    expect(createHash('sha256').update(product.raw).digest('hex')).toMatchInlineSnapshot(
      `"2d185557f71d521f81770bd0ec2910c0a6154439e4926fa3bffa6794a413bd62"`,
    )
  })
})
