/**
 * Who may import whom. The two halves, emulator and analyzer, meet as captures and never as code; the layers of the
 * analyzer point one way; what runs in a browser imports nothing of Node.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** Folder (the longest that matches) to the folders it may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  capture: ['base'],
  deskphone: ['base', 'wire'],
  'analyzer/sieve': ['base', 'wire', 'capture'],
  'analyzer/dissect': ['base', 'wire', 'capture', 'analyzer/sieve'],
  'analyzer/streams': ['base', 'wire', 'capture', 'deskphone', 'analyzer/sieve', 'analyzer/dissect'],
  'analyzer/sessions': ['base', 'wire', 'deskphone', 'analyzer', 'analyzer/streams'],
  'analyzer/diagnosis': ['base', 'wire', 'deskphone', 'analyzer', 'analyzer/streams', 'analyzer/sessions'],
  analyzer: [
    'base',
    'wire',
    'capture',
    'deskphone',
    'analyzer/sieve',
    'analyzer/dissect',
    'analyzer/streams',
    'analyzer/sessions',
    'analyzer/diagnosis',
  ],
  transform: ['base', 'wire', 'capture', 'deskphone', 'analyzer'],
  expectations: ['base', 'deskphone', 'analyzer'],
  report: ['base', 'deskphone', 'analyzer', 'analyzer/diagnosis', 'transform', 'expectations'],
  host: ['base'],
  servers: ['base', 'wire', 'capture', 'deskphone', 'host'],
  emulator: ['base', 'wire', 'capture', 'deskphone', 'host'],
  node: ['base', 'wire', 'capture', 'host'],
  scenario: [
    'base',
    'wire',
    'capture',
    'deskphone',
    'host',
    'servers',
    'emulator',
    'analyzer',
    'analyzer/diagnosis',
    'expectations',
  ],
  // Emulated hosts on the real machine's interfaces, servers and phones in real time: where emulator and node/ meet.
  live: [
    'base',
    'wire',
    'capture',
    'deskphone',
    'host',
    'servers',
    'emulator',
    'analyzer',
    'analyzer/diagnosis',
    'scenario',
    'node',
  ],
  experiments: ['base', 'wire', 'capture', 'deskphone', 'scenario', 'analyzer', 'expectations', 'node'],
  cli: [
    'base',
    'wire',
    'capture',
    'deskphone',
    'analyzer',
    'analyzer/diagnosis',
    'transform',
    'expectations',
    'report',
    'scenario',
    'experiments',
    'live',
    'node',
  ],
  // src/index.ts and src/vitest.ts: the library's doors.
  '': [
    'base',
    'wire',
    'capture',
    'deskphone',
    'analyzer',
    'analyzer/diagnosis',
    'expectations',
    'report',
    'host',
    'servers',
    'emulator',
    'scenario',
    'live',
    'node',
  ],
}

/** These run in a browser: no node: import. */
const BROWSER_SAFE = ['base', 'wire', 'capture', 'deskphone', 'analyzer', 'transform', 'expectations', 'report']

interface Import {
  readonly file: string
  readonly specifier: string
  readonly target: string | undefined // path within src, for relative imports
  readonly typeOnly: boolean
}

function imports(): Import[] {
  const found: Import[] = []
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
    const path = join(entry.parentPath, entry.name)
    const text = readFileSync(path, 'utf8')
    const pattern =
      /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|^import\s+['"]([^'"]+)['"]/gm
    for (const match of text.matchAll(pattern)) {
      const specifier = (match[1] ?? match[2] ?? match[3])!
      const target = specifier.startsWith('.') ? relative(src, join(dirname(path), specifier)) : undefined
      const typeOnly = /^\s*(?:import|export)\s+type\b/.test(match[0])
      found.push({ file: relative(src, path), specifier, target, typeOnly })
    }
  }
  return found
}

function folderOf(path: string): string {
  const parts = path.split('/').slice(0, -1)
  for (let length = parts.length; length > 0; length--) {
    const folder = parts.slice(0, length).join('/')
    if (folder in MAY_IMPORT) return folder
  }
  return ''
}

describe('the dependency table', () => {
  const all = imports()

  it('sees the imports of the whole tree', () => {
    expect(new Set(all.map((i) => i.file)).size).toBeGreaterThan(50)
    expect(all.some((i) => i.file === 'base/bytes.ts' && i.specifier === './errors.js')).toBe(true)
  })

  it('lets each folder import only what its line allows', () => {
    const broken = all.filter(({ file, target }) => {
      if (target === undefined) return false
      const from = folderOf(file)
      const to = folderOf(target)
      return from !== to && !MAY_IMPORT[from]!.includes(to)
    })
    expect(broken.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })

  it('keeps Node out of everything that runs in a browser', () => {
    const broken = all.filter(
      ({ file, specifier }) => BROWSER_SAFE.includes(file.split('/')[0]!) && specifier.startsWith('node:'),
    )
    expect(broken.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })

  it('has no circles of imports that exist at run time', () => {
    const edges = new Map<string, string[]>()
    for (const { file, target, typeOnly } of all) {
      if (target === undefined || typeOnly) continue
      const list = edges.get(file) ?? []
      list.push(target.replace(/\.js$/, '.ts'))
      edges.set(file, list)
    }
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      const start = path.indexOf(file)
      if (start >= 0) circles.push([...path.slice(start), file].join(' -> '))
      if (start >= 0 || done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
    expect(circles).toEqual([])
  })

  it('lets nothing import the command line', () => {
    const broken = all.filter(({ file, target }) => target?.startsWith('cli/') && !file.startsWith('cli/'))
    expect(broken.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })
})
