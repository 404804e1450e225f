/**
 * Certificates for emulated and test servers: a root that stands for the vendor's own (avaya.md §2.4: a 4600 set trusts
 * no other), a second one, and what a server may show of them, right and wrong.
 *
 * The same arguments give the same octets: keys are constants (test-keys.ts), serial numbers come from the contents,
 * RSA signatures of PKCS #1 v1.5 have no chance in them. RSA also keeps the length of a handshake the same from run
 * to run. Validity is either over or as wide as X.509 can say without fuss, because OpenSSL compares it with the real
 * clock and a phone with its own.
 */
import { constants, createHash } from 'node:crypto'
import type { SecureVersion, TlsOptions } from 'node:tls'
import forge from 'node-forge'
import { TEST_KEY_OF_OTHER_ROOT, TEST_KEY_OF_PRODUCT_ROOT, TEST_KEY_OF_SERVERS } from './test-keys.js'

export const CERTIFICATE_KINDS = [
  'product', // signed by the product root
  'other', // signed by the other root
  'self-signed',
  'expired', // signed by the product root, and over since 2020
  'not-yet-valid', // signed by the product root, from 2090 on
  'wrong-name', // signed by the product root, for another server
] as const

export type CertificateKind = (typeof CERTIFICATE_KINDS)[number]

/** PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** Versions as scenarios write them. */
export const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]

interface Period {
  readonly from: string
  readonly until: string
}

const ALWAYS: Period = { from: '2000-01-01T00:00:00Z', until: '2099-12-31T23:59:59Z' }
const OVER: Period = { from: '2015-01-01T00:00:00Z', until: '2020-01-01T00:00:00Z' }
const TO_COME: Period = { from: '2090-01-01T00:00:00Z', until: '2099-12-31T23:59:59Z' }

const PRODUCT_ROOT = 'Emulated Product Root CA'
const OTHER_ROOT = 'Emulated Other Root CA'
const WRONG_NAME = 'another-server.example'

/** Certificates made so far; making one takes tens of milliseconds. */
const made = new Map<string, string>()
const MAX_MADE = 1000

/** The root that the phones trust, PEM. */
export function productRoot(): string {
  return root(PRODUCT_ROOT, TEST_KEY_OF_PRODUCT_ROOT)
}

/** Another root, PEM. */
export function otherRoot(): string {
  return root(OTHER_ROOT, TEST_KEY_OF_OTHER_ROOT)
}

function root(name: string, key: string): string {
  return make({ subject: name, subjectKey: key, issuer: name, issuerKey: key, period: ALWAYS, names: [], isRoot: true })
}

/**
 * @param names what the certificate is for, the first of them its common name: DNS names and IPv4 addresses
 */
export function serverCertificate(kind: CertificateKind, names: readonly string[]): ServerCertificate {
  const own = kind === 'wrong-name' ? [WRONG_NAME] : names
  const subject = own[0] ?? 'server'
  const key = TEST_KEY_OF_SERVERS
  const [issuer, issuerKey] =
    kind === 'self-signed'
      ? [subject, key]
      : kind === 'other'
        ? [OTHER_ROOT, TEST_KEY_OF_OTHER_ROOT]
        : [PRODUCT_ROOT, TEST_KEY_OF_PRODUCT_ROOT]
  const period = kind === 'expired' ? OVER : kind === 'not-yet-valid' ? TO_COME : ALWAYS
  return { key, cert: make({ subject, subjectKey: key, issuer, issuerKey, period, names: own, isRoot: false }) }
}

interface Contents {
  readonly subject: string
  readonly subjectKey: string
  readonly issuer: string
  readonly issuerKey: string
  readonly period: Period
  readonly names: readonly string[]
  readonly isRoot: boolean
}

function make(contents: Contents): string {
  const identity = JSON.stringify(contents)
  const known = made.get(identity)
  if (known !== undefined) return known
  const { subject, subjectKey, issuer, issuerKey, period, names, isRoot } = contents
  const { pki } = forge
  const certificate = pki.createCertificate()
  const privateKey = pki.privateKeyFromPem(subjectKey)
  certificate.publicKey = pki.rsa.setPublicKey(privateKey.n, privateKey.e)
  // Positive, RFC 5280 §4.1.2.2.
  certificate.serialNumber = `00${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`
  certificate.validity.notBefore = new Date(period.from)
  certificate.validity.notAfter = new Date(period.until)
  certificate.setSubject(distinguishedName(subject))
  certificate.setIssuer(distinguishedName(issuer))
  const alternatives = names.map((name) => (isAddress(name) ? { type: 7, ip: name } : { type: 2, value: name }))
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isRoot, critical: true },
    isRoot
      ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
      : { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    ...(isRoot ? [] : [{ name: 'extKeyUsage', serverAuth: true }]),
    ...(alternatives.length > 0 ? [{ name: 'subjectAltName', altNames: alternatives }] : []),
    { name: 'subjectKeyIdentifier' },
  ])
  certificate.sign(pki.privateKeyFromPem(issuerKey), forge.md.sha256.create())
  const pem = pki.certificateToPem(certificate).replaceAll('\r\n', '\n')
  if (made.size < MAX_MADE) made.set(identity, pem)
  return pem
}

function distinguishedName(commonName: string): forge.pki.CertificateField[] {
  return [
    { name: 'organizationName', value: 'bootwire emulated site' },
    { name: 'commonName', value: commonName },
  ]
}

function isAddress(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name)
}

export interface TlsSettings {
  readonly certificate: CertificateKind | ServerCertificate
  /** What the certificate is for, when it is made here. */
  readonly names: readonly string[]
  /** 1.0 unless told. */
  readonly minVersion?: TlsVersion
  /** 1.3 unless told. */
  readonly maxVersion?: TlsVersion
  /** OpenSSL's names, joined by colons; of TLS 1.2 and before. */
  readonly ciphers?: string
}

/**
 * What a TLS server of Node is made with. TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL 3 allows at security level 0
 * only; SSL 3.0, RC4 and export ciphers are in no OpenSSL that Node ships.
 */
export function tlsOptions({
  certificate,
  names,
  minVersion = '1.0',
  maxVersion = '1.3',
  ciphers,
}: TlsSettings): TlsOptions {
  const { key, cert } = typeof certificate === 'string' ? serverCertificate(certificate, names) : certificate
  return {
    key,
    cert,
    minVersion: versionName(minVersion),
    maxVersion: versionName(maxVersion),
    ciphers: `${ciphers ?? 'ALL:!aNULL:!eNULL'}:@SECLEVEL=0`,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}

/** As Node writes it: `TLSv1` for 1.0. */
export function versionName(version: TlsVersion): SecureVersion {
  return version === '1.0' ? 'TLSv1' : `TLSv${version}`
}
