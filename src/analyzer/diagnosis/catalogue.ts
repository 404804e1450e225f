/**
 * Every finding code the analyzer can emit, in the order of a boot.
 */
import type { CaptureRule, CatalogueEntry, Rule } from './rule.js'
import { applicationNotObtained } from './rules/application-not-obtained.js'
import { arpUnanswered } from './rules/arp-unanswered.js'
import { backupPutFailed } from './rules/backup-put-failed.js'
import { captureDroppedPackets } from './rules/capture-dropped-packets.js'
import { captureMalformedFrames } from './rules/capture-malformed-frames.js'
import { captureSnaplen } from './rules/capture-snaplen.js'
import { captureOneSided } from './rules/capture-one-sided.js'
import { captureStartedLate } from './rules/capture-started-late.js'
import { captureTruncatedFile } from './rules/capture-truncated-file.js'
import { dhcpAddressConflict } from './rules/dhcp-address-conflict.js'
import { dhcpDecline } from './rules/dhcp-decline.js'
import { dhcpMultipleServers } from './rules/dhcp-multiple-servers.js'
import { dhcpNak } from './rules/dhcp-nak.js'
import { dhcpNakLoop } from './rules/dhcp-nak-loop.js'
import { dhcpNoAck } from './rules/dhcp-no-ack.js'
import { dhcpNoOffer } from './rules/dhcp-no-offer.js'
import { dhcpOfferIgnored } from './rules/dhcp-offer-ignored.js'
import { dhcpOfferWithoutLeaseTime } from './rules/dhcp-offer-without-lease-time.js'
import { dhcpShortLease } from './rules/dhcp-short-lease.js'
import { dhcpSlowOffer } from './rules/dhcp-slow-offer.js'
import { fallbackToTftp } from './rules/fallback-to-tftp.js'
import { gatewayUnreachable } from './rules/gateway-unreachable.js'
import { httpAuthFailed } from './rules/http-auth-failed.js'
import { httpAuthRequired } from './rules/http-auth-required.js'
import { httpConnectRefused } from './rules/http-connect-refused.js'
import { httpConnectTimeout } from './rules/http-connect-timeout.js'
import { httpForbidden } from './rules/http-forbidden.js'
import { httpHtmlErrorPage } from './rules/http-html-error-page.js'
import { httpMalformedResponse } from './rules/http-malformed-response.js'
import { httpNotFound } from './rules/http-not-found.js'
import { httpRedirect } from './rules/http-redirect.js'
import { httpReset } from './rules/http-reset.js'
import { httpResponseTimeout } from './rules/http-response-timeout.js'
import { httpServerError } from './rules/http-server-error.js'
import { httpSlowResponse } from './rules/http-slow-response.js'
import { httpTruncatedBody } from './rules/http-truncated-body.js'
import { icmpUnreachable } from './rules/icmp-unreachable.js'
import { restoreGetFailed } from './rules/restore-get-failed.js'
import { restoreNoBackupYet } from './rules/restore-no-backup-yet.js'
import { scriptNotObtained } from './rules/script-not-obtained.js'
import { settingsNotObtained } from './rules/settings-not-obtained.js'
import { siteOptionBadValue } from './rules/site-option-bad-value.js'
import { siteOptionMalformed } from './rules/site-option-malformed.js'
import { siteOptionMissing } from './rules/site-option-missing.js'
import { siteOptionNoFileServer } from './rules/site-option-no-file-server.js'
import { siteOptionTruncated } from './rules/site-option-truncated.js'
import { siteOptionUnknownName } from './rules/site-option-unknown-name.js'
import { siteOptionUnquotedList } from './rules/site-option-unquoted-list.js'
import { siteOptionWrongNumber } from './rules/site-option-wrong-number.js'
import { tcpRetransmissions } from './rules/tcp-retransmissions.js'
import { tftpAccessViolation } from './rules/tftp-access-violation.js'
import { tftpError } from './rules/tftp-error.js'
import { tftpFileNotFound } from './rules/tftp-file-not-found.js'
import { tftpRetransmissions } from './rules/tftp-retransmissions.js'
import { tftpServerUnreachable } from './rules/tftp-server-unreachable.js'
import { tftpTimeout } from './rules/tftp-timeout.js'
import { tftpTransferStalled } from './rules/tftp-transfer-stalled.js'
import { dhcpRenewalFailed } from './rules/dhcp-renewal-failed.js'
import { dhcpLeaseExpiredInUse } from './rules/dhcp-lease-expired-in-use.js'
import { dhcpNoRouter } from './rules/dhcp-no-router.js'
import { dhcpMalformedOption } from './rules/dhcp-malformed-option.js'
import { dhcpRelayWrongSubnet } from './rules/dhcp-relay-wrong-subnet.js'
import { siteOptionNoCallServer } from './rules/site-option-no-call-server.js'
import { scriptSyntax } from './rules/script-syntax.js'
import { scriptMissingTag } from './rules/script-missing-tag.js'
import { scriptWrongSeries } from './rules/script-wrong-series.js'
import { scriptApplicationMissing } from './rules/script-application-missing.js'
import { settingsEncoding } from './rules/settings-encoding.js'
import { applicationLoop } from './rules/application-loop.js'
import { backupUriInvalid } from './rules/backup-uri-invalid.js'
import { credentialExposed } from './rules/credential-exposed.js'

/** Rules about a boot session. */
export const sessionRules: readonly Rule[] = [
  dhcpNoOffer,
  dhcpOfferWithoutLeaseTime,
  dhcpOfferIgnored,
  dhcpNoAck,
  dhcpNak,
  dhcpNakLoop,
  dhcpDecline,
  dhcpAddressConflict,
  dhcpMultipleServers,
  dhcpSlowOffer,
  dhcpShortLease,
  dhcpRenewalFailed,
  dhcpLeaseExpiredInUse,
  dhcpNoRouter,
  dhcpMalformedOption,
  dhcpRelayWrongSubnet,
  siteOptionMissing,
  siteOptionWrongNumber,
  siteOptionMalformed,
  siteOptionUnknownName,
  siteOptionBadValue,
  siteOptionNoFileServer,
  siteOptionNoCallServer,
  siteOptionTruncated,
  siteOptionUnquotedList,
  arpUnanswered,
  gatewayUnreachable,
  icmpUnreachable,
  httpConnectTimeout,
  httpConnectRefused,
  httpResponseTimeout,
  httpReset,
  httpNotFound,
  httpForbidden,
  httpAuthRequired,
  httpAuthFailed,
  httpServerError,
  httpRedirect,
  httpTruncatedBody,
  httpSlowResponse,
  httpHtmlErrorPage,
  httpMalformedResponse,
  tftpTimeout,
  tftpServerUnreachable,
  tftpFileNotFound,
  tftpAccessViolation,
  tftpError,
  tftpTransferStalled,
  tftpRetransmissions,
  fallbackToTftp,
  scriptNotObtained,
  scriptSyntax,
  scriptMissingTag,
  scriptWrongSeries,
  scriptApplicationMissing,
  settingsNotObtained,
  settingsEncoding,
  applicationNotObtained,
  applicationLoop,
  backupPutFailed,
  restoreGetFailed,
  restoreNoBackupYet,
  backupUriInvalid,
  credentialExposed,
  tcpRetransmissions,
  captureOneSided,
  captureStartedLate,
  captureDroppedPackets,
]

/** Rules about a capture as a whole. */
export const captureRules: readonly CaptureRule[] = [captureTruncatedFile, captureSnaplen, captureMalformedFrames]

export const catalogue: readonly CatalogueEntry[] = [...sessionRules, ...captureRules]

export function catalogueEntry(code: string): CatalogueEntry | undefined {
  return catalogue.find((entry) => entry.code === code)
}
