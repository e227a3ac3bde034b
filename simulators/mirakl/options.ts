/** Every switch of the simulated marketplace, with its default. Where the vendor's behaviour is not
 *  established, both answers are here and the stricter one is the default. */
import type { Dice, SimClock } from '../kernel.ts';
import { type OfferSettings, offerDefaults } from './offer-files/settings.ts';
import type { Purchase } from './purchases.ts';
import { type ShipmentSettings, shipmentDefaults } from './shipments/settings.ts';

export type PaymentWorkflow =
  | 'PAY_ON_ACCEPTANCE'
  | 'PAY_ON_DELIVERY'
  | 'PAY_ON_DUE_DATE'
  | 'PAY_ON_SHIPMENT'
  | 'NO_CUSTOMER_PAYMENT_CONFIRMATION';
export type TaxMode = 'TAX_INCLUDED' | 'TAX_EXCLUDED';
/** Milliseconds, both ends included. */
export type SpanMs = { min: number; max: number };

export type ShopSetting = {
  shopId: number;
  name?: string;
  /** A key of its own makes it another user's shop; without one it belongs to the main key. */
  apiKey?: string;
  model?: 'MARKETPLACE' | 'DROPSHIP' | 'ONE_CREDITOR';
  state?: 'OPEN' | 'CLOSE' | 'SUSPENDED' | 'TERMINATED';
};

export type Reason = { code: string; type: string; label: string; isShopRight: boolean };
export type CustomField = {
  code: string;
  entity: 'ORDER' | 'ORDER_LINE';
  type:
    | 'STRING'
    | 'DATE'
    | 'NUMERIC'
    | 'BOOLEAN'
    | 'LINK'
    | 'REGEX'
    | 'TEXTAREA'
    | 'LIST'
    | 'MULTIPLE_VALUES_LIST';
  acceptedValues?: readonly string[];
  editable?: boolean;
  required?: boolean;
};

/** Oddities of real payloads. Chances are per order, 0 to 1. */
export type Quirks = {
  /** A field without a value is sometimes null, sometimes left out; off: always null. */
  nullOrAbsent: boolean;
  /** Chance per object of a field no document mentions. */
  unknownFields: number;
  /** Chance per order of values outside the published enumerations, in fields that are no state. */
  unknownEnums: number;
  /** Chance per order that it first stands in a state no document mentions, before STAGING ends. */
  unknownStates: number;
  shuffledFields: boolean;
  /** Chance per order of an id that is not the basket's id with a letter: "95", or over 60
   *  characters. */
  strangeIds: number;
  lineIds: 'suffix' | 'number' | 'mixed';
  /** How money is written: 15.60, 15.6, or either (and 12, 12.0, 12.00). */
  decimals: 'two' | 'short' | 'mixed';
  /** Chance per address of a country label whose ISO code is null. */
  countryWithoutCode: number;
  /** JSON type of custom field values: the published file says text, others say it follows
   *  `type`. */
  customFieldValues: 'text' | 'typed' | 'mixed';
  /** Chance per order that its totals are a penny off the sum of its lines. */
  oddTotals: number;
};

/** All oddities off, for tests of one rule at a time. */
export const calm: Quirks = {
  nullOrAbsent: false,
  unknownFields: 0,
  unknownEnums: 0,
  unknownStates: 0,
  shuffledFields: false,
  strangeIds: 0,
  lineIds: 'suffix',
  decimals: 'two',
  countryWithoutCode: 0,
  customFieldValues: 'text',
  oddTotals: 0,
};

/** What a simulator does unless told. States and ids that would change an order's life are off. */
export const usualQuirks: Quirks = {
  nullOrAbsent: true,
  unknownFields: 0.03,
  unknownEnums: 0.03,
  unknownStates: 0,
  shuffledFields: true,
  strangeIds: 0,
  lineIds: 'mixed',
  decimals: 'mixed',
  countryWithoutCode: 0.05,
  customFieldValues: 'mixed',
  oddTotals: 0,
};

/** At most `calls` in any `windowMs`. */
export type Ceiling = { calls: number; windowMs: number };

export type Settings = OfferSettings &
  ShipmentSettings & {
    clock: SimClock;
    dice: Dice;
    apiKey: string;
    shops: readonly ShopSetting[];
    /** Scheme and host written into links; null: `http://` and the caller's Host header. */
    publicUrl: string | null;
    /** Served on POST /oauth/token when set; bearer tokens stand for the main key. */
    oauth: { clientId: string; clientSecret: string; expiresInSeconds?: number } | null;
    /** The vendor's clock runs this much ahead (negative: behind). Every date it writes shows
     *  it. */
    clockOffsetMs: number;
    latencyMs: SpanMs;

    orderIdPrefix: string;
    currency: string;
    acceptance: 'AUTOMATIC' | 'NOT_AUTOMATIC' | 'BOTH';
    partialAcceptance: boolean;
    /** Time to decide; then the order is REFUSED. */
    acceptanceWindowMs: number;
    /** Time in STAGING (anti-fraud) before anything else; 0 to 0: no order is staged. */
    stagingMs: SpanMs;
    paymentWorkflow: PaymentWorkflow;
    /** From WAITING_DEBIT to SHIPPING; WAITING_DEBIT_PAYMENT begins half way. */
    debitDelayMs: SpanMs;
    /** `manual`: nothing is paid until `payNow` or `refusePayment`. */
    debit: 'automatic' | 'manual';
    /** Chance that an automatic debit is refused. */
    debitRefusedChance: number;
    /** Unpaid for this long: CANCELED. */
    debitExpiryMs: number;
    /** False: billing and shipping address are null until the order is in SHIPPING. */
    detailsBeforeAcceptance: boolean;
    /** States in which a seller may cancel (OR29, OR30). */
    cancelableStates: readonly string[];
    /** States in which a seller may refund (OR28). */
    refundableStates: readonly string[];
    refundDelayMs: number;
    toCollectAfterMs: number;
    receivedAfterMs: number;
    closedAfterMs: number;
    leadTimeDays: number;
    taxMode: TaxMode;
    /** Tax lines on every order; null: none are written. */
    tax: { code: string; ratePercent: number; rule: 'PROPORTIONAL_TO_AMOUNT' | 'NONE' } | null;
    commissionPercent: number;
    commissionTaxPercent: number;

    orderPaging: 'offset' | 'seek';
    /** OR11 looks this much further back than `start_update_date`. */
    updateDeltaMs: number;
    /** `seconds`: creation and update dates are written without milliseconds, but compared with
     *  them. */
    dateMilliseconds: 'kept' | 'seconds';
    /** Where the machine code of an error sits (not established). */
    errorShape: 'code' | 'error_code' | 'errors' | 'message' | 'mixed';

    exportDelayMs: SpanMs;
    /** Lifetime of an export's download URLs. */
    exportUrlMs: number;
    /** Smallest `items_per_chunk` taken; 10,000 in production, lower on test instances. */
    minimumItemsPerChunk: number;
    minimumMegabytesPerChunk: number;

    ceilings: 'enforced' | 'externalPartner' | 'off';
    /** Replaces published numbers, by operation; null lifts one. */
    ceilingNumbers: Readonly<Record<string, Ceiling | null>>;
    /** What a ceiling counts over (not established). */
    ceilingScope: 'shop' | 'key';
    /** Cap for operations that are "per event", all together. */
    perEventPerSecond: number;

    /** How far back the fault `lateOrder` dates its order. */
    lateOrderMs: number;
    /** What shoppers buy when a fault needs an order; null: one unit of any offer that has some. */
    invent: (() => Purchase) | null;
    reasons: readonly Reason[];
    customFields: readonly CustomField[];
    quirks: Quirks;
  };

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const reasons: readonly Reason[] = [
  {
    code: '34',
    type: 'CANCELATION',
    label: 'Cancelled by the client prior to shipping',
    isShopRight: true,
  },
  { code: 'OUT_OF_STOCK', type: 'CANCELATION', label: 'Out of stock', isShopRight: true },
  { code: 'FRAUD', type: 'CANCELATION', label: 'Suspected fraud', isShopRight: false },
  { code: '10', type: 'INCIDENT_CLOSE', label: 'Replacement item received', isShopRight: true },
  { code: '1', type: 'INCIDENT_OPEN', label: 'Item not received', isShopRight: false },
  { code: '26', type: 'ORDER_MESSAGING', label: 'Other question', isShopRight: true },
  { code: '15', type: 'REFUND', label: 'Out of stock', isShopRight: true },
  { code: '16', type: 'REFUND', label: 'Item returned', isShopRight: true },
  { code: '17', type: 'REFUND', label: 'Goodwill of the operator', isShopRight: false },
  { code: 'RETURN_CHANGED_MIND', type: 'RETURN', label: 'No longer wanted', isShopRight: true },
];

const defaults: Omit<Settings, 'clock' | 'dice' | 'apiKey' | 'quirks'> = {
  ...offerDefaults,
  ...shipmentDefaults,
  shops: [{ shopId: 2000 }],
  publicUrl: null,
  oauth: null,
  clockOffsetMs: 0,
  latencyMs: { min: 40, max: 400 },
  orderIdPrefix: 'SIM',
  currency: 'GBP',
  acceptance: 'NOT_AUTOMATIC',
  partialAcceptance: true,
  acceptanceWindowMs: 2 * dayMs,
  stagingMs: { min: 0, max: 0 },
  paymentWorkflow: 'PAY_ON_ACCEPTANCE',
  debitDelayMs: { min: minuteMs, max: 10 * minuteMs },
  debit: 'automatic',
  debitRefusedChance: 0,
  debitExpiryMs: 30 * dayMs,
  detailsBeforeAcceptance: false,
  cancelableStates: ['WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING'],
  refundableStates: ['SHIPPING', 'SHIPPED', 'TO_COLLECT', 'RECEIVED'],
  refundDelayMs: 5 * minuteMs,
  toCollectAfterMs: dayMs,
  receivedAfterMs: 7 * dayMs,
  closedAfterMs: 30 * dayMs,
  leadTimeDays: 2,
  taxMode: 'TAX_INCLUDED',
  tax: null,
  commissionPercent: 15,
  commissionTaxPercent: 20,
  orderPaging: 'offset',
  updateDeltaMs: 5_000,
  dateMilliseconds: 'kept',
  errorShape: 'code',
  exportDelayMs: { min: 3_000, max: 30_000 },
  exportUrlMs: 15 * minuteMs,
  minimumItemsPerChunk: 10_000,
  minimumMegabytesPerChunk: 10,
  ceilings: 'enforced',
  ceilingNumbers: {},
  ceilingScope: 'shop',
  perEventPerSecond: 100,
  lateOrderMs: minuteMs,
  invent: null,
  reasons,
  customFields: [
    { code: 'gift-message', entity: 'ORDER', type: 'TEXTAREA' },
    {
      code: 'warehouse-status',
      entity: 'ORDER',
      type: 'LIST',
      acceptedValues: ['RECEIVED', 'PICKED'],
    },
    { code: 'parcels', entity: 'ORDER', type: 'NUMERIC' },
    { code: 'gift-wrap', entity: 'ORDER_LINE', type: 'BOOLEAN', editable: false },
    { code: 'delivery-countries', entity: 'ORDER_LINE', type: 'MULTIPLE_VALUES_LIST' },
  ],
};

export type MiraklOptions = Pick<Settings, 'clock' | 'dice' | 'apiKey'> &
  Partial<Omit<Settings, 'clock' | 'dice' | 'apiKey' | 'quirks'>> & { quirks?: Partial<Quirks> };

/** Defaults filled in. Throws when a setting contradicts itself. */
export function settingsFrom(options: MiraklOptions): Settings {
  const settings: Settings = {
    ...defaults,
    ...options,
    quirks: { ...usualQuirks, ...options.quirks },
  };
  if (settings.shops.length === 0) throw new Error('a simulated marketplace needs a shop');
  if (
    !settings.shops.some((shop) => shop.apiKey === undefined || shop.apiKey === settings.apiKey)
  ) {
    throw new Error('no shop belongs to the main API key');
  }
  return settings;
}
