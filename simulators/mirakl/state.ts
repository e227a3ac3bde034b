/** What the marketplace knows: orders, offers, and the shapes checkers read. Money in whole
 *  pence, dates in epoch milliseconds of the vendor's own clock. Only this folder writes it. */
import type { PaymentWorkflow, TaxMode } from './options.ts';
import type {
  DoubleShipment,
  LinePart,
  ShippedLine,
  ShippedUnits,
  ShippingWrite,
  SimShipment,
  Tracking,
} from './shipments/state.ts';

export const orderStates = [
  'STAGING',
  'WAITING_ACCEPTANCE',
  'WAITING_DEBIT',
  'WAITING_DEBIT_PAYMENT',
  'SHIPPING',
  'SHIPPED',
  'TO_COLLECT',
  'RECEIVED',
  'CLOSED',
  'REFUSED',
  'CANCELED',
] as const;
/** Published states, or (by the quirk `unknownStates`) one nobody published. */
export type OrderState = (typeof orderStates)[number] | 'WAITING_RISK_REVIEW';
export type LineState = OrderState | 'INCIDENT_OPEN' | 'REFUNDED';
export type RefundState = 'WAITING_REFUND' | 'WAITING_REFUND_PAYMENT' | 'REFUNDED';
/** Who caused a change. `time`: a deadline or a delay of the platform passed. */
export type Actor = 'shop' | 'shopper' | 'operator' | 'time';

/** Any part missing, null, over-long, with line breaks or emoji; written as given. */
export type AddressInput = {
  civility?: string | null;
  firstname?: string | null;
  lastname?: string | null;
  company?: string | null;
  company_2?: string | null;
  street_1?: string | null;
  street_2?: string | null;
  zip_code?: string | null;
  city?: string | null;
  state?: string | null;
  country?: string | null;
  country_iso_code?: string | null;
  phone?: string | null;
  phone_secondary?: string | null;
  /** Only on the shipping address: a note for the carrier. */
  additional_info?: string | null;
};

export type CustomValue = string | number | boolean | readonly string[];

export type Cancelation = {
  id: string;
  quantity: number;
  amountPence: number;
  shippingPence: number;
  reasonCode: string | null;
  createdMs: number;
  by: Actor;
};
export type Refund = {
  id: string;
  orderRefundId: string;
  quantity: number;
  amountPence: number;
  shippingPence: number;
  reasonCode: string;
  excludedFromShipment: boolean;
  state: RefundState;
  createdMs: number;
  paidMs: number | null;
  by: Actor;
};

export type SimLine = {
  lineId: string;
  index: number;
  offerId: number;
  offerSku: string;
  productSku: string;
  productTitle: string;
  categoryCode: string;
  categoryLabel: string;
  offerState: string;
  /** As bought. */
  orderedQuantity: number;
  /** As bought less what was canceled. */
  quantity: number;
  unitPence: number;
  /** Less what was canceled; without shipping. */
  pricePence: number;
  shippingPence: number;
  /** Where the line stands; an open incident or a full refund is shown over it. */
  stage: OrderState;
  hasIncident: boolean;
  reasonCode: string | null;
  reasonLabel: string | null;
  createdMs: number;
  updatedMs: number;
  debitedMs: number | null;
  shippedMs: number | null;
  receivedMs: number | null;
  cancelations: Cancelation[];
  refunds: Refund[];
  customFields: Map<string, CustomValue>;
  /** Units this line took off its offer and that are not back on it. */
  takenUnits: number;
  /** At least one; several when each unit travels as several packages. */
  parts: LinePart[];
};

export type Move = {
  atMs: number;
  /** Null: the whole order. */
  lineId: string | null;
  from: LineState | null;
  to: LineState;
  by: Actor;
};

export type SimOrder = {
  orderId: string;
  commercialId: string;
  shopId: number;
  channel: { code: string; label: string } | null;
  /** Why it exists: a purchase of the world, or a fault that made one. */
  origin: 'purchase' | 'pageDrift' | 'lateOrder';
  state: OrderState;
  lines: SimLine[];
  createdMs: number;
  updatedMs: number;
  decidedMs: number | null;
  debitedMs: number | null;
  needsAcceptance: boolean;
  fulfilledByOperator: boolean;
  paymentWorkflow: PaymentWorkflow;
  taxMode: TaxMode;
  customer: {
    id: string;
    civility: string | null;
    firstname: string;
    lastname: string;
    locale: string | null;
  };
  notificationEmail: string;
  shipTo: AddressInput;
  billTo: AddressInput;
  /** True once the addresses are shown to the seller; never false again. */
  detailsShown: boolean;
  shippingTypeCode: string;
  shippingZone: { code: string; label: string };
  shippingDeadlineMs: number;
  /** When it moved to SHIPPING. */
  shippingSinceMs: number | null;
  hasCustomerMessage: boolean;
  referenceForCustomer: string | null;
  referenceForSeller: string | null;
  customFields: Map<string, CustomValue>;
  /** Of the whole order (OR23). */
  tracking: Tracking | null;
  /** Oldest first, deleted ones not among them; none unless the operator ships by parcel. */
  shipments: SimShipment[];
  /** Added to the written totals only (quirk `oddTotals`). */
  oddPence: number;
  /** Oldest first; the proof of every state the order and its lines had. */
  history: Move[];
  /** Rises with every change; what was written for an older version is out of date. */
  version: number;
  /** Seed of this order's oddities, so that it is written the same way until it changes. */
  quirkSeed: string;
};

export type SimOffer = OfferTerms & {
  offerId: number;
  shopId: number;
  shopSku: string;
  productSku: string;
  title: string;
  ean: string | null;
  /** Units by warehouse code, their sum being `quantity`; empty: one figure for all. */
  warehouses: Map<string, number>;
  /** False: the product is disabled, whatever the offer says. */
  active: boolean;
  /** No longer listed; seen only in a differential export. */
  isDeleted: boolean;
  createdMs: number;
  updatedMs: number;
};

/** What an offer file or OF24 can write. Null: not given. */
export type OfferTerms = {
  unitPence: number;
  quantity: number;
  /** Condition code; 11 is new. */
  stateCode: string;
  /** Null: the shop's own. */
  leadTimeDays: number | null;
  description: string | null;
  internalDescription: string | null;
  priceAdditionalInfo: string | null;
  logisticClass: string | null;
  minQuantityAlert: number | null;
  minOrderQuantity: number | null;
  maxOrderQuantity: number | null;
  packageQuantity: number | null;
  discountPence: number | null;
  discountStartMs: number | null;
  discountEndMs: number | null;
  availableStartMs: number | null;
  availableEndMs: number | null;
};

/** One change of an offer's quantity; `from` and `to` always differ. */
export type QuantityChange = {
  atMs: number;
  shopSku: string;
  shopId: number;
  from: number;
  to: number;
  /** `setOffer`: the test itself; `backOffice`: a person at the operator or the shop. */
  by: 'import' | 'sale' | 'backOffice' | 'restock' | 'setOffer';
  importId?: string;
};

export type ImportMode = 'NORMAL' | 'REPLACE' | 'PARTIAL_UPDATE';

/** One STO01, OF01 or OF24 and what became of it. */
export type SimImport = {
  operation: 'STO01' | 'OF01' | 'OF24';
  importId: string;
  shopId: number;
  mode: ImportMode;
  status: 'WAITING' | 'RUNNING' | 'COMPLETE' | 'FAILED';
  arrivedMs: number;
  startedMs: number | null;
  /** COMPLETE or FAILED since. */
  endedMs: number | null;
  /** Zero until it ends; lines applied before a failure count. */
  linesRead: number;
  linesInError: number;
  linesInSuccess: number;
  /** Counted as successful, but never applied (fault `importLinesIgnored`). */
  linesIgnored: number;
  offersInserted: number;
  offersUpdated: number;
  offersDeleted: number;
  /** Why it FAILED. */
  reason: string | null;
  /** How often the same body came within the window (`duplicateRequests: 'existing'`). */
  submissions: number;
};

/** A call that broke the written contract: parameter, type, list style, missing field, too many
 *  items. */
export type ContractBreach = { atMs: number; operation: string; field: string; what: string };
export type CeilingBreach = {
  atMs: number;
  operation: string;
  key: string;
  calls: number;
  windowMs: number;
};
export type Decision = {
  atMs: number;
  orderId: string;
  lines: { lineId: string; accepted: boolean }[];
};
export type ReferenceWrite = { atMs: number; orderId: string; reference: string | null };

/** Units to take off a line, with their money. */
export type CancelRequest = {
  line: SimLine;
  quantity: number;
  amountPence: number;
  shippingPence: number;
  reasonCode: string | null;
};

/** Money to give back on a line. */
export type RefundRequest = {
  line: SimLine;
  quantity: number;
  amountPence: number;
  shippingPence: number;
  reasonCode: string;
  excludedFromShipment: boolean;
};

/** What happened, for checkers. Live objects: read, never write. */
export type MiraklTruth = {
  /** By order id, oldest purchase first. */
  readonly orders: ReadonlyMap<string, SimOrder>;
  /** Deleted ones too. */
  readonly offers: readonly SimOffer[];
  /** Every OR21 that took effect, oldest first. */
  readonly decisions: readonly Decision[];
  /** Every OR04 seller reference that took effect, oldest first. */
  readonly references: readonly ReferenceWrite[];
  /** Every despatch of a whole order that took effect: OR24, or a person by hand. */
  readonly despatches: readonly { atMs: number; orderId: string; lineIds: string[] }[];
  /** Every shipment by its id, deleted ones too. */
  readonly shipments: ReadonlyMap<string, SimShipment>;
  /** Every unit that left, in the order of leaving; tracking as it was then. */
  readonly shipped: readonly ShippedUnits[];
  /** The same by line, with the tracking of now. */
  shippedLines(orderId: string): ShippedLine[];
  /** Every OR23, OR24 and ST* that had an effect, one entry per order or shipment. */
  readonly shippingWrites: readonly ShippingWrite[];
  /** Goods reported twice, or attempts to. */
  readonly doubleShipments: readonly DoubleShipment[];
  /** Calls while the marketplace was down; they count nowhere else. */
  readonly downCalls: readonly { atMs: number; operation: string }[];
  /** Oldest first; at most `quantityLogLimit`. */
  readonly quantityChanges: readonly QuantityChange[];
  /** In order of arrival. */
  readonly imports: readonly SimImport[];
  /** Calls that reached the marketplace, by operation; faulty and refused ones included. */
  readonly calls: Readonly<Record<string, number>>;
  /** Answers by operation and status, such as `OR21 204`; what the vendor meant, whatever the
   *  wire did. */
  readonly answers: Readonly<Record<string, number>>;
  readonly ceilingBreaches: readonly CeilingBreach[];
  readonly contractBreaches: readonly ContractBreach[];
  /** Calls with a wrong or missing key. */
  readonly unauthorized: number;
};

/** What a seller sees as the line's state. */
export function shownState(line: SimLine): LineState {
  if (line.hasIncident) return 'INCIDENT_OPEN';
  if (line.refunds.length > 0 && isFullyRefunded(line)) return 'REFUNDED';
  return line.stage;
}

/** Every penny is paid back, and before despatch the units are also taken out of it. */
export function isFullyRefunded(line: SimLine): boolean {
  const paid = line.refunds.filter((refund) => refund.state === 'REFUNDED');
  const pence = paid.reduce((sum, refund) => sum + refund.amountPence + refund.shippingPence, 0);
  if (pence === 0 || pence < line.pricePence + line.shippingPence) return false;
  return line.stage !== 'SHIPPING' || unitsToShip(line) === 0;
}

/** Units a despatch must still contain: not canceled, not refunded out of the shipment, not
 *  gone. */
export function unitsToShip(line: SimLine): number {
  if (line.stage !== 'SHIPPING') return 0;
  return Math.max(0, wantedUnits(line) - shippedUnits(line));
}

/** Units that are to reach the customer, gone or not. */
export function wantedUnits(line: SimLine): number {
  const excluded = line.refunds.reduce(
    (sum, refund) => sum + (refund.excludedFromShipment ? refund.quantity : 0),
    0,
  );
  return Math.max(0, line.quantity - excluded);
}

/** Units that left completely. */
export function shippedUnits(line: SimLine): number {
  return Math.min(...line.parts.map((part) => part.shipped));
}

/** Units of which at least a part left: nobody can cancel them. */
export function startedUnits(line: SimLine): number {
  return Math.max(...line.parts.map((part) => part.shipped));
}

export function refundedPence(line: SimLine): { price: number; shipping: number } {
  let price = 0;
  let shipping = 0;
  for (const refund of line.refunds) {
    price += refund.amountPence;
    shipping += refund.shippingPence;
  }
  return { price, shipping };
}
