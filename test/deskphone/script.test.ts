import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/random.js'
import { MAX_GETS, parseLine, ScriptEvaluator, type ScriptOptions } from '../../src/deskphone/script.js'

interface Run {
  values: Record<string, string>
  gets: string[]
  end: string
  missingTag: string | undefined
}

/** Runs a script to its end with these files on the server. */
function run(
  text: string,
  {
    files = {},
    variables = {},
    getFailure = 'continues',
  }: {
    files?: Record<string, string>
    variables?: Record<string, string>
    getFailure?: ScriptOptions['getFailure']
  } = {},
): Run {
  const evaluator = new ScriptEvaluator(text, { getFailure, variable: (name) => variables[name] })
  const gets: string[] = []
  for (;;) {
    const step = evaluator.next()
    if (step.kind === 'end')
      return {
        values: Object.fromEntries(evaluator.values),
        gets,
        end: step.reason,
        missingTag: evaluator.missingTag,
      }
    if (step.kind === 'get') {
      gets.push(step.file)
      const file = files[step.file]
      if (file === undefined) evaluator.failed()
      else evaluator.obtained(file)
    }
  }
}

const UPGRADE = `## 16xxupgrade.txt
IF $MODEL4 SEQ 1608 GOTO BOOT1608
GOTO GETSET
# BOOT1608
IF $BOOTNAME SEQ hb1608ua1_350B.bin GOTO APP1608
SET APPNAME hb1608ua1_350B.bin
GOTO GETSET
# APP1608
SET APPNAME ha1608ua1_350B.bin
# GETSET
GET 46xxsettings.txt
# END
`
const SETTINGS = `## 46xxsettings.txt
SET MCIPADD 10.20.0.5,10.20.0.6
SET BRURI "http://10.20.0.9/avaya/backup/"
IF $GROUP SEQ 7 GOTO LOBBY
SET UNNAMEDSTAT 0
GOTO END
# LOBBY
SET PROCSTAT 1
# END
`

describe('script of an upgrade [avaya.md 3.3]', () => {
  const files = { '46xxsettings.txt': SETTINGS }

  it('names the boot image first, then the application', () => {
    const old = run(UPGRADE, { files, variables: { MODEL4: '1608', BOOTNAME: 'hb1608ua1_300.bin' } })
    expect(old.values['APPNAME']).toBe('hb1608ua1_350B.bin')
    const current = run(UPGRADE, { files, variables: { MODEL4: '1608', BOOTNAME: 'hb1608ua1_350B.bin' } })
    expect(current.values['APPNAME']).toBe('ha1608ua1_350B.bin')
    expect(current.values['BRURI']).toBe('http://10.20.0.9/avaya/backup/')
  })

  it('passes other models by', () => {
    const other = run(UPGRADE, { files, variables: { MODEL4: '1616', GROUP: '7' } })
    expect(other.values['APPNAME']).toBeUndefined()
    expect(other.values['PROCSTAT']).toBe('1')
    expect(other.values['UNNAMEDSTAT']).toBeUndefined()
  })
})

describe('SET', () => {
  it('takes a value to the end of the line, trailing blanks trimmed', () => {
    expect(run('SET APPNAME x.bin  \r\nSET L2Q 1').values).toEqual({ APPNAME: 'x.bin', L2Q: '1' })
  })

  it('needs double quotes for a value with spaces', () => {
    expect(run('SET SNMPSTRING "two words"\nSET DOMAIN two words').values).toEqual({ SNMPSTRING: 'two words' })
  })

  it('takes no typographic quotes for quotes', () => {
    expect(run('SET SNMPSTRING \u201ctwo words\u201d').values).toEqual({})
  })

  it('ignores an invalid value; the old one stays', () => {
    expect(run('SET L2QVLAN 20\nSET L2QVLAN 4095\nSET L2Q on').values).toEqual({ L2QVLAN: '20' })
  })

  it('takes names in any case, and an empty value in quotes', () => {
    expect(run('set bruri ""\nSeT l2q 2').values).toEqual({ BRURI: '', L2Q: '2' })
  })
})

describe('IF', () => {
  it('compares without case [avaya.md 3.1]', () => {
    const text = 'if $sig_in_use seq h323 goto yes\nSET L2Q 0\nGOTO END\n# YES\nSET L2Q 1\n# END'
    expect(run(text, { variables: { SIG_IN_USE: 'H323' } }).values).toEqual({ L2Q: '1' })
  })

  it('is ignored when the name cannot be tested', () => {
    expect(run('IF $L2Q SEQ 1 GOTO NOWHERE\nSET L2Q 1').values).toEqual({ L2Q: '1' })
  })
})

describe('GOTO', () => {
  it('goes on after the tag', () => {
    expect(run('GOTO X\nSET L2Q 1\n# X\nSET VLANTEST 5').values).toEqual({ VLANTEST: '5' })
  })

  it('without its tag ends the file [avaya.md 8.3 #61]', () => {
    expect(run('SET L2Q 1\nGOTO X\nSET VLANTEST 5')).toMatchObject({
      values: { L2Q: '1' },
      end: 'missing-tag',
      missingTag: 'X',
    })
  })

  it('does not find a tag behind it', () => {
    expect(run('# X\nSET L2Q 1\nGOTO X\nSET L2Q 2')).toMatchObject({ values: { L2Q: '1' }, end: 'missing-tag' })
  })

  it('finds a tag with trailing blanks, in another case; not #X nor ##  X [avaya.md 3.1, 8.3 #62]', () => {
    expect(run('goto BackUp\nSET L2Q 1\n# BACKUP  \nSET L2Q 2').values).toEqual({ L2Q: '2' })
    expect(run('GOTO X\n#X\n##  X\n#  X\nSET L2Q 1').end).toBe('missing-tag')
  })
})

describe('GET', () => {
  it('that succeeds replaces the file: its rest is never read', () => {
    const result = run('GET a\nSET L2Q 1', { files: { a: 'SET VLANTEST 5' } })
    expect(result.values).toEqual({ VLANTEST: '5' })
  })

  it('that fails lets the 1600 go on with the next line [avaya.md 3.1]', () => {
    const result = run('GET 46xxsettings.scr\nGET 46xxsettings.txt', { files: { '46xxsettings.txt': 'SET L2Q 1' } })
    expect(result).toMatchObject({ gets: ['46xxsettings.scr', '46xxsettings.txt'], values: { L2Q: '1' } })
  })

  it('that fails ends the script on the 4600 [avaya.md 3.1]', () => {
    const result = run('GET a\nSET L2Q 1', { getFailure: 'ends-script' })
    expect(result).toMatchObject({ values: {}, end: 'get-failed' })
  })

  it('of the file itself ends', () => {
    const result = run('GET a', { files: { a: 'GET a' } })
    expect(result.end).toBe('too-many-gets')
    expect(result.gets.length).toBe(MAX_GETS)
  })
})

describe('parseLine', () => {
  it.each(['', '#', '####', '## text here', '# two words', 'hello', ' SET L2Q 1', 'SETL2Q 1', '#TAG', 'SET'])(
    'takes %j for a comment',
    (text) => {
      expect(parseLine(text, 1).kind).toBe('comment')
    },
  )
  it.each([
    'SET L2Q',
    'IF MODEL4 SEQ 1608 GOTO X',
    'IF $A EQ 1 GOTO X',
    'GOTO',
    'GOTO a b',
    'GET a b',
    'SET A "x',
    'SET A "x" y',
  ])('does not take %j for anything that works', (text) => {
    expect(['invalid', 'comment']).toContain(parseLine(text, 1).kind)
  })
})

/**
 * The manual's rules again, written as differently as possible: the files of one run as one list of lines that only
 * shrinks at the front, string tests in place of patterns.
 */
function plainRun(
  text: string,
  files: Record<string, string>,
  variables: Record<string, string>,
  stopAtFailure: boolean,
): Pick<Run, 'values' | 'gets'> {
  const values: Record<string, string> = {}
  const gets: string[] = []
  let rest = text.split('\n')
  while (rest.length > 0) {
    const words = rest[0]!.split(' ').filter((word) => word !== '')
    rest = rest.slice(1)
    const skipTo = (tag: string) => {
      const at = rest.findIndex((line) => line.toLowerCase().trimEnd() === `# ${tag.toLowerCase()}`)
      rest = at === -1 ? [] : rest.slice(at + 1)
    }
    switch (words[0]?.toLowerCase() ?? '') {
      case 'set':
        values[words[1]!.toUpperCase()] = words[2]!
        break
      case 'if':
        if (variables[words[1]!.slice(1)]?.toLowerCase() === words[3]!.toLowerCase()) skipTo(words[5]!)
        break
      case 'goto':
        skipTo(words[1]!)
        break
      case 'get': {
        gets.push(words[1]!)
        if (gets.length > MAX_GETS) return { values, gets: gets.slice(0, MAX_GETS) }
        const file = files[words[1]!]
        if (file !== undefined) rest = file.split('\n')
        else if (stopAtFailure) rest = []
        break
      }
    }
  }
  return { values, gets }
}

describe('generated scripts', () => {
  it('run as the plain evaluator says, 600 of them', () => {
    const random = new Random(1600)
    const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!
    const tags = ['A', 'B', 'Lobby', 'END']
    const cased = (word: string) => pick([word, word.toLowerCase(), word.toUpperCase()])
    const line = (): string => {
      switch (random.int(9)) {
        case 0:
        case 1:
        case 2:
          return `${cased('SET')} ${pick(['P1', 'P2', 'P3', 'p4'])} v${random.int(50)}${pick(['', ' '])}`
        case 3:
          return `${cased('IF')} $${pick(['MODEL4', 'GROUP', 'NOSUCH'])} ${cased('SEQ')} ${pick(['1608', '7', 'x'])} ${cased('GOTO')} ${cased(pick(tags))}`
        case 4:
          return `${cased('GOTO')} ${cased(pick(tags))}`
        case 5:
        case 6:
          return `# ${cased(pick(tags))}${pick(['', '  '])}`
        case 7:
          return random.int(3) === 0 ? `${cased('GET')} ${pick(['f1', 'f2', 'missing'])}` : '## nothing'
        default:
          return pick(['', '#', '####', '# two words', 'nonsense'])
      }
    }
    const script = () => Array.from({ length: random.int(25) }, line).join('\n')
    let jumps = 0
    let gets = 0
    for (let round = 0; round < 600; round++) {
      const text = script()
      const files = { f1: script(), f2: script() }
      const variables = { MODEL4: pick(['1608', '4620']), GROUP: pick(['7', '0']) }
      const stops = random.int(2) === 0
      const expected = plainRun(text, files, variables, stops)
      const actual = run(text, { files, variables, getFailure: stops ? 'ends-script' : 'continues' })
      expect({ values: actual.values, gets: actual.gets }, text).toEqual(expected)
      gets += actual.gets.length
      if (actual.end === 'missing-tag') jumps++
    }
    // The generator reached what it is for.
    expect(gets).toBeGreaterThan(200)
    expect(jumps).toBeGreaterThan(50)
  })
})

describe('hostile scripts', () => {
  const TEN_MEGABYTES = 10_000_000

  it.each([
    ['one line without an end', `SET X ${'a'.repeat(TEN_MEGABYTES)}`],
    ['blanks', `SET${' '.repeat(TEN_MEGABYTES)}x`],
    ['an IF of blanks', `IF $MODEL4${' '.repeat(TEN_MEGABYTES)}SEQ`],
    ['quotes', `SET X ${'"'.repeat(TEN_MEGABYTES)}`],
    ['line ends', '\r\n'.repeat(TEN_MEGABYTES / 2)],
    ['jumps that all lead to the last line', `${'IF $MODEL4 SEQ 1609 GOTO Z\n'.repeat(370_000)}# Z`],
    ['jumps each to the next line', Array.from({ length: 400_000 }, (_, i) => `GOTO T${i}\n# T${i}`).join('\n')],
    [
      'assignments to names that are all different',
      Array.from({ length: 700_000 }, (_, i) => `SET N${i} 1`).join('\n'),
    ],
    ['nulls', '\0'.repeat(TEN_MEGABYTES)],
  ])('of ten megabytes end: %s', (_what, text) => {
    const { values, gets, end } = run(text, { variables: { MODEL4: '1608' } })
    expect(Object.keys(values).length).toBeLessThanOrEqual(4096)
    expect(gets).toEqual([])
    expect(['end-of-file', 'missing-tag']).toContain(end)
  })

  it('of random octets end, and each line is read as something', () => {
    const random = new Random(46)
    const words = ['SET ', 'IF $', 'SEQ ', 'GOTO ', 'GET ', '# ', '"', ' ', '\n', '\r', '\t', '$MODEL4 ']
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random.int(400) }, () =>
        random.int(3) === 0 ? words[random.int(words.length)]! : String.fromCharCode(random.int(256)),
      ).join('')
      const { gets, end } = run(text, { variables: { MODEL4: '1608' }, files: { a: text } })
      expect(gets.length).toBeLessThanOrEqual(MAX_GETS)
      expect(['end-of-file', 'missing-tag', 'too-many-gets']).toContain(end)
      for (const [index, line] of text.split(/\r\n|\n|\r/).entries())
        expect(parseLine(line, index + 1).line).toBe(index + 1)
    }
  })

  it('that get each other in a ring end', () => {
    const { gets, end } = run('GET b', { files: { a: 'GET b', b: 'SET X 1\nGET a' } })
    expect([gets.length, end]).toEqual([MAX_GETS, 'too-many-gets'])
  })
})
