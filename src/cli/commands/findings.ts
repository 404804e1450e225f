/**
 * `bootwire findings [code]`: the catalogue, what a code states, its evidence, how to mend it.
 */
import type { Argv } from 'yargs'
import { UsageError } from '../../base/errors.js'
import { catalogue, catalogueEntry } from '../../analyzer/diagnosis/catalogue.js'
import { nearestName } from '../../deskphone/nearest-name.js'
import { renderCatalogue, renderCatalogueEntry } from '../../report/render-catalogue.js'
import { checkOutput, commonOptions, deliver, paletteFor } from '../common-options.js'
import type { CommonArgs } from '../common-options.js'
import { ExitCode } from '../exit-codes.js'
import type { Machine } from '../machine.js'

export interface FindingsArgs extends CommonArgs {
  readonly code: string | undefined
}

const FORMATS = ['text', 'json'] as const

export const command = 'findings [code]'
export const describe = 'Print the catalogue: what a code states, its evidence, how to mend it'

export function builder(yargs: Argv): Argv<FindingsArgs> {
  return commonOptions(yargs, FORMATS)
    .positional('code', { type: 'string', describe: 'a finding code; the whole catalogue without it' })
    .example('$0 findings http-response-timeout', 'what it means and what to do about it')
    .example('$0 findings --format json', 'the whole catalogue, for another program') as Argv<FindingsArgs>
}

export async function runFindings(args: FindingsArgs, machine: Machine): Promise<ExitCode> {
  const { format } = args
  checkOutput(args, [], machine)
  const palette = paletteFor(args, machine)
  if (args.code === undefined) {
    const text =
      format === 'json' ? `${JSON.stringify(catalogue.map(facts), null, 2)}\n` : renderCatalogue(catalogue, { palette })
    await deliver(text, args, machine)
    return ExitCode.ok
  }
  const entry = catalogueEntry(args.code)
  if (entry === undefined) {
    const nearest = nearestName(
      args.code,
      catalogue.map(({ code }) => code),
    )
    const right = nearest === undefined ? "'bootwire findings' lists all" : `did you mean '${nearest}'?`
    throw new UsageError(`unknown finding code '${args.code}'; ${right}`)
  }
  const text =
    format === 'json' ? `${JSON.stringify(facts(entry), null, 2)}\n` : renderCatalogueEntry(entry, { palette })
  await deliver(text, args, machine)
  return ExitCode.ok
}

/** An entry without what a rule may carry beside it. */
function facts(entry: (typeof catalogue)[number]): (typeof catalogue)[number] {
  const { code, stage, severity, states, evidence, notConfusedWith, remedy, references } = entry
  return { code, stage, severity, states, evidence, notConfusedWith, remedy, references }
}
