// What tsc leaves behind: the JSON Schemas that ship beside the compiled code.
import { cpSync, chmodSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
cpSync(new URL('src/', root), new URL('dist/', root), {
  recursive: true,
  filter: (source) => !source.endsWith('.ts'),
})
chmodSync(new URL('dist/cli/main.js', root), 0o755)
