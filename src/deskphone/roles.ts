/**
 * What a file is to a phone, told from its name alone: the names are fixed by the manuals (avaya.md §2.2, §5.1) or
 * by the habits of Avaya's releases.
 */

export type FileRole =
  'script' | 'settings' | 'application' | 'boot-image' | 'language' | 'certificate' | 'backup' | 'restore' | 'other'

/** `46xxupgrade.scr`, `16xxupgrade.txt`, `96x1Hupgrade.txt`, `J100Supgrade.txt`; any case. */
const SCRIPT = /^(?:\d\dxx|\d\dx\d|j\d\d\d|b\d\d\d|k\d\d\d)[a-z]?upgrade\.(?:scr|txt)$/i
/** `46xxsettings.txt` and `.scr`; some sites name one after their own series. */
const SETTINGS = /^(?:\d\dxx|\d\dx\d|j\d\d\d)[a-z]?settings\.(?:scr|txt)$/i
/** `1001_16xxdata.txt`, `4620data.txt`, `1001_4620data_sip.txt`. */
const BACKUP = /^(?:[^/]*_)?(?:\d\dxx|\d\dx\d|\d{4})data(?:_sip)?\.txt$/i
/** Language packs and the fonts they need. */
const LANGUAGE = /^(?:mlf_.*\.(?:txt|xml)|.*\.rbm(?:\.lzma)?|.*\.lng|.*lang(?:uage)?.*\.(?:txt|xml))$/i
const CERTIFICATE = /\.(?:pem|crt|cer|der|p12|pfx)$/i
/** `b20d01b2_9_1.bin` (4600), `hb1608ua1_350B.bin` (1600, 96x0), `46XXCOMMON.V03`, `REPLBOOT_V3.APP`. */
const BOOT_IMAGE = /^(?:b+\d\d[a-z]\d.*\.bin|hb\d\d.*\.(?:bin|app)|46xxcommon\..*|replboot.*)$/i
/** `a20d01b2_9_1.bin`, `ha1608ua1_350B.bin`, `4620_031225.app`, `S96x1_UKR_V1.tar`. */
const APPLICATION = /\.(?:bin|app|tar|ebin)$/i

/** The last part of a request path, without query. `\` separates too: TFTP clients of Windows send it. */
export function fileName(path: string): string {
  const end = path.search(/[?#]/)
  const bare = end < 0 ? path : path.slice(0, end)
  return bare.slice(Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('\\')) + 1)
}

/**
 * @param path a request target or TFTP file name, directories and query included
 * @param method `PUT`, `WRQ` and `DELETE` make a user's data file a backup, anything else a restore
 */
export function fileRole(path: string, method = 'GET'): FileRole {
  const name = fileName(path)
  if (SCRIPT.test(name)) return 'script'
  if (SETTINGS.test(name)) return 'settings'
  if (BACKUP.test(name)) return /^(?:PUT|WRQ|DELETE)$/i.test(method) ? 'backup' : 'restore'
  if (CERTIFICATE.test(name)) return 'certificate'
  if (LANGUAGE.test(name)) return 'language'
  if (BOOT_IMAGE.test(name)) return 'boot-image'
  if (APPLICATION.test(name)) return 'application'
  return 'other'
}
