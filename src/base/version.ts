/** The version of the package, for reports and captures; a test compares it with package.json. */
export const VERSION = '0.1.0'
