/**
 * `bootwire messages <capture..>`: every provisioning message, one per line, with its frame number.
 */
import type { Argv } from 'yargs'
import { UsageError } from '../../base/errors.js'
import { maskText } from '../../analyzer/mask-secrets.js'
import { MessageLister } from '../../analyzer/messages.js'
import type { Message } from '../../analyzer/messages.js'
import { CaptureReader } from '../../capture/capture-reader.js'
import { captureName } from '../../node/capture-input.js'
import { csvField } from '../../report/csv-field.js'
import { MESSAGES_CSV_HEADER, messageCsv, messageNdjson, messageText } from '../../report/render-messages.js'
import { checkOutput, commonOptions, deliver, paletteFor } from '../common-options.js'
import type { CommonArgs } from '../common-options.js'
import { ExitCode } from '../exit-codes.js'
import type { Machine } from '../machine.js'
import { checkPhone } from '../phone-argument.js'

export interface MessagesArgs extends CommonArgs {
  readonly capture: readonly string[]
  readonly phone: string | undefined
}

const FORMATS = ['text', 'ndjson', 'csv'] as const

/** Octets of text that are gathered before they are written. */
const BATCH = 64 * 1024

export const command = 'messages <capture..>'
export const describe = 'List every provisioning message of a capture, one per line, with its frame number'

export function builder(yargs: Argv): Argv<MessagesArgs> {
  return commonOptions(yargs, FORMATS)
    .positional('capture', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'pcap or pcapng files, compressed or not; - reads standard input as it arrives',
    })
    .option('phone', { type: 'string', requiresArg: true, describe: 'only this phone: a MAC or an IP address' })
    .example('$0 messages site-a.pcapng', 'what went over the wire, for people')
    .example(
      '$0 messages site-a.pcapng --format ndjson',
      'one JSON object per message',
    ) as unknown as Argv<MessagesArgs>
}

export async function runMessages(args: MessagesArgs, machine: Machine): Promise<ExitCode> {
  const { format } = args
  const phone = args.phone === undefined ? undefined : checkPhone(args.phone)
  if (args.capture.filter((file) => file === '-').length > 1)
    throw new UsageError("standard input, '-', can be read once only")
  checkOutput(args, args.capture, machine)
  const palette = paletteFor(args, machine)
  const several = args.capture.length > 1
  const toFile: string[] = []
  let pending = format === 'csv' ? `${several ? 'file,' : ''}${MESSAGES_CSV_HEADER}` : ''
  if (pending !== '' && !pending.endsWith('\n')) pending += '\n'
  let found = 0

  for (const file of args.capture) {
    const labelled = (message: Message): Message => (several ? Object.assign({ file }, message) : message)
    const render = (message: Message): string => {
      if (format === 'ndjson') return messageNdjson(labelled(message))
      if (format === 'csv') return (several ? `${csvField(file)},` : '') + messageCsv(message)
      return (several ? `${file} ` : '') + messageText(message, { palette })
    }
    const belongs = phone === undefined ? () => true : phoneFilter(phone)
    const take = (message: Message): void => {
      if (!belongs(message)) return
      found++
      pending += render(args.showSecrets ? message : maskMessage(message))
    }
    for await (const _ of readMessages(file, take, machine)) {
      // Who pipes a capture in as it is made wants to see what there is.
      if (pending.length < (file === '-' ? 1 : BATCH)) continue
      if (args.output === undefined) await machine.out(pending)
      else toFile.push(pending)
      pending = ''
    }
  }
  if (args.output === undefined) {
    if (pending !== '') await machine.out(pending)
  } else {
    await deliver(toFile.join('') + pending, args, machine)
  }
  if (machine.interrupted.aborted) return ExitCode.interrupted
  if (found > 0) return ExitCode.ok
  if (!args.quiet)
    machine.note(`bootwire: no provisioning message${phone === undefined ? '' : ` of ${phone}`} in there\n`)
  return ExitCode.nothingToJudge
}

/** Reads one capture; gives way after every piece, so that what was found can be written. */
async function* readMessages(
  file: string,
  onMessage: (message: Message) => void,
  machine: Machine,
): AsyncGenerator<undefined> {
  const name = captureName(file)
  const lister = new MessageLister(onMessage, { file: name })
  const reader = new CaptureReader((record) => lister.frame(record))
  for await (const chunk of machine.read(file)) {
    reader.push(chunk)
    yield
    // What is no capture, or damaged, does not get better; some of it never ends.
    if (!reader.reading) break
  }
  const summary = reader.end()
  if (summary.error !== undefined) throw new UsageError(summary.error, { file: name })
  lister.end(summary)
  yield
}

/** A phone is its MAC in DHCP, and the addresses that DHCP gave it everywhere else. */
function phoneFilter(phone: string): (message: Message) => boolean {
  const names = new Set([phone])
  const isMac = phone.includes(':')
  return (message) => {
    if (message.protocol === 'dhcp') {
      if (isMac ? message.chaddr !== phone : message.yiaddr !== phone && message.ciaddr !== phone) return false
      if (message.type === 'ACK' && message.yiaddr !== '0.0.0.0') names.add(message.yiaddr)
      return true
    }
    return names.has(host(message.source)) || names.has(host(message.destination))
  }
}

function host(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '')
}

/** File names and URIs may carry passwords. */
function maskMessage(message: Message): Message {
  switch (message.protocol) {
    case 'http':
      return message.uri === undefined ? message : { ...message, uri: maskText(message.uri) }
    case 'tftp': {
      const { filename, message: text } = message
      const masked = filename === undefined ? message : { ...message, filename: maskText(filename) }
      return text === undefined ? masked : { ...masked, message: maskText(text) }
    }
    case 'dhcp':
    case 'icmp':
      return message
  }
}
