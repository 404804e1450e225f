// What tsc leaves behind: the JSON Schemas that ship beside the compiled code. node copy-assets.js [target, dist]
import { chmodSync, cpSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join, resolve } from 'node:path'

const root = fileURLToPath(new URL('../../', import.meta.url))
const target = resolve(root, process.argv[2] ?? 'dist')
cpSync(join(root, 'src'), target, { recursive: true, filter: (source) => !source.endsWith('.ts') })
const main = join(target, 'cli/main.js')
if (existsSync(main)) chmodSync(main, 0o755)
