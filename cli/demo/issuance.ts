import { rootRecordOf } from '#contracts/asset-registry/root'
import { bookKey } from '#contracts/asset-registry/state'
import { instructionKey } from '#contracts/cash/state'
import { accountIds } from '#contracts/deal/account-ids'
import { dealKey, priceInstruction } from '#contracts/deal/state'
import { parseFen } from '#domain/money'
import { isoDate } from '#domain/date'
import { PoolBook } from '#node/servicing/pool-book'
import { encodePool, poolAssets } from '#node/servicing/pool-file'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import type { Stack } from '../stack/stack.ts'
import { CAST } from './consortium.ts'
import { readOne } from '#node/read-state'
import type { People, Who } from './people.ts'
import type { Plan } from './plan.ts'

const who = (participant: string, operator: string): Who => `${participant}/${operator}`
const PM_MAKER = who(CAST.planManager, 'maker')
const PM_CHECKER = who(CAST.planManager, 'checker')

export interface IssuanceParts {
  readonly plan: Plan
  readonly people: People
  readonly stack: Stack
  readonly saltSecret: Uint8Array
  readonly tell: (line: string) => void
}

/** From the frozen tape to an established plan with registered holders: every step by the person whose step it is. */
export async function issue(parts: IssuanceParts): Promise<void> {
  const { plan, people, stack, tell } = parts
  if ((await readOne(stack.ledger, dealKey(plan.deal)))?.establishedOn) return
  await structure(parts)
  tell('terms and ratings confirmed by plan manager and rating agency; the exchange does not object')
  const root = await freeze(parts)
  tell(`tape frozen: ${plan.loans.length} loans, root ${root.slice(0, 16)}… proposed, recomputed and attested`)
  await subscribeAndPay(parts)
  await people.does(PM_CHECKER, 'establish', 'deal.establish', { deal: plan.deal })
  await payPrice(parts)
  await people.does(who(CAST.depository, 'checker'), 'register', 'securities.register', { deal: plan.deal })
  tell('subscribed, paid, established; holders registered')
}

async function structure({ plan, people, stack }: IssuanceParts): Promise<void> {
  const { deal, terms } = plan
  const termsHash = hashJson(terms as unknown as Json)
  const investors = [CAST.seniorInvestor, CAST.juniorInvestor]
  const proposal = { deal, terms: terms as unknown as JsonObject, termsHash, investors }
  await people.does(PM_MAKER, 'propose', 'deal.propose', proposal)
  const opinion = await stack.files.put(Buffer.from(`Legal opinion on the terms ${termsHash}.\n`))
  await people.does(who(CAST.lawFirm, 'maker'), 'opinion', 'deal.lodgeOpinion', { deal, contentHash: opinion })
  const agency = who(CAST.ratingAgency, 'checker')
  await people.does(PM_CHECKER, 'confirm-terms.manager', 'deal.confirmTerms', { deal, termsHash })
  await people.does(agency, 'confirm-terms.agency', 'deal.confirmTerms', { deal, termsHash })
  const ratings = { deal, ratings: [{ tranche: 'A', rating: 'AAA' }, { tranche: 'B', rating: 'AA' }] } // prettier-ignore
  await people.does(agency, 'confirm-rating.agency', 'deal.confirmRating', ratings)
  await people.does(PM_CHECKER, 'confirm-rating.manager', 'deal.confirmRating', ratings)
  await people.does(who(CAST.exchange, 'checker'), 'decide', 'deal.decide', { deal, decision: 'approve' })
}

/** The custodian fetches the file by its hash and rebuilds the tree by itself; its root is what it signs. */
async function freeze({ plan, people, stack, saltSecret }: IssuanceParts): Promise<string> {
  const { deal, cutOff, loans } = plan
  const file = encodePool(deal, cutOff, poolAssets(loans, cutOff, saltSecret))
  const contentHash = await stack.files.put(file)
  const proposed = rootRecordOf(PoolBook.fromPoolFile(file, deal).root)
  const batch = {
    deal,
    version: 1,
    previous: null,
    root: { ...proposed },
    changed: loans.length,
    contentHash,
    asOf: cutOff,
  }
  await people.does(who(CAST.servicer, 'maker'), 'freeze', 'asset-registry.proposeBatch', batch)
  if ((await readOne(stack.ledger, bookKey(deal)))?.effective === 1) return proposed.hash
  const fetched = await stack.files.get(contentHash)
  const recomputed = rootRecordOf(PoolBook.fromPoolFile(fetched, deal).root)
  const attestation = { deal, version: 1, root: { ...recomputed } }
  await people.does(who(CAST.custodian, 'checker'), 'attest', 'asset-registry.attest', attestation)
  return recomputed.hash
}

interface Order {
  readonly investor: string
  readonly tranche: string
  readonly units: bigint
}

/** The senior investor takes three fifths of A, the other the rest of A and all of B; the originator keeps the sub. */
function ordersOf({ terms }: Plan): Order[] {
  const units = (id: string): bigint => {
    const { original, unitFen } = terms.tranches.find((tranche) => tranche.id === id)!
    return parseFen(original) / parseFen(unitFen!)
  }
  const most = (units('A') * 3n) / 5n
  return [
    { investor: CAST.seniorInvestor, tranche: 'A', units: most },
    { investor: CAST.juniorInvestor, tranche: 'A', units: units('A') - most },
    { investor: CAST.juniorInvestor, tranche: 'B', units: units('B') },
  ].filter((order) => order.units > 0n)
}

async function subscribeAndPay({ plan, people }: IssuanceParts): Promise<void> {
  const { deal, cutOff, terms } = plan
  const [statements, checker] = [who(CAST.custodian, 'statements'), who(CAST.custodian, 'checker')]
  for (const { investor, tranche, units } of ordersOf(plan)) {
    const step = `${tranche}.${investor}`
    const order = { deal, tranche, units: Number(units) }
    await people.does(who(investor, 'maker'), `subscribe.${step}`, 'securities.subscribe', order)
    const unitFen = parseFen(terms.tranches.find(({ id }) => id === tranche)!.unitFen!)
    const reference = `subscription:${step}`
    const line = {
      account: accountIds.issuance(deal),
      from: accountIds.subscribers(deal),
      amountFen: (units * unitFen).toString(),
      valueDate: cutOff,
      reference,
      deal,
    }
    await people.does(statements, `credit.${step}`, 'cash.credit', line)
    const payment = { deal, tranche, investor, reference }
    await people.does(checker, `confirm-payment.${step}`, 'securities.confirmPayment', payment)
  }
}

async function payPrice({ plan, people, stack }: IssuanceParts): Promise<void> {
  const id = priceInstruction(plan.deal, 1)
  const instruction = await readOne(stack.ledger, instructionKey(id))
  if (instruction?.state !== 'pending') return
  const legs = instruction.legs.map((leg) => ({ ...leg, amountFen: parseFen(leg.amountFen) }))
  const line = await stack.bankOf(CAST.custodian).pay({ instruction: id, valueDate: isoDate(plan.cutOff), legs })
  const { reference, valueDate } = line
  const posting = { instruction: id, reference, valueDate }
  await people.does(who(CAST.custodian, 'statements'), 'post-price', 'cash.post', posting)
}
