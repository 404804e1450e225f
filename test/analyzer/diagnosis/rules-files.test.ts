/** Rules about scripts, settings files, images and passwords: where they must speak, and near misses. */
import { describe, expect, it } from 'vitest'
import { Observed, PHONE_4600, SCRIPT_1600, SETTINGS, healthyFiles } from '../observed.js'
import type { WebExchange } from '../observed.js'
import { codes, finding, findings } from './judged.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const SCRIPT_OK: WebExchange = { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 }

/** A 1600 that got this script and this settings file. */
function withFiles(settings: string, script = SCRIPT_1600, site = SITE): Observed {
  return new Observed().lease(0, site).web(1, {
    exchanges: [
      { path: '/16xxupgrade.txt', status: 200, body: script },
      { path: '/46xxsettings.txt', status: 200, body: settings },
    ],
  })
}

describe('script-syntax', () => {
  it('names the lines that are ignored, and not what stands in them', () => {
    const { message, severity } = finding(
      withFiles(
        'SET MCIPADD 10.20.0.5\nSET PROCPSWD 1234 # secret\n SET BRURI "http://10.20.0.2/b"\nIF MODEL4 SEQ 1608 GOTO X\n',
      ),
      'script-syntax',
    )
    expect(severity).toBe('warning')
    expect(message).toContain('3 lines')
    expect(message).toContain('line 2 is not taken (a value with spaces needs double quotes)')
    expect(message).toContain('line 3 begins with a blank')
    expect(message).toContain('line 4 is not of the form IF $NAME')
    expect(message).not.toContain('1234')
  })

  it('stays quiet on comments of any kind, and on lines that another model reads', () => {
    const settings = [
      '## SET MCIPADD without a value',
      'This file is for all phones.',
      'Set the values below as you like.',
      '#SET LANG1FILE x y z',
      'IF $MODEL4 SEQ 4620 GOTO OLD',
      'SET MCIPADD 10.20.0.5',
      'GOTO END',
      '# OLD',
      'SET FONTFILE a b c',
      '# END',
    ].join('\n')
    expect(codes(withFiles(settings))).toEqual([])
  })
})

describe('script-missing-tag', () => {
  const asks = (script: string, settings: boolean): Observed =>
    new Observed().lease(0, SITE).web(1, {
      exchanges: [
        { path: '/16xxupgrade.txt', status: 200, body: script },
        ...(settings ? [{ path: '/46xxsettings.txt', status: 200, body: SETTINGS }] : []),
      ],
    })

  it('speaks of a jump that every phone makes, and the boot is degraded by it', () => {
    const observed = asks('## x\nGOTO GETSET\n# GETSETTINGS\nGET 46xxsettings.txt\n', false)
    expect(finding(observed, 'script-missing-tag')).toMatchObject({ severity: 'error', confidence: 'certain' })
    expect(finding(observed, 'script-missing-tag').message).toContain('"GETSET" (line 2)')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'script-missing-tag' })
  })

  it('takes a tag above the jump for none', () => {
    expect(codes(asks('# AGAIN\nGOTO AGAIN\n', false))).toContain('script-missing-tag')
  })

  it('stays quiet on tags in another case, and on the branches of other models', () => {
    expect(
      codes(asks('IF $MODEL4 SEQ 4620 GOTO NOWHERE\ngoto getset\n# GETSET \nGET 46xxsettings.txt\n', true)),
    ).toEqual([])
  })

  it('does no harm where the phone passed by', () => {
    const observed = asks('IF $GROUP SEQ 7 GOTO NOWHERE\nGET 46xxsettings.txt\n', true)
    expect(findings(observed)).toEqual(['script-missing-tag warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted' })
  })
})

describe('script-wrong-series', () => {
  const other = (path: string): WebExchange => ({ path, status: 200, body: 'GET 46xxsettings.txt\n' })
  const two = (exchange: WebExchange, server?: string): Observed =>
    new Observed()
      .lease(0, SITE)
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
      .lease(5, SITE, { mac: PHONE_4600, address: '10.20.0.121', xid: 7, asks: [1, 3, 6, 15, 66, 69, 43, 176] })
      .web(6, { mac: PHONE_4600, client: '10.20.0.121', exchanges: [exchange], ...(server && { server }) })

  it('speaks when another phone gets the script of its series from that server', () => {
    const { severity, causedBy, message } = finding(two(other('/46xxupgrade.scr')), 'script-wrong-series')
    expect([severity, causedBy]).toEqual(['error', 'http-not-found'])
    expect(message).toContain('gave /46xxupgrade.scr to phones of another series')
  })

  it('stays quiet when the other script came from another server, or is of the same series', () => {
    expect(codes(two(other('/46xxupgrade.scr'), '10.20.0.9'))).not.toContain('script-wrong-series')
    expect(codes(two(other('/old/16xxupgrade.txt')))).not.toContain('script-wrong-series')
  })
})

describe('script-application-missing', () => {
  const image = (status: number, path = '/ha1608ua1_3500.bin'): Observed =>
    new Observed().lease(0, SITE).web(1, {
      exchanges: [SCRIPT_OK, { path, status, body: status === 200 ? 'x'.repeat(1000) : '' }],
    })

  it('names the line of the script, and follows from the 404', () => {
    const { message, causedBy } = finding(image(404), 'script-application-missing')
    expect(message).toContain('/16xxupgrade.txt names the image /ha1608ua1_3500.bin in line 2')
    expect(causedBy).toBe('http-not-found')
  })

  it('stays quiet on other failures, and on images that no script names', () => {
    expect(codes(image(500))).not.toContain('script-application-missing')
    expect(codes(image(404, '/ha1608ua1_9999.bin'))).not.toContain('script-application-missing')
  })
})

describe('settings-encoding', () => {
  const utf16 = (text: string): string => '\xff\xfe' + Array.from(text, (letter) => letter + '\0').join('')

  it('speaks of UTF-16, with its mark and without', () => {
    expect(finding(withFiles(utf16(SETTINGS)), 'settings-encoding').message).toContain('UTF-16')
    expect(findings(withFiles(utf16(SETTINGS).slice(2)))).toEqual(['settings-encoding warning'])
  })

  it('speaks of a mark that costs a command, and of typographic quotes in commands', () => {
    const { message } = finding(
      withFiles('\xef\xbb\xbfSET MCIPADD 10.20.0.5\nSET BRURI \xe2\x80\x9chttp://10.20.0.2/b\xe2\x80\x9d\n'),
      'settings-encoding',
    )
    expect(message).toContain('byte order mark')
    expect(message).toContain('typographic quotes in 1 command (line 2)')
  })

  it('stays quiet on a mark before a comment, foreign letters, and quotes in comments', () => {
    const settings =
      '\xef\xbb\xbf## f\xc3\xbcr alle \xe2\x80\x9etelefone\xe2\x80\x9c\nSET MCIPADD 10.20.0.5\nSET LANGNAME "M\xc3\xa4dchen \xc3\x93"\n'
    expect(codes(withFiles(settings))).toEqual([])
  })
})

describe('application-loop', () => {
  const upgrade = (observed: Observed, at: number, image: string): Observed =>
    observed
      .lease(at, SITE, { xid: at + 1 })
      .web(at + 1, { exchanges: [SCRIPT_OK, { path: image, status: 200, body: 'x'.repeat(5000) }] })

  it('speaks of an image that is loaded by boot after boot', () => {
    const observed = new Observed()
    for (const at of [0, 100, 200]) upgrade(observed, at, '/ha1608ua1_3500.bin')
    const said = [0, 1, 2].map((index) => observed.reports()[index]!.findings.map(({ code }) => code))
    expect(said[0]).not.toContain('application-loop')
    expect(said[1]).toContain('application-loop')
    expect(finding(observed, 'application-loop', 60, 2).message).toContain('3 boots in a row')
  })

  it('stays quiet on a boot image, then an application image, then a boot', () => {
    const observed = new Observed()
    upgrade(observed, 0, '/hb1608ua1_3500.bin')
    upgrade(observed, 100, '/ha1608ua1_3500.bin')
    observed.lease(200, SITE, { xid: 300 }).web(201, healthyFiles(201))
    expect(observed.reports().flatMap(({ findings: found }) => found.map(({ code }) => code))).not.toContain(
      'application-loop',
    )
  })

  it('stays quiet on a second load after which the capture shows no boot', () => {
    const observed = new Observed()
    for (const at of [0, 100]) upgrade(observed, at, '/ha1608ua1_3500.bin')
    expect(observed.reports().flatMap(({ findings: found }) => found.map(({ code }) => code))).not.toContain(
      'application-loop',
    )
  })
})

describe('backup-uri-invalid', () => {
  const bruri = (value: string): Observed => withFiles(`SET MCIPADD 10.20.0.5\nSET BRURI ${value}\n`)

  it('speaks of schemes that no phone has, of none at all, and of https on a 1600', () => {
    for (const [value, says] of [
      ['"ftp://10.20.0.2/backup"', 'its scheme is ftp'],
      ['10.20.0.2/backup', 'does not begin with http'],
      ['"http://10.20.0.300/x"', 'not an address'],
      ['"https://10.20.0.2/backup"', 'over http only'],
    ] as const) {
      const observed = bruri(value)
      expect(finding(observed, 'backup-uri-invalid')).toMatchObject({ severity: 'error' })
      expect(finding(observed, 'backup-uri-invalid').message).toContain(says)
      expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'backup-uri-invalid' })
    }
  })

  it('stays quiet on good ones, on an empty one, and on one that a later line replaces', () => {
    for (const value of [
      '"http://10.20.0.2/backup"',
      '"http://10.20.0.2:8080/backup/"',
      '""',
      'ftp://x\nSET BRURI "http://10.20.0.2/b"',
    ])
      expect(codes(bruri(value))).toEqual([])
  })

  it('speaks of two slashes before the name', () => {
    const observed = new Observed().lease(0, SITE).web(1, {
      exchanges: [
        SCRIPT_OK,
        { path: '/46xxsettings.txt', status: 200, body: SETTINGS },
        { path: '/backup//1001_16xxdata.txt', status: 404 },
      ],
    })
    expect(codes(observed)).toContain('backup-uri-invalid')
  })
})

describe('credential-exposed', () => {
  it('lists where passwords are to be read, once, and never the password', () => {
    const observed = withFiles(
      'SET MCIPADD 10.20.0.5\nSET PROCPSWD 27238\n',
      SCRIPT_1600,
      `${SITE},PROCPSWD=54321`,
    ).web(9, {
      exchanges: [
        {
          method: 'PUT',
          path: '/backup/1001_16xxdata.txt',
          status: 201,
          headers: [['Authorization', 'Basic cGhvbmVzOnNlY3JldA==']],
        },
      ],
    })
    const { message, severity } = finding(observed, 'credential-exposed')
    expect(severity).toBe('info')
    expect(message).toBe(
      'in clear on the wire: PROCPSWD in option 242, PROCPSWD in /46xxsettings.txt and Basic credentials for 10.20.0.2:80',
    )
  })

  it('stays quiet on Digest, on an empty PROCPSWD and on a commented one', () => {
    const observed = withFiles('SET MCIPADD 10.20.0.5\n## SET PROCPSWD 27238\nSET PROCPSWD ""\n').web(9, {
      exchanges: [
        {
          method: 'PUT',
          path: '/backup/1001_16xxdata.txt',
          status: 201,
          headers: [['Authorization', 'Digest username="phones"']],
        },
      ],
    })
    expect(codes(observed)).toEqual([])
  })
})

describe('site-option-no-call-server', () => {
  const NO_CALL = 'HTTPSRVR=10.20.0.2'

  it('warns when neither the option nor the settings name one', () => {
    const observed = withFiles('SET LANG1FILE x.txt\n', SCRIPT_1600, NO_CALL)
    expect(findings(observed)).toEqual(['site-option-no-call-server warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted' })
  })

  it('stays quiet when the settings name one on some branch, or were not seen', () => {
    expect(codes(withFiles('IF $GROUP SEQ 5 GOTO A\n# A\nSET MCIPADD 10.1.1.1\n', SCRIPT_1600, NO_CALL))).toEqual([])
    const unseen = new Observed().lease(0, NO_CALL).web(1, {
      exchanges: [SCRIPT_OK, { path: '/46xxsettings.txt', status: 200, body: 'x', missingBytes: 100 }],
    })
    expect(codes(unseen)).not.toContain('site-option-no-call-server')
  })
})
