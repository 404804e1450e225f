/**
 * Colour for terminals, decided by the caller (a terminal, no NO_COLOR, no --no-color); the plain palette changes nothing.
 * Severities have Wireshark's colours: red, yellow, cyan.
 */
export interface Palette {
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  readonly info: (text: string) => string
  readonly good: (text: string) => string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

const same = (text: string): string => text
const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    `\x1b[${on}m${text}\x1b[${off}m`

export const plainPalette: Palette = { error: same, warning: same, info: same, good: same, bold: same, dim: same }

export const colorPalette: Palette = {
  error: sgr(31, 39),
  warning: sgr(33, 39),
  info: sgr(36, 39),
  good: sgr(32, 39),
  bold: sgr(1, 22),
  dim: sgr(2, 22),
}
