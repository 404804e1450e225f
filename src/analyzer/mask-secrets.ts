/**
 * Passwords out of reports: what travels in the site-specific option (PROCPSWD, SNMPSTRING) and in URIs. Authorization
 * headers never get into a report in the first place.
 */
import type { Session } from './report.js'

/** What stands in place of a secret. */
export const MASK = '********'

/** Parameters whose values are secrets; any other whose name says so counts too. */
const SECRET_NAME = /^(?:PROCPSWD|SNMPSTRING|.*(?:PASSW|PSWD|PWD|SECRET).*)$/i

/** The value of a secret pair in the text of the option, quoted or not; also as our own sentences have it, `NAME: value`. */
const SECRET_PAIR = /(\b(?:PROCPSWD|SNMPSTRING|\w*(?:PASSW|PSWD|PWD|SECRET)\w*)\s*[=:]\s*)("[^"]*"?|[^,;\s"]*)/gi

/** Shorter values are not looked for outside their pair: every second number would be masked. */
const MIN_SECRET_LENGTH = 4

/** `http://user:password@host` keeps the user. */
const URI_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*:)[^/?#\s@]+(?=@)/gi

export function maskText(text: string): string {
  return text
    .replace(SECRET_PAIR, (whole, name: string, value: string) => (value === '' ? whole : name + MASK))
    .replace(URI_PASSWORD, `$1${MASK}`)
}

/** A session with every secret masked, wherever text of the capture went into it. */
export function maskSession<S extends Session>(session: S): S {
  const { siteOption } = session.options
  const secrets = Object.entries(siteOption?.values ?? {})
    .filter(([name]) => SECRET_NAME.test(name))
    .flatMap(([, values]) => values.filter((value) => value.length >= MIN_SECRET_LENGTH))
  const mask = (text: string) => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), maskText(text))
  const masked: S = {
    ...session,
    options: {
      siteOption:
        siteOption === null
          ? null
          : {
              ...siteOption,
              raw: mask(siteOption.raw),
              values: Object.fromEntries(
                Object.entries(siteOption.values).map(([name, values]) => [
                  name,
                  SECRET_NAME.test(name) ? values.map(() => MASK) : values.map(maskText),
                ]),
              ),
            },
    },
    transfers: session.transfers.map((transfer) => ({ ...transfer, path: mask(transfer.path) })),
    findings: session.findings.map((finding) => ({ ...finding, message: mask(finding.message) })),
  }
  const { timeline, ladder } = masked
  return {
    ...masked,
    ...(timeline !== undefined && { timeline: timeline.map((event) => ({ ...event, text: mask(event.text) })) }),
    ...(ladder !== undefined && { ladder: ladder.map((step) => ({ ...step, label: mask(step.label) })) }),
  }
}
