/**
 * Every finding code the analyzer can emit, in the order of a boot.
 */
import type { CaptureRule, CatalogueEntry, Rule } from './rule.js'
import { backupPutFailed } from './rules/backup-put-failed.js'
import { captureTruncatedFile } from './rules/capture-truncated-file.js'
import { dhcpNak } from './rules/dhcp-nak.js'
import { dhcpNoAck } from './rules/dhcp-no-ack.js'
import { dhcpNoOffer } from './rules/dhcp-no-offer.js'
import { dhcpOfferIgnored } from './rules/dhcp-offer-ignored.js'
import { fallbackToTftp } from './rules/fallback-to-tftp.js'
import { httpAuthFailed } from './rules/http-auth-failed.js'
import { httpAuthRequired } from './rules/http-auth-required.js'
import { httpConnectRefused } from './rules/http-connect-refused.js'
import { httpConnectTimeout } from './rules/http-connect-timeout.js'
import { httpNotFound } from './rules/http-not-found.js'
import { httpResponseTimeout } from './rules/http-response-timeout.js'
import { httpServerError } from './rules/http-server-error.js'
import { httpTruncatedBody } from './rules/http-truncated-body.js'
import { siteOptionMalformed } from './rules/site-option-malformed.js'
import { siteOptionMissing } from './rules/site-option-missing.js'
import { siteOptionNoFileServer } from './rules/site-option-no-file-server.js'
import { tcpRetransmissions } from './rules/tcp-retransmissions.js'
import { tftpFileNotFound } from './rules/tftp-file-not-found.js'
import { tftpRetransmissions } from './rules/tftp-retransmissions.js'
import { tftpTimeout } from './rules/tftp-timeout.js'

/** Rules about a boot session. */
export const sessionRules: readonly Rule[] = [
  dhcpNoOffer,
  dhcpOfferIgnored,
  dhcpNoAck,
  dhcpNak,
  siteOptionMissing,
  siteOptionMalformed,
  siteOptionNoFileServer,
  httpConnectTimeout,
  httpConnectRefused,
  httpResponseTimeout,
  httpNotFound,
  httpAuthRequired,
  httpAuthFailed,
  httpServerError,
  httpTruncatedBody,
  fallbackToTftp,
  tftpTimeout,
  tftpFileNotFound,
  tftpRetransmissions,
  backupPutFailed,
  tcpRetransmissions,
]

/** Rules about a capture as a whole. */
export const captureRules: readonly CaptureRule[] = [captureTruncatedFile]

export const catalogue: readonly CatalogueEntry[] = [...sessionRules, ...captureRules]

export function catalogueEntry(code: string): CatalogueEntry | undefined {
  return catalogue.find((entry) => entry.code === code)
}
