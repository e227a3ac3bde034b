/** A simulated Peoplevox tenant: answers the wire, lets the world act in the warehouse, shows
 *  the truth. */
import type { Faults } from '../faults.ts';
import type { SimReply, SimRequest } from '../kernel.ts';
import { insertItem, retireItem } from './items.ts';
import type { PeoplevoxFault, PeoplevoxOptions } from './options.ts';
import {
  cancel,
  countStock,
  type DespatchWish,
  despatch,
  type Outcome,
  setAllocationPaused,
  startPicking,
  tellTracking,
} from './picking.ts';
import { editOrder } from './sales-orders.ts';
import { answerRequest } from './server.ts';
import {
  makeTenant,
  type SalesOrder,
  type Stored,
  type Tenant,
  type Truth,
  tableOf,
  truthOf,
} from './state.ts';
import { stockAt } from './stock.ts';

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
  /** Counts an item on a site (the first one when none is named): on hand is now so many units. */
  setStock(itemCode: string, onHand: number, site?: string): void;
  addCustomer(reference: string, name: string): void;
  /** A warehouse user changes fields of an order on screen. */
  editOrderByHand(orderNumber: string, fields: Stored): Outcome;
  /** Peak mode: nothing is allocated until it ends. */
  setPeakMode(isOn: boolean): void;
  cancelOrderInWarehouse(orderNumber: string): Outcome;
  pickStarts(orderNumber: string): Outcome;
  despatch(orderNumber: string, wish?: DespatchWish): Outcome<{ despatchNumber: string }>;
  /** A tracking number arrives, or changes, with no new despatch date. */
  setTracking(despatchNumber: string, trackingNumber: string): void;
};

/** A tenant with its sites and nothing else. See options.ts for every switch and its default. */
export function createPeoplevoxSimulator(options: PeoplevoxOptions): PeoplevoxSimulator {
  const tenant = makeTenant(options);
  const caches = new Map<string, Map<string, unknown>>();
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
    addItem: (item) => settled(() => addItem(tenant, item)),
    retireItem: (itemCode) => settled(() => retireItem(tenant, itemOf(tenant, itemCode))),
    setStock: (itemCode, onHand, site = tenant.settings.sites[0]!) =>
      settled(() => {
        const row = stockAt(tenant, itemOf(tenant, itemCode), site);
        countStock(tenant, row, onHand, 'Stock count');
      }),
    addCustomer: (reference, name) =>
      void tableOf(tenant, 'Customers').set(reference, { Reference: reference, Name: name }),
    editOrderByHand: (number, fields) =>
      settled(() => {
        const why = editOrder(tenant, orderOf(tenant, number), fields);
        return why === null ? { ok: true } : { ok: false, why };
      }),
    setPeakMode: (isOn) => settled(() => setAllocationPaused(tenant, isOn)),
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
  for (const [code, units] of Object.entries(wanted.kitOf ?? {})) {
    item.kitOf.set(itemOf(tenant, code), units);
  }
  for (const [site, onHand] of Object.entries(wanted.stock ?? {})) {
    countStock(tenant, stockAt(tenant, item, site), onHand, 'Goods in');
  }
  if (wanted.retired) retireItem(tenant, item);
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
