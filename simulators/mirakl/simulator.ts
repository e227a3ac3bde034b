/** A faithful, stateful simulator of the Mirakl marketplace seller API. Start here.
 *  `handle` is the vendor; the other methods are the world: shoppers, the operator, the passing
 *  of time. */
import { Faults } from '../faults.ts';
import type { SimReply, SimRequest } from '../kernel.ts';
import { payOut } from './balance.ts';
import { close, receive, setIncident } from './delivery.ts';
import { penceOf } from './json.ts';
import { cancel, pay, refund, refusePayment, settle } from './lifecycle.ts';
import {
  changed,
  type Market,
  type OutageForm,
  openMarket,
  orderOf,
  uuidFrom,
  vendorNowMs,
} from './market.ts';
import type { MiraklFault, MiraklFaults } from './mischief.ts';
import { everything } from './money-back.ts';
import {
  deleteOffer,
  type OfferInput,
  offerOf,
  setOffer,
  setQuantity,
  touch,
} from './offer-book.ts';
import { type MiraklOptions, type ShopSetting, settingsFrom } from './options.ts';
import { goDown } from './outages.ts';
import { buy, buyIfShown, type Purchase } from './purchases.ts';
import { handle } from './server.ts';
import { type HandTracking, shipByHand } from './shipments/by-hand.ts';
import { shippedLinesOf } from './shipments/notes.ts';
import {
  type Actor,
  type MiraklTruth,
  type SimLine,
  type SimOffer,
  type SimOrder,
  startedUnits,
} from './state.ts';

export type WorldRefund = {
  lineId: string;
  /** Decimal texts; default: all that is left of the line. */
  amount?: string;
  shippingAmount?: string;
  quantity?: number;
  excludedFromShipment?: boolean;
  reasonCode?: string;
};

export type MiraklSimulator = {
  handle(request: SimRequest): SimReply;
  /** Lets everything happen that fell due; every call and every look at `truth` does too. */
  settle(): void;
  /** When the next transition falls due, by the vendor's clock; undefined: none is planned. */
  nextDueMs(): number | undefined;
  readonly truth: MiraklTruth;
  readonly faults: MiraklFaults;

  /** One order per shop in the basket. Throws SoldOut under `sellsOnlyWhatIsShown`. */
  shopperBuys(purchase: Purchase): [string, ...string[]];
  /** The same, but null and no order when an offer shows too little, is inactive or deleted; all of
   *  the basket or nothing, whatever the settings say. */
  shopperTriesToBuy(purchase: Purchase): [string, ...string[]] | null;
  /** Cancels whole lines (all by default) while they are not despatched. False when too late. */
  shopperCancels(orderId: string, lineIds?: readonly string[]): boolean;
  operatorCancels(orderId: string, lineIds?: readonly string[]): boolean;
  /** Cancels some units of one line, with their share of the price. False when too late. */
  operatorCancelsUnits(orderId: string, lineId: string, quantity: number): boolean;
  /** A person in the back office despatches all that is left, with this tracking or none. False
   *  when there is nothing to ship. */
  operatorShipsByHand(orderId: string, tracking?: HandTracking): boolean;
  openIncident(orderId: string, lineId: string, reasonCode?: string): void;
  closeIncident(orderId: string, lineId: string): void;
  /** A refund granted by the operator. Returns its id. */
  refund(orderId: string, refund: WorldRefund): string;
  /** The payment provider answers. False when the order waits for no payment. */
  payNow(orderId: string): boolean;
  refusePayment(orderId: string): boolean;
  /** The customer has the goods. False when nothing is on its way. */
  receive(orderId: string): boolean;
  close(orderId: string): boolean;
  /** A message on the order: it changes, although nothing about it does. */
  shopperWrites(orderId: string): void;

  /** Lists an offer or changes the given fields of one. */
  setOffer(offer: OfferInput): SimOffer;
  /** Also a deleted one. */
  offer(shopSku: string, shopId?: number): SimOffer | undefined;
  /** A person types a figure over ours. Throws when there is no such offer. */
  backOfficeSetsQuantity(shopSku: string, quantity: number, shopId?: number): void;
  /** The product is disabled; `setOffer` with `active` brings it back. */
  backOfficeDeactivates(shopSku: string, shopId?: number): void;
  backOfficeDeletesOffer(shopSku: string, shopId?: number): void;
  /** The operator pays what is payable. Returns pence. */
  payOut(shopId?: number): number;
  /** Nobody is answered for so long (503 unless told otherwise); 0 ends it. Orders go on. */
  goDown(forMs: number, form?: OutageForm): void;
  /** Replaces the main key; the old one is refused from now on. */
  setApiKey(apiKey: string): void;
  setShopState(shopId: number, state: NonNullable<ShopSetting['state']>): void;
};

export function createMiraklSimulator(options: MiraklOptions): MiraklSimulator {
  const settings = settingsFrom(options);
  const market = openMarket(settings);
  const faults: MiraklFaults = new Faults<MiraklFault>(settings.dice.fork('faults'), () =>
    settings.clock.nowMs(),
  );
  const mainShop = settings.shops[0]?.shopId as number;
  return {
    handle: (request) => handle(market, faults, request),
    settle: () => settle(market),
    nextDueMs: () => market.agenda.nextMs,
    get truth() {
      settle(market);
      return truthOf(market);
    },
    faults,
    shopperBuys: (purchase) => {
      settle(market);
      return buy(market, purchase);
    },
    shopperTriesToBuy: (purchase) => {
      settle(market);
      return buyIfShown(market, purchase);
    },
    ...orderWorld(market),
    ...offerWorld(market, mainShop),
    payOut: (shopId = mainShop) => {
      settle(market);
      return payOut(market, shopId);
    },
    goDown: (forMs, form = 'http503') => goDown(market, forMs, form),
    setApiKey: (apiKey) => {
      for (const [key, user] of market.users) {
        if (user === market.mainUser) market.users.delete(key);
      }
      market.users.set(apiKey, market.mainUser);
    },
    setShopState: (shopId, state) => {
      const shop = market.shops.get(shopId);
      if (!shop) throw new Error(`no shop ${shopId}`);
      shop.state = state;
    },
  };
}

type OfferWorld = Pick<
  MiraklSimulator,
  | 'setOffer'
  | 'offer'
  | 'backOfficeSetsQuantity'
  | 'backOfficeDeactivates'
  | 'backOfficeDeletesOffer'
>;

function offerWorld(market: Market, mainShop: number): OfferWorld {
  /** Imports that are due come first, as they would on the vendor's side. */
  const found = (shopSku: string, shopId = mainShop) => {
    settle(market);
    const offer = offerOf(market, shopId, shopSku);
    if (!offer) throw new Error(`no offer ${shopSku} in shop ${shopId}`);
    return { offer, cause: { by: 'backOffice' as const, atMs: vendorNowMs(market) } };
  };
  return {
    setOffer: (offer) => {
      settle(market);
      return setOffer(market, offer);
    },
    offer: (shopSku, shopId = mainShop) => {
      settle(market);
      return market.offersBySku.get(`${shopId}/${shopSku}`);
    },
    backOfficeSetsQuantity: (shopSku, quantity, shopId) => {
      const { offer, cause } = found(shopSku, shopId);
      setQuantity(market, offer, quantity, cause);
    },
    backOfficeDeactivates: (shopSku, shopId) => {
      const { offer, cause } = found(shopSku, shopId);
      offer.active = false;
      touch(market, offer, cause.atMs);
    },
    backOfficeDeletesOffer: (shopSku, shopId) => {
      const { offer, cause } = found(shopSku, shopId);
      deleteOffer(market, offer, cause);
    },
  };
}

type OrderWorld = Pick<
  MiraklSimulator,
  | 'shopperCancels'
  | 'operatorCancels'
  | 'operatorCancelsUnits'
  | 'operatorShipsByHand'
  | 'openIncident'
  | 'closeIncident'
  | 'refund'
  | 'payNow'
  | 'refusePayment'
  | 'receive'
  | 'close'
  | 'shopperWrites'
>;

function orderWorld(market: Market): OrderWorld {
  /** Time passes first, so that nobody acts on an order as it was. */
  const found = (orderId: string) => {
    settle(market);
    return { order: orderOf(market, orderId), atMs: vendorNowMs(market) };
  };
  const incident = (orderId: string, lineId: string, isOpen: boolean, reasonCode: string) => {
    const { order, atMs } = found(orderId);
    setIncident(market, order, lineOf(order, lineId), { isOpen, reasonCode }, atMs);
  };
  const cancelLines = (orderId: string, lineIds: readonly string[] | undefined, by: Actor) => {
    const { order, atMs } = found(orderId);
    const lines = lineIds?.map((id) => lineOf(order, id)) ?? order.lines.filter(isBeforeDespatch);
    if (lines.length === 0 || !lines.every(isBeforeDespatch)) return false;
    cancel(market, order, everything(order, lines), by, atMs);
    return true;
  };
  return {
    shopperCancels: (orderId, lineIds) => cancelLines(orderId, lineIds, 'shopper'),
    operatorCancels: (orderId, lineIds) => cancelLines(orderId, lineIds, 'operator'),
    operatorCancelsUnits: (orderId, lineId, quantity) => {
      const { order, atMs } = found(orderId);
      const line = lineOf(order, lineId);
      if (!beforeDespatch.has(line.stage) || quantity > line.quantity - startedUnits(line))
        return false;
      const isAll = quantity === line.quantity;
      const amountPence = isAll ? line.pricePence : line.unitPence * quantity;
      const shippingPence = isAll ? line.shippingPence : 0;
      const request = { line, quantity, amountPence, shippingPence, reasonCode: null };
      cancel(market, order, [request], 'operator', atMs);
      return true;
    },
    operatorShipsByHand: (orderId, tracking) => {
      const { order, atMs } = found(orderId);
      return shipByHand(market, order, tracking ?? null, atMs);
    },
    openIncident: (orderId, lineId, reasonCode = '1') => {
      incident(orderId, lineId, true, reasonCode);
    },
    closeIncident: (orderId, lineId) => incident(orderId, lineId, false, ''),
    refund: (orderId, wanted) => {
      const { order, atMs } = found(orderId);
      return worldRefund(market, order, wanted, atMs);
    },
    payNow: (orderId) => act(market, pay, found(orderId)),
    refusePayment: (orderId) => act(market, refusePayment, found(orderId)),
    receive: (orderId) => act(market, receive, found(orderId)),
    close: (orderId) => act(market, close, found(orderId)),
    shopperWrites: (orderId) => {
      const { order, atMs } = found(orderId);
      order.hasCustomerMessage = true;
      changed(market, order, atMs);
    },
  };
}

type Step = (market: Market, order: SimOrder, by: Actor, atMs: number) => boolean;

function act(market: Market, step: Step, { order, atMs }: { order: SimOrder; atMs: number }) {
  return step(market, order, 'operator', atMs);
}

function worldRefund(market: Market, order: SimOrder, wanted: WorldRefund, atMs: number): string {
  const line = lineOf(order, wanted.lineId);
  const paid = line.refunds.reduce((sum, one) => sum + one.amountPence, 0);
  const paidShipping = line.refunds.reduce((sum, one) => sum + one.shippingPence, 0);
  const request = {
    line,
    quantity: wanted.quantity ?? line.quantity,
    amountPence: wanted.amount === undefined ? line.pricePence - paid : penceOf(wanted.amount),
    shippingPence:
      wanted.shippingAmount === undefined
        ? line.shippingPence - paidShipping
        : penceOf(wanted.shippingAmount),
    reasonCode: wanted.reasonCode ?? '17',
    excludedFromShipment: wanted.excludedFromShipment ?? false,
  };
  return refund(market, order, request, uuidFrom(market.dice.ids), 'operator', atMs);
}

function lineOf(order: SimOrder, lineId: string): SimLine {
  const line = order.lines.find((one) => one.lineId === lineId);
  if (!line) throw new Error(`no line ${lineId} in order ${order.orderId}`);
  return line;
}

const beforeDespatch = new Set<string>([
  'WAITING_RISK_REVIEW',
  'STAGING',
  'WAITING_ACCEPTANCE',
  'WAITING_DEBIT',
  'WAITING_DEBIT_PAYMENT',
  'SHIPPING',
]);

function isBeforeDespatch(line: SimLine): boolean {
  return beforeDespatch.has(line.stage) && startedUnits(line) === 0;
}

function truthOf(market: Market): MiraklTruth {
  const { orders, log } = market;
  return {
    orders,
    get offers() {
      return [...market.offers.values()];
    },
    decisions: log.decisions,
    references: log.references,
    despatches: log.despatches,
    shipments: market.shipments,
    shipped: log.shipped,
    shippedLines: (orderId) => shippedLinesOf(market, orderOf(market, orderId)),
    shippingWrites: log.shippingWrites,
    doubleShipments: log.doubleShipments,
    downCalls: log.downCalls,
    quantityChanges: log.quantityChanges,
    imports: log.imports,
    calls: log.calls,
    answers: log.answers,
    ceilingBreaches: log.ceilingBreaches,
    contractBreaches: log.contractBreaches,
    get unauthorized() {
      return log.unauthorized;
    },
  };
}
