import { describe, expect, it } from 'vitest'
import { fileName, fileRole } from '../../src/deskphone/roles.js'

describe('fileRole', () => {
  it.each([
    ['/16xxupgrade.txt', 'script'],
    ['46XXUPGRADE.SCR', 'script'],
    ['/avaya/96x1Hupgrade.txt', 'script'],
    ['/96xxupgrade.txt?x=1', 'script'],
    ['J100Supgrade.txt', 'script'],
    ['/46xxsettings.txt', 'settings'],
    ['phones\\46xxsettings.scr', 'settings'],
    ['/ha1608ua1_350B.bin', 'application'],
    ['4620_031225.app', 'application'],
    ['a20d01b2_9_1.bin', 'application'],
    ['S9608_11HALBR6_8_V474.tar', 'application'],
    ['hb1608ua1_350B.bin', 'boot-image'],
    ['hb96xxua3_00_SHA256.bin', 'boot-image'],
    ['b20d01b2_9_1.bin', 'boot-image'],
    ['REPLBOOT_V3.APP', 'boot-image'],
    ['46XXCOMMON.V03', 'boot-image'],
    ['/mlf_Sage_v54_german.txt', 'language'],
    ['KSC_S11_V34.rbm.lzma', 'language'],
    ['WebRootCA.pem', 'certificate'],
    ['/backup/1001_16xxdata.txt', 'restore'],
    ['ext_4620data.txt', 'restore'],
    ['1001_96xxdata.txt', 'restore'],
    ['4610data.txt', 'restore'],
    ['/index.html', 'other'],
    ['/', 'other'],
    ['', 'other'],
    ['SEP001122334455.cnf.xml', 'other'],
  ])('calls %s a file of kind %s', (path, role) => {
    expect(fileRole(path)).toBe(role)
  })

  it('tells a backup from a restore by the method', () => {
    expect(fileRole('/backup/1001_16xxdata.txt', 'PUT')).toBe('backup')
    expect(fileRole('/backup/1001_16xxdata.txt', 'WRQ')).toBe('backup')
    expect(fileRole('/backup/1001_16xxdata.txt', 'GET')).toBe('restore')
    expect(fileRole('/16xxupgrade.txt', 'PUT')).toBe('script')
  })
})

describe('fileName', () => {
  it('is what follows the last slash of either kind, without query and fragment', () => {
    expect(fileName('/a/b/c.txt?d=/e')).toBe('c.txt')
    expect(fileName('a\\b\\c.txt#x/y')).toBe('c.txt')
    expect(fileName('/a/')).toBe('')
  })
})
