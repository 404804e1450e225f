/**
 * `npm run score [-- clean|faulty [runs [first seed]]]`: many random scenarios, and how often the analyzer is right about
 * them. With `look <kind> <seed>` one of them in full, with
 * `transform <kind> <runs>` what transformations of their captures do to the verdicts. Not part of the tests, which run a small sample.
 */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runScenario } from '../../src/scenario/run-scenario.js'
import { randomScenario } from './random-scenario.js'
import type { ScenarioKind } from './random-scenario.js'
import { Score } from './score.js'
import { TRANSFORMATIONS, readCapture, writeCapture } from './transformations.js'
import { analyzeCapture } from '../../src/analyzer/analyze.js'
import { Random } from '../../src/base/random.js'
import { compareVerdicts } from './compare-verdicts.js'

const [first = 'faulty', second, third] = process.argv.slice(2)

function kindOf(text: string | undefined): ScenarioKind {
  return text === 'clean' ? 'clean' : 'faulty'
}

if (first === 'transform') await transform(kindOf(second), Number(third ?? 100))
else if (first === 'look') await look(kindOf(second), Number(third ?? 1))
else await score(kindOf(first), Number(second ?? 500), Number(third ?? 1))

async function score(kind: ScenarioKind, runs: number, start: number): Promise<void> {
  const total = new Score()
  for (let seed = start; seed < start + runs; seed++) {
    total.add(await runScenario(randomScenario(seed, kind)))
  }
  process.stdout.write(`${kind}\n${total.lines().join('\n')}\nboots with an error finding: ${total.withErrors}\n`)
}

async function look(kind: ScenarioKind, seed: number): Promise<void> {
  const { scenario, report, stories, capture, disagreements, ended } = await runScenario(randomScenario(seed, kind))
  const file = join(tmpdir(), `score-${kind}-${seed}.pcapng`)
  writeFileSync(file, capture)
  const lines = [
    `${scenario.name}; capture at ${JSON.stringify(scenario.capture.at)}, ${ended}, ${JSON.stringify(scenario.links.uplink)}`,
    file,
  ]
  for (const story of stories) {
    lines.push(`== ${story.mac} ${story.model} ${story.outcome} ${story.rootCause ?? ''}`)
    for (const boot of story.boots)
      lines.push(`  boot ${boot.number} ${boot.reason} ${boot.outcome} ${boot.rootCause ?? ''}`)
    for (const { boot, stage, time, cause, causedBy, detail, degrades } of story.failures) {
      lines.push(
        `  failure ${boot} ${(time / 1e9).toFixed(3)} ${stage} ${cause} <- ${causedBy ?? ''} (${detail})${degrades ? '' : ' harmless'}`,
      )
    }
    for (const { boot, method, path, result, status, start, end } of story.transfers) {
      lines.push(
        `  transfer ${boot} ${(start / 1e9).toFixed(3)}-${(end / 1e9).toFixed(3)} ${method} ${path} ${result} ${status ?? ''}`,
      )
    }
    for (const session of report.sessions.filter(({ phone }) => phone.mac === story.mac)) {
      lines.push(`  session ${session.outcome} ${session.rootCause ?? ''}`)
      for (const { code, severity, message, causedBy } of session.findings) {
        lines.push(`    ${severity} ${code} <- ${causedBy ?? ''}: ${message}`)
      }
      for (const { atMs, frames, text } of session.timeline ?? [])
        lines.push(`    ${(atMs / 1000).toFixed(3)} [${frames[0]}..${frames.at(-1)}] ${text}`)
    }
  }
  for (const { what, truth, verdict, phone, boot } of disagreements)
    lines.push(`!! ${phone} boot ${boot} ${what}: ${truth} <> ${verdict}`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function transform(kind: ScenarioKind, runs: number): Promise<void> {
  const wrong = new Map<string, string[]>()
  let verdicts = 0
  for (let seed = 1; seed <= runs; seed++) {
    const { capture } = await runScenario(randomScenario(seed, kind))
    const before = analyzeCapture(capture)
    const frames = readCapture(capture)
    for (const transformation of TRANSFORMATIONS) {
      const after = analyzeCapture(writeCapture(transformation.apply(frames, Random.for(seed, transformation.name))))
      verdicts += after.sessions.length
      for (const line of compareVerdicts(before, after, transformation)) {
        const lines = wrong.get(transformation.name)
        if (lines === undefined) wrong.set(transformation.name, [`seed ${seed} ${line}`])
        else lines.push(`seed ${seed} ${line}`)
      }
    }
  }
  process.stdout.write(`${kind}: ${verdicts} verdicts\n`)
  for (const [name, lines] of wrong)
    process.stdout.write(`${name}: ${lines.length} wrong\n  ${lines.slice(0, 12).join('\n  ')}\n`)
}
