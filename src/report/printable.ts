/**
 * Text of a capture on its way to a terminal. Host names, file names and status lines come from the network: control
 * characters in them must not move the cursor, and format characters must not turn the line around.
 */

/** C0 and C1 controls, DEL, line and paragraph separators, bidirectional and invisible format characters, BOM. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** Unprintable characters as `\x1b` or `\u202e`; a backslash stays one. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}
