/**
 * The library: `import { analyzeCapture, runScenario, Network } from 'bootwire'`. Nothing is defined here.
 *
 * `bootwire/analyze` is the analyzer alone, without Node; `bootwire/vitest` adds matchers to vitest.
 */
export { Analyzer, analyzeCapture, analyzeCaptures, buildReport } from './analyzer/analyze.js'
export type { AnalyzeOptions, CaptureAnalysis, ReportOptions } from './analyzer/analyze.js'
export { catalogue } from './analyzer/diagnosis/catalogue.js'
export type { CatalogueEntry } from './analyzer/diagnosis/rule.js'
export { MessageLister } from './analyzer/messages.js'
export type { Message } from './analyzer/messages.js'
export type {
  CaptureSummary,
  Finding,
  Outcome,
  PhoneIdentity,
  Report,
  Session,
  Severity,
  Stage,
  Transfer,
} from './analyzer/report.js'
export { UsageError, WireError } from './base/errors.js'
export { VERSION } from './base/version.js'
export { CaptureReader } from './capture/capture-reader.js'
export type { FrameRecord } from './capture/capture-reader.js'
export { PcapngWriter } from './capture/pcapng-writer.js'
export { Phone } from './emulator/phones/phone.js'
export type { PhoneOptions } from './emulator/phones/phone-options.js'
export type { PhoneStory } from './emulator/phones/story.js'
export { Simulation } from './emulator/sim/simulation.js'
export { Network } from './emulator/topology.js'
export { createVirtualHost } from './emulator/virtual-host.js'
export { checkExpectations } from './expectations/check-expectations.js'
export type { ExpectationResult, KnownPhone } from './expectations/check-expectations.js'
export type { Expectation } from './expectations/expectation.js'
export type { Host } from './host/host.js'
export { renderJson, renderNdjson } from './report/render-json.js'
export { renderText } from './report/render-text.js'
export { loadScenario } from './scenario/load-scenario-file.js'
export { parseScenario } from './scenario/load-scenario.js'
export { runScenario } from './scenario/run-scenario.js'
export type { RunOptions, RunResult } from './scenario/run-scenario.js'
export { ScenarioError } from './scenario/scenario-error.js'
export type { Scenario } from './scenario/scenario.js'
export { startDhcpServer } from './servers/dhcp-server.js'
export type { ServerFault } from './servers/faults.js'
export { imageOf, MemoryFileStore } from './servers/file-store.js'
export { startHttpServer } from './servers/http-server.js'
export { startTftpServer } from './servers/tftp-server.js'
