/**
 * Gives a host its own instances of npm packages: CommonJS packages as they were published, loaded anew, with the
 * host's modules and globals where they ask for Node's. Nothing in a package has to know; nothing global is patched.
 *
 * Each file is compiled once for all hosts and instantiated for each. What is a global to a program (`setTimeout`,
 * `Date`, `Math`, `process`, `console`, `Buffer`, `globalThis`) is a parameter of a function around the file, so that the host's stands in its place.
 *
 * Two conveniences are the same on every host. `new Buffer(...)` means what Buffer.alloc and Buffer.from mean, without
 * Node's warning and without the search of the stack that Node makes for it on each call. `console` is silent: what a
 * package prints is not for our users; set BOOTWIRE_DEBUG to see it.
 *
 * Code that a program makes from text (`new Function`) sees the same replacements. What looks for the real globals
 * through `eval` or the constructor of some function still finds them: this keeps programs right, not prisoners.
 *
 * Not here, and said so when it is asked for: ES modules and `import()` (their loader and its hooks are global, and
 * vm.SourceTextModule needs a flag), native addons. A package that has a CommonJS build beside them is loaded by that.
 */
import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { compileFunction } from 'node:vm'

/** What a host puts in place of Node's. */
export interface PackageEnvironment {
  /** A built-in module by its name without `node:`. @throws Error for one that the host does not have */
  builtin(name: string): unknown
  /** By name; those not given are Node's. */
  readonly globals: Readonly<Record<string, unknown>>
}

/** The names a package's file may find replaced. `globalThis` and `global` see the same replacements. */
const REPLACEABLE = [
  'process',
  'console',
  'Buffer',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'Math',
  'performance',
  'crypto',
  'fetch',
  'WebSocket',
  'EventSource',
  'BroadcastChannel',
  'Function',
] as const

/** What Node itself gives to a CommonJS file. */
const NODE_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname']

type Instantiate = (...globals: unknown[]) => (...parameters: unknown[]) => void

/** Files compiled so far, of all packages. Bounded by what is installed. */
const compiled = new Map<string, Instantiate>()

interface PackageModule {
  exports: unknown
  readonly id: string
  readonly filename: string
  loaded: boolean
}

/**
 * @param from the file (as a URL) from whose place packages are looked for
 * @returns what the host's programs call as `require`
 */
export function packageLoader(environment: PackageEnvironment, from: string): (name: string) => unknown {
  const modules = new Map<string, PackageModule>()
  const globals = new Map<string, unknown>(REPLACEABLE.map((name) => [name, globalValue(name, environment)]))
  const all: unknown = Object.create(globalThis)
  for (const [name, value] of globals) Object.defineProperty(all, name, { value, writable: true, configurable: true })
  globals.set('Function', functionConstructor(all, globals))
  Object.defineProperty(all, 'Function', { value: globals.get('Function'), writable: true, configurable: true })
  const replaced = REPLACEABLE.map((name) => globals.get(name))

  function load(filename: string): unknown {
    const known = modules.get(filename)
    if (known !== undefined) return known.exports
    const module: PackageModule = { exports: {}, id: filename, filename, loaded: false }
    // Before it runs: modules may require each other.
    modules.set(filename, module)
    try {
      if (filename.endsWith('.json')) module.exports = JSON.parse(readFileSync(filename, 'utf8'))
      else run(module)
    } catch (error) {
      modules.delete(filename)
      throw error
    }
    module.loaded = true
    return module.exports
  }

  function run(module: PackageModule): void {
    const { filename } = module
    if (filename.endsWith('.node') || isEsModule(filename)) {
      const what = filename.endsWith('.node') ? 'a native addon' : 'an ES module'
      throw new Error(`${filename} is ${what}: only CommonJS packages can be loaded onto a host`)
    }
    const file = compile(filename)(all, all, ...replaced)
    file.call(module.exports, module.exports, requireFrom(filename), module, filename, dirname(filename))
  }

  function requireFrom(file: string): (name: string) => unknown {
    const node = createRequire(file)
    const require = (name: string): unknown => {
      if (isBuiltin(name)) return environment.builtin(name.replace(/^node:/, ''))
      return load(node.resolve(name))
    }
    return Object.assign(require, { resolve: node.resolve.bind(node), cache: {} })
  }

  return requireFrom(from)
}

/** A function within a function, so that `const crypto = require('crypto')` hides a replaced global, not clashes with it. */
function compile(filename: string): Instantiate {
  const known = compiled.get(filename)
  if (known !== undefined) return known
  const source = readFileSync(filename, 'utf8')
    .replace(/^\uFEFF/, '')
    .replace(/^#!.*/, '')
  const whole = `return function (${NODE_PARAMETERS.join(', ')}) {${source}\n}`
  const instantiate = compileFunction(whole, ['global', 'globalThis', ...REPLACEABLE], { filename }) as Instantiate
  compiled.set(filename, instantiate)
  return instantiate
}

/** `.mjs`, or `.js` below a package.json that says `"type": "module"`. */
function isEsModule(filename: string): boolean {
  if (!filename.endsWith('.js')) return filename.endsWith('.mjs')
  for (let directory = dirname(filename); ; directory = dirname(directory)) {
    const known = esModules.get(directory)
    if (known !== undefined) return known
    let type: unknown
    try {
      type = (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { type?: unknown }).type
    } catch {
      if (directory !== dirname(directory)) continue
    }
    esModules.set(directory, type === 'module')
    return type === 'module'
  }
}

/** By directory with a package.json. */
const esModules = new Map<string, boolean>()

/** `Function` for code made from text: it finds the host's globals, as the file that makes it does. */
function functionConstructor(all: unknown, globals: ReadonlyMap<string, unknown>): FunctionConstructor {
  const names = ['global', 'globalThis', ...REPLACEABLE.filter((name) => name !== 'Function')]
  const values = names.map((name) => globals.get(name) ?? all)
  const make = (args: unknown[]): unknown => {
    const body = String(args.at(-1) ?? '')
    if (/^\s*return this;?\s*$/.test(body)) return () => all
    const parameters = args.slice(0, -1).join(', ')
    const outer = Reflect.construct(Function, [...names, `return function anonymous(${parameters}\n) {\n${body}\n}`])
    return (outer as (...values: unknown[]) => unknown)(...values)
  }
  return new Proxy(Function, {
    apply: (_target, _this, args) => make(args),
    construct: (_target, args) => make(args) as object,
  })
}

function globalValue(name: (typeof REPLACEABLE)[number], { globals }: PackageEnvironment): unknown {
  if (name in globals) return globals[name]
  if (name === 'Buffer') return PackageBuffer
  if (name === 'console') return process.env['BOOTWIRE_DEBUG'] === undefined ? quietConsole : console
  return (globalThis as unknown as Record<string, unknown>)[name]
}

/** Node's Buffer, but for `new Buffer` and `Buffer()`, which Node has deprecated (DEP0005). */
function PackageBuffer(value: number | string | Uint8Array, encoding?: BufferEncoding): Buffer {
  if (typeof value === 'number') return Buffer.alloc(value)
  return typeof value === 'string' ? Buffer.from(value, encoding) : Buffer.from(value)
}
Object.setPrototypeOf(PackageBuffer, Buffer)
PackageBuffer.prototype = Buffer.prototype

const quietConsole: unknown = new Proxy(console, {
  get: (target, name) => (typeof Reflect.get(target, name) === 'function' ? () => {} : Reflect.get(target, name)),
})
