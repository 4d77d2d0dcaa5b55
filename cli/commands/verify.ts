import type { Command } from 'commander'
import { nativeChecks } from '#ledger-adapter/application/verify-native'
import { verifyExport, type ExportSummary } from '#proof/verify-export'
import { verdictWords } from '#client/receipt-words'
import type { AnyTrust, ReceiptVerdict, StateReceipt, ValidatorsVerdict } from '#proof/receipt'
import { verifyReceipt, verifyValidators } from '#proof/verify-receipt'
import { CommandFailure } from '../failure.ts'
import { languageOf } from '../language.ts'
import { existingStore } from '../stack/bundles.ts'
import { exportLines, exportRules } from '../verify/export-file.ts'
import { isReceiptFile, receiptBytes } from '../verify/receipt-file.ts'
import { trustOf, type TrustOptions } from '../verify/trust.ts'

interface Options extends TrustOptions {
  readonly bundles?: string
  readonly lang?: string
  readonly json?: boolean
}

/** `sluice verify FILE`: a receipt or a whole exported ledger, from its file alone: no database, server or network. */
export function register(program: Command): void {
  const each = (value: string, before: readonly string[] = []) => [...before, value]
  program
    .command('verify')
    .description('verify a receipt, or a whole exported ledger, from its file alone')
    .argument('<file>', 'a receipt as canonical JSON; or an export, JSON lines, gzip when its name ends in .gz')
    .option('--chain <id>', 'the chain it must be of')
    .option('--genesis <hash>', 'the genesis hash it must have')
    .option('--operator-key <key>', "trust this operator's public key on headers, base64url")
    .option('--validators <file>', "trust these validators: CometBFT's genesis.json, or {chainId, trusted} as JSON")
    .option('--follow <file>', 'a receipt of validators to follow first; may be given several times', each)
    .option('--trusting-days <days>', 'for how long validators are trusted after their time')
    .option('--now <time>', 'the time against which that is measured (ISO 8601); now when not given')
    .option('--bundles <folder>', 'versions of the contracts that governance activated, to decide commands again by')
    .option('--lang <zh|en>', 'the language of the answer; by LANG when not given')
    .option('--json', 'print the findings as JSON')
    .action(async (file: string, options: Options) => {
      if (await isReceiptFile(file)) return verifyReceiptFile(file, options)
      const summary = await verifyFile(file, options)
      process.stdout.write(options.json ? `${JSON.stringify({ ok: true, ...summary })}\n` : describe(summary, options))
    })
}

/** Says yes with what is proven, or no with the first thing that does not hold, and then exits with 1. */
async function verifyReceiptFile(file: string, options: Options): Promise<void> {
  const language = languageOf(options.lang)
  const trust = await trustOf(options, language)
  const bytes = await receiptBytes(file)
  const isValidators = Buffer.from(bytes).includes(VALIDATORS) && 'validators' in trust
  const verdict = isValidators
    ? verifyValidators(bytes, trust, nativeChecks.votes)
    : verifyReceipt(bytes, trust, nativeChecks)
  if (!verdict.ok) process.exitCode = 1
  const said = options.json ? JSON.stringify(found(verdict, trust)) : verdictWords(verdict, language).join('\n')
  process.stdout.write(`${said}\n`)
}

/** How a receipt of validators ends: its kind is the last of its two fields. */
const VALIDATORS = Buffer.from('],"kind":"validators"}')

const found = (verdict: ReceiptVerdict | ValidatorsVerdict, { chainId }: AnyTrust): object => {
  if (!verdict.ok) return verdict
  const { kind } = verdict.receipt
  return 'trusted' in verdict
    ? { ok: true, kind, chainId, trusted: verdict.trusted }
    : { ok: true, kind, chainId, height: verdict.height, anchored: verdict.anchored, ...batchOf(verdict.receipt) }
}

const batchOf = (receipt: StateReceipt): object =>
  receipt.kind === 'asset' ? { batch: { version: receipt.asset.version, state: receipt.batch['state'] } } : {}

/** @throws CommandFailure naming the line and the first thing that does not hold */
export async function verifyFile(file: string, options: Options = {}): Promise<ExportSummary> {
  const trust = options.validators === undefined ? undefined : await trustOf(options, languageOf(options.lang))
  const expected = {
    ...(trust !== undefined && 'validators' in trust ? { chainId: trust.chainId, validators: trust.validators } : {}),
    ...(options.chain === undefined ? {} : { chainId: options.chain }),
    ...(options.genesis === undefined ? {} : { genesisHash: options.genesis }),
    ...(options.operatorKey === undefined ? {} : { operatorKey: options.operatorKey }),
  }
  const rules = exportRules(options.bundles === undefined ? undefined : existingStore(options.bundles))
  const verdict = await read(file, (lines) => verifyExport(lines, expected, rules, nativeChecks))
  if (!verdict.ok) throw new CommandFailure(`${file}, line ${verdict.line}: ${verdict.reason}`)
  return verdict.summary
}

async function read<T>(file: string, use: (lines: AsyncIterable<string>) => Promise<T>): Promise<T> {
  try {
    return await use(exportLines(file))
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandFailure(`${file}: ${problem}`, 1, { cause: error })
  }
}

/** Who stands for the headers: a chain that continues an operator's ledger has both, one after the other. */
function signersOf({ byValidators, operatorKey, predecessor }: ExportSummary): string {
  if (!byValidators) return operatorKey
  const validators = 'more than two thirds of the validators'
  return predecessor ? `${operatorKey} up to block ${predecessor.height}, then by ${validators}` : validators
}

export function describe(summary: ExportSummary, options: Options): string {
  const { chainId, genesisHash, height, commands, refused, events, topics, receipts, headerHash } = summary
  const proofs = Object.entries(receipts).map(([kind, count]) => `${count} ${kind}`)
  const isAnchored = options.genesis !== undefined || options.chain !== undefined
  return [
    `verified: ledger ${chainId}`,
    `  blocks 0 to ${height}, head ${headerHash}`,
    `  ${commands} commands (${refused} refused), ${events} events in ${topics} topics, every signature and root`,
    `  receipts: ${proofs.length > 0 ? proofs.join(', ') : 'none'}`,
    `  genesis ${genesisHash}, headers signed by ${signersOf(summary)}`,
    ...(isAnchored ? [] : ['  Compare the genesis hash with the one your consortium agreed on, or pass --genesis.']),
    ...summary.unchecked.map((what) => `  not checked: ${what}`),
    '',
  ].join('\n')
}
