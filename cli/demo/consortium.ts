import type { GenesisDocument } from '#contracts/genesis'
import type { KeyFunction, Role } from '#contracts/kernel/method'
import { usccCheckCharacter } from '#domain/uscc'
import type { IsoDate } from '#domain/date'
import type { Hash } from '#proof/hash'

/** Who takes part in the demonstration. All of them are invented. */
export interface Member {
  readonly id: string
  readonly name: { readonly zh: string; readonly en: string }
  /** The first 17 characters; the check character is computed. */
  readonly usccBody: string
  readonly roles: readonly Role[]
  readonly operators: readonly {
    readonly id: string
    readonly kind: 'person' | 'service'
    readonly functions: readonly KeyFunction[]
    /** The most that one command of its key may commit; absent: any amount. */
    readonly limitFen?: string
  }[]
}

const person = (id: string, ...functions: KeyFunction[]) => ({ id, kind: 'person' as const, functions })
const service = (id: string, ...functions: KeyFunction[]) => ({ id, kind: 'service' as const, functions })
const makerAndChecker = [person('maker', 'maker', 'viewer'), person('checker', 'checker', 'viewer')]

export const MEMBERS = [
  {
    id: 'chaoyang-credit',
    name: { zh: '朝阳消费金融', en: 'Chaoyang Consumer Credit' },
    usccBody: '91110105MA01ABCD1',
    roles: ['originator', 'servicer', 'investor'],
    operators: [...makerAndChecker, service('servicing', 'service:servicing')],
  },
  {
    id: 'huaxia-securities',
    name: { zh: '华厦证券', en: 'Huaxia Securities' },
    usccBody: '91310000MA1FL2345',
    roles: ['plan-manager'],
    operators: [
      ...makerAndChecker,
      person('payer', 'payer', 'viewer'),
      service('servicing', 'service:servicing', 'service:issuance'),
    ],
  },
  {
    id: 'jiangnan-bank',
    name: { zh: '江南银行托管部', en: 'Jiangnan Bank, Custody' },
    usccBody: '91320000MA1NXY678',
    roles: ['custodian'],
    operators: [...makerAndChecker, service('custody', 'service:servicing'), service('statements', 'service:bank')],
  },
  {
    id: 'beihai-bank',
    name: { zh: '北海银行', en: 'Beihai Bank' },
    usccBody: '91450500MA5KABC12',
    roles: ['supervisory-bank'],
    operators: [...makerAndChecker, service('statements', 'service:bank')],
  },
  {
    id: 'zhongheng-rating',
    name: { zh: '中衡资信评级', en: 'Zhongheng Ratings' },
    usccBody: '91110000MA00RAT34',
    roles: ['rating-agency'],
    operators: makerAndChecker,
  },
  {
    id: 'mingde-law',
    name: { zh: '明德律师事务所', en: 'Mingde Law Firm' },
    usccBody: '31110000MD0123456',
    roles: ['law-firm'],
    operators: makerAndChecker,
  },
  {
    id: 'xinyi-audit',
    name: { zh: '信义会计师事务所', en: 'Xinyi Auditors' },
    usccBody: '91110000MA00AUD78',
    roles: ['auditor'],
    operators: makerAndChecker,
  },
  {
    id: 'eastern-exchange',
    name: { zh: '东方证券交易所', en: 'Eastern Exchange' },
    usccBody: '12310000MB2F12345',
    roles: ['exchange'],
    operators: makerAndChecker,
  },
  {
    id: 'central-depository',
    name: { zh: '中央证券登记结算', en: 'Central Depository' },
    usccBody: '91110000MA00DEP56',
    roles: ['depository'],
    operators: [...makerAndChecker, service('statements', 'service:bank')],
  },
  {
    id: 'pacific-asset',
    name: { zh: '太洋资产管理', en: 'Pacific Asset Management' },
    usccBody: '91310000MA1GPAC78',
    roles: ['investor'],
    operators: makerAndChecker,
  },
  {
    id: 'evergreen-fund',
    name: { zh: '常青基金', en: 'Evergreen Fund' },
    usccBody: '91440300MA5DEWG90',
    roles: ['investor'],
    operators: makerAndChecker,
  },
  {
    id: 'finance-regulator',
    name: { zh: '金融监管局', en: 'Financial Regulator' },
    usccBody: '11100000MB0REG123',
    roles: ['regulator'],
    operators: [person('supervisor', 'viewer')],
  },
  {
    id: 'zhongyuan-steel',
    name: { zh: '中原钢铁', en: 'Zhongyuan Steel' },
    usccBody: '91410000MA3XWTE45',
    roles: ['core-enterprise'],
    operators: makerAndChecker,
  },
  {
    id: 'luyuan-parts',
    name: { zh: '鲁源机件', en: 'Luyuan Parts' },
    usccBody: '91370000MA3CPAR67',
    roles: ['supplier'],
    operators: [person('maker', 'maker', 'viewer'), service('receivables', 'service:receivable')],
  },
  {
    id: 'hetian-castings',
    name: { zh: '和田铸造', en: 'Hetian Castings' },
    usccBody: '91370200MA3PCAT89',
    roles: ['supplier'],
    operators: [person('maker', 'maker', 'viewer'), service('receivables', 'service:receivable')],
  },
  {
    id: 'consortium-office',
    name: { zh: '联盟办公室', en: 'Consortium Office' },
    usccBody: '91110000MA00CAN12',
    roles: ['consortium-operator'],
    operators: [service('calendar', 'service:calendar'), service('admin', 'service:admin')],
  },
] as const satisfies readonly Member[]

export type MemberId = (typeof MEMBERS)[number]['id']

/** The members by what they do in the plan. */
export const CAST = {
  servicer: 'chaoyang-credit',
  planManager: 'huaxia-securities',
  custodian: 'jiangnan-bank',
  supervisoryBank: 'beihai-bank',
  ratingAgency: 'zhongheng-rating',
  lawFirm: 'mingde-law',
  auditor: 'xinyi-audit',
  exchange: 'eastern-exchange',
  depository: 'central-depository',
  seniorInvestor: 'pacific-asset',
  juniorInvestor: 'evergreen-fund',
  regulator: 'finance-regulator',
  coreEnterprise: 'zhongyuan-steel',
  firstSupplier: 'luyuan-parts',
  secondSupplier: 'hetian-castings',
  office: 'consortium-office',
} as const satisfies Record<string, MemberId>

export const keyIdOf = (operator: string): string => `${operator}.1`

/** Public keys of those who will sign, as their keyrings know them. */
export interface FoundersKeys {
  readonly ledgerOperatorPublicKey: string
  readonly publicKeyOf: (participant: string, operator: string) => string
}

/** The genesis of the demonstration: a test clock, so that years of business dates can pass in a minute. */
export const demoGenesis = (options: FoundersKeys & { name: string; startDate: IsoDate }): GenesisDocument =>
  consortiumGenesis({ ...options, clock: 'test', members: MEMBERS })

/** The genesis of a consortium of these members; whoever has a calendar service rolls the business date. */
export function consortiumGenesis(
  options: FoundersKeys & {
    name: string
    clock: GenesisDocument['clock']
    startDate: IsoDate
    members: readonly Member[]
    /** Who votes in consensus at first; none on an embedded ledger. */
    validators?: GenesisDocument['governance']['validators']
    /** The version of the contracts; the sources of whoever runs it unless given (docs/adr/037). */
    bundle?: Hash | null
  },
): GenesisDocument {
  const { name, clock, startDate, members } = options
  const rolls = ({ operators }: Member): boolean =>
    operators.some(({ functions }) => functions.includes('service:calendar'))
  return {
    name,
    clock,
    startDate,
    calendarOperators: members.filter(rolls).map(({ id }) => id),
    ledgerOperator: { publicKey: options.ledgerOperatorPublicKey },
    governance: { ...governanceOf(members), validators: options.validators ?? [], bundle: options.bundle ?? null },
    participants: members.map(({ id, name, usccBody, roles, operators }) => ({
      id,
      name,
      uscc: usccBody + (usccCheckCharacter(usccBody) ?? ''),
      roles: [...roles],
      operators: operators.map((operator) => ({
        id: operator.id,
        kind: operator.kind,
        keys: [
          {
            keyId: keyIdOf(operator.id),
            curve: 'ed25519' as const,
            publicKey: options.publicKeyOf(id, operator.id),
            functions: [...operator.functions],
            ...(operator.limitFen !== undefined && { limitFen: operator.limitFen }),
          },
        ],
      })),
    })),
  }
}

/**
 * Who decides about the consortium: those who run plans and hold their money and registers, more than half of them, so
 * that one may fail and none decides alone. All of the members where there are no three such.
 */
function governanceOf(members: readonly Member[]): Pick<GenesisDocument['governance'], 'institutions' | 'needed'> {
  const deciding: readonly Role[] = ['plan-manager', 'custodian', 'supervisory-bank', 'exchange', 'depository']
  const chosen = members.filter(({ roles }) => roles.some((role) => deciding.includes(role)))
  const institutions = (chosen.length >= 3 ? chosen : members).map(({ id }) => id)
  return { institutions, needed: Math.floor(institutions.length / 2) + 1 }
}
