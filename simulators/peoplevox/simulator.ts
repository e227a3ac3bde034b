/** A simulated Peoplevox tenant: answers the wire, lets the world act in the warehouse, shows
 *  the truth. */
import type { Faults } from '../faults.ts';
import type { SimReply, SimRequest } from '../kernel.ts';
import { setAllocationPaused } from './allocation.ts';
import { insertItem, retireItem, saveKitting } from './items.ts';
import type { Caches } from './operations.ts';
import type { OutageForm, PeoplevoxFault, PeoplevoxOptions, Switchable } from './options.ts';
import { goDark } from './outages.ts';
import {
  cancel,
  type DespatchWish,
  despatch,
  type Outcome,
  startPicking,
  tellTracking,
} from './picking.ts';
import { editOrder } from './sales-orders.ts';
import { answerRequest } from './server.ts';
import {
  type Item,
  makeTenant,
  type SalesOrder,
  type Stored,
  type Tenant,
  type Truth,
  tableOf,
} from './state.ts';
import { goodsArrive, stockCounted, stockDamaged, stockMoved } from './stock-moves.ts';
import { truthOf } from './truth.ts';

export type NewItem = {
  itemCode: string;
  name?: string;
  /** Must be unique; made from the item code when absent. */
  barcode?: string;
  /** Units on hand by site reference; a site that is not named gets no row. */
  stock?: Record<string, number>;
  retired?: boolean;
  /** Components of a kit and how many of each; they must exist. */
  kitOf?: Record<string, number>;
  /** Further fields of `Item types`. */
  fields?: Stored;
};

export type PeoplevoxSimulator = {
  /** Answers one request, at the clock's present moment. Same seed, clock and calls: same
   *  answers. */
  handle(request: SimRequest): SimReply;
  faults: Faults<PeoplevoxFault>;
  /** What really is, settled to the present. Live objects: look, do not change. */
  readonly truth: Truth;
  /** Runs what has fallen due: queued imports, allocation, event batches. */
  settle(): void;
  /** When something falls due next, in epoch milliseconds; for hosts that jump through time. */
  nextDueMs(): number | undefined;

  addItem(item: NewItem): void;
  retireItem(itemCode: string): void;
  /** Makes a kit of an item without stock, or another kit of one. */
  setKit(itemCode: string, kitOf: Record<string, number>): void;
  /** Somebody counts: on hand is now so many units, whatever is reserved. */
  stockCounted(itemCode: string, site: string, units: number): void;
  /** A delivery is booked in. */
  goodsArrive(itemCode: string, site: string, units: number): void;
  /** Units are written off, reserved ones too; not more than are on hand. */
  stockDamaged(itemCode: string, site: string, units: number): Outcome;
  stockMoved(itemCode: string, from: string, to: string, units: number): Outcome;
  addCustomer(reference: string, name: string): void;
  /** A warehouse user changes fields of an order on screen. */
  editOrderByHand(orderNumber: string, fields: Stored): Outcome;
  /** Peak mode: nothing is allocated until it ends. */
  pauseAllocation(isPaused: boolean): void;
  /** What the order has reserved, or will, is never freed: not by its cancellation, nor when its
   *  units leave. */
  reservationSticks(orderNumber: string): void;
  cancelOrderInWarehouse(orderNumber: string): Outcome;
  pickStarts(orderNumber: string): Outcome;
  despatch(orderNumber: string, wish?: DespatchWish): Outcome<{ despatchNumber: string }>;
  /** A tracking number arrives, or changes, with no new despatch date. */
  setTracking(despatchNumber: string, trackingNumber: string): void;

  /** Another tenant from now on. */
  change(settings: Partial<Switchable>): void;
  /** Nobody gets an answer for so long; 0 ends it. The warehouse goes on working. */
  goDark(forMs: number, form?: OutageForm): void;
  /** Nobody gets a report for so long; 0 ends it. */
  reportsDarkFor(forMs: number, form?: OutageForm): void;
};

/** A tenant with its sites and nothing else. See options.ts for every switch and its default. */
export function createPeoplevoxSimulator(options: PeoplevoxOptions): PeoplevoxSimulator {
  const tenant = makeTenant(options);
  const caches: Caches = new Map();
  const { timeline } = tenant;
  const settled = <T>(act: () => T): T => {
    timeline.settle();
    return act();
  };
  return {
    handle: (request) => settled(() => answerRequest(tenant, caches, request)),
    faults: tenant.faults,
    get truth() {
      return settled(() => truthOf(tenant));
    },
    settle: () => timeline.settle(),
    nextDueMs: () => timeline.nextDueMs(),
    change: (settings) => settled(() => void Object.assign(tenant.settings, settings)),
    goDark: (forMs, form = 'reset') => settled(() => goDark(tenant, 'all', { forMs, form })),
    reportsDarkFor: (forMs, form = 'reset') =>
      settled(() => goDark(tenant, 'reports', { forMs, form })),
    ...stockActions(tenant, settled),
    ...orderActions(tenant, settled),
  };
}

type Settled = <T>(act: () => T) => T;
type StockAction =
  | 'addItem'
  | 'retireItem'
  | 'setKit'
  | 'stockCounted'
  | 'goodsArrive'
  | 'stockDamaged'
  | 'stockMoved'
  | 'pauseAllocation';

function stockActions(tenant: Tenant, settled: Settled): Pick<PeoplevoxSimulator, StockAction> {
  const item = (itemCode: string) => itemOf(tenant, itemCode);
  return {
    addItem: (wanted) => settled(() => addItem(tenant, wanted)),
    retireItem: (itemCode) => settled(() => retireItem(tenant, item(itemCode))),
    setKit: (itemCode, kitOf) => settled(() => setKit(tenant, item(itemCode), kitOf)),
    stockCounted: (itemCode, site, units) =>
      settled(() => stockCounted(tenant, item(itemCode), site, units)),
    goodsArrive: (itemCode, site, units) =>
      settled(() => goodsArrive(tenant, item(itemCode), site, units)),
    stockDamaged: (itemCode, site, units) =>
      settled(() => stockDamaged(tenant, item(itemCode), site, units)),
    stockMoved: (itemCode, from, to, units) =>
      settled(() => stockMoved(tenant, item(itemCode), { from, to, units })),
    pauseAllocation: (isPaused) => settled(() => setAllocationPaused(tenant, isPaused)),
  };
}

type OrderAction =
  | 'addCustomer'
  | 'editOrderByHand'
  | 'reservationSticks'
  | 'cancelOrderInWarehouse'
  | 'pickStarts'
  | 'despatch'
  | 'setTracking';

function orderActions(tenant: Tenant, settled: Settled): Pick<PeoplevoxSimulator, OrderAction> {
  return {
    addCustomer: (reference, name) =>
      void tableOf(tenant, 'Customers').set(reference, { Reference: reference, Name: name }),
    editOrderByHand: (number, fields) =>
      settled(() => {
        const why = editOrder(tenant, orderOf(tenant, number), fields);
        return why === null ? { ok: true } : { ok: false, why };
      }),
    reservationSticks: (number) =>
      settled(() => void (orderOf(tenant, number).reservationSticks = true)),
    cancelOrderInWarehouse: (number) =>
      settled(() => {
        const order = orderOf(tenant, number);
        const why = `order is ${order.status}`;
        return cancel(tenant, order, 'warehouse') ? { ok: true } : { ok: false, why };
      }),
    pickStarts: (number) => settled(() => startPicking(tenant, orderOf(tenant, number))),
    despatch: (number, wish = {}) => settled(() => despatch(tenant, orderOf(tenant, number), wish)),
    setTracking: (despatchNumber, trackingNumber) =>
      settled(() => setTracking(tenant, despatchNumber, trackingNumber)),
  };
}

function itemOf(tenant: Tenant, itemCode: string) {
  const item = tenant.items.get(itemCode);
  if (!item) throw new Error(`no item ${itemCode} in the simulated warehouse; add it first`);
  return item;
}

function orderOf(tenant: Tenant, number: string): SalesOrder {
  const order = tenant.orders.get(number);
  if (!order) throw new Error(`no sales order ${number} in the simulated warehouse`);
  return order;
}

function addItem(tenant: Tenant, wanted: NewItem): void {
  const { itemCode, name = itemCode, barcode = `B-${itemCode}` } = wanted;
  if (tenant.items.has(itemCode)) throw new Error(`item ${itemCode} is there already`);
  if (tenant.itemsByBarcode.has(barcode)) throw new Error(`barcode ${barcode} is in use`);
  const item = insertItem(tenant, {
    ...wanted.fields,
    ItemCode: itemCode,
    Name: name,
    Barcode: barcode,
  });
  if (wanted.kitOf) setKit(tenant, item, wanted.kitOf);
  for (const [site, units] of Object.entries(wanted.stock ?? {})) {
    goodsArrive(tenant, item, site, units);
  }
  if (wanted.retired) retireItem(tenant, item);
}

function setKit(tenant: Tenant, parent: Item, kitOf: Record<string, number>): void {
  if (parent.stock.size > 0) throw new Error(`item ${parent.code} has stock and is no kit`);
  parent.kitOf.clear();
  for (const [code, units] of Object.entries(kitOf)) {
    const row = { ParentItemCode: parent.code, ChildItemCode: code, Quantity: String(units) };
    const why = saveKitting(tenant, row, 0);
    if (why !== null) throw new Error(why);
  }
}

function setTracking(tenant: Tenant, despatchNumber: string, trackingNumber: string): void {
  const rows = tenant.despatches.filter((row) => row.despatchNumber === despatchNumber);
  const order = rows[0]?.order;
  if (!order) throw new Error(`no despatch ${despatchNumber} in the simulated warehouse`);
  for (const row of rows) {
    row.trackingNumber = trackingNumber;
    row.trackedAtMs = tenant.timeline.nowMs();
  }
  tellTracking(tenant, order, despatchNumber);
}
