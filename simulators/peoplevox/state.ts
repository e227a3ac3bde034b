/** What the simulated tenant holds, and the small steps that every part of it needs. */
import { Faults } from '../faults.ts';
import type { Dice } from '../kernel.ts';
import type { Subscription } from './events.ts';
import {
  type EventDelivery,
  type OrderStatus,
  type OutageForm,
  type PeoplevoxFault,
  type PeoplevoxOptions,
  type Settings,
  settingsOf,
} from './options.ts';
import { type ConfiguredTemplate, configureTemplates } from './templates.ts';
import { Timeline } from './timeline.ts';

export const systemSite = 'SystemSite';

/** Units of one item on one site. Available is `onHand - allocated` and may be negative. */
export type StockRow = {
  item: Item;
  site: string;
  onHand: number;
  allocated: number;
  /** Moves on with every change of these units, or of what a report shows of the item. */
  revision: number;
  /** The last change that the changes report counts. */
  lastReported: Change | undefined;
};

export type StockReason =
  | 'Goods in'
  | 'Stock count'
  | 'Damaged'
  | 'Moved'
  | 'Allocation'
  | 'Release'
  | 'Despatch'
  /** Units that the system's own site has from the start. */
  | 'System';

/** One change of units, with the figures as they were after it. */
export type StockChange = {
  atMs: number;
  itemCode: string;
  site: string;
  available: number;
  onHand: number;
  allocated: number;
  reason: StockReason;
};

/** A change as reports find it. */
export type Change = StockChange & {
  row: StockRow;
  /** By how much on hand went up or down; for a pure reservation, by how much Available did. */
  quantityChanged: number;
  /** Whether the changes report counts it. */
  isReported: boolean;
};

export type Item = {
  /** Retired items carry `~D~` in it. */
  code: string;
  /** Stored texts by canonical field of `Item types`. */
  fields: Record<string, string>;
  isRetired: boolean;
  stock: Map<string, StockRow>;
  lastChange: Change | undefined;
  /** What a kit is made of; empty for an ordinary item. */
  kitOf: Map<Item, number>;
};

export type StatusChange = {
  atMs: number;
  from: OrderStatus | null;
  to: OrderStatus;
  by: 'api' | 'allocation' | 'warehouse';
};

export type SalesOrderLine = {
  item: Item;
  /** Text of the Line column; '' when never sent. */
  line: string;
  /** Units ordered, reserved and not yet despatched, and despatched. */
  quantity: number;
  allocated: number;
  despatched: number;
  /** The stocked items behind one unit, as they were when the line was first saved. */
  parts: { item: Item; each: number }[];
  fields: Record<string, string>;
};

export type SalesOrder = {
  number: string;
  /** Stored texts by canonical field of `Sales orders`, Status apart. */
  fields: Record<string, string>;
  lines: SalesOrderLine[];
  status: OrderStatus;
  history: StatusChange[];
  /** Saved last with Action 1: not allocated. */
  isKeptFromAllocation: boolean;
  /** Where its units were reserved; undefined until some are. */
  reservedOn: string | undefined;
  /** A fault of the warehouse: what it reserved is never freed. */
  reservationSticks: boolean;
  createdAtMs: number;
  changedAtMs: number;
  /** Rows of the API that were applied to the header. */
  headerWrites: number;
};

export type DespatchRow = {
  despatchNumber: string;
  order: SalesOrder;
  line: SalesOrderLine;
  /** The item that left: the line's own, or a component when the line is a kit. */
  item: Item;
  quantity: number;
  /** Units of the sold item that these units belong to. */
  parentQuantity: number;
  despatchedAtMs: number;
  /** The report shows the row from here on. */
  visibleAtMs: number;
  trackingNumber: string;
  /** The report shows the tracking number from here on. */
  trackedAtMs: number;
  carrier: string;
  service: string;
};

/** One row of the stored tables that have no behaviour of their own. */
export type Stored = Record<string, string>;

export type Session = {
  sessionId: string;
  madeAtMs: number;
  usedAtMs: number;
  state: 'alive' | 'expired' | 'ended';
};

/** Something a client did that a careful one would not. */
export type ContractBreach = { atMs: number; operation: string; kind: BreachKind; detail: string };
export type BreachKind =
  | 'mixedColumns'
  | 'unknownHeader'
  | 'missingKeyColumn'
  | 'tooManyRows'
  | 'literalUndefined'
  | 'lineBreakInAddress'
  | 'missingUserId'
  | 'missingClientId'
  | 'missingInt'
  | 'elementOrder'
  | 'unknownElement'
  | 'pageNumber'
  | 'soapActionMismatch'
  | 'malformed';

export type ImportRecord = {
  queueId: number;
  template: string;
  rows: number;
  queuedAtMs: number;
  appliedAtMs: number | undefined;
  /** References and texts of rows that failed when their turn came; nobody was told. */
  errors: { reference: string; text: string }[];
};

/** What checkers may look at. All of it is settled to the present moment when read. */
export type Truth = {
  salesOrders: ReadonlyMap<string, SalesOrder>;
  items: ReadonlyMap<string, Item>;
  stock: readonly StockRow[];
  despatches: readonly DespatchRow[];
  /** Rows of the templates without behaviour, by template name. */
  tables: ReadonlyMap<string, ReadonlyMap<string, Stored>>;
  sessions: readonly Session[];
  /** Number of calls by operation and template, such as `SaveData Sales orders`. */
  calls: Map<string, number>;
  rateBreaches: { atMs: number; operation: string }[];
  /** Calls that came while others were still being answered. */
  overlaps: { atMs: number; operation: string; during: string[] }[];
  contractBreaches: ContractBreach[];
  imports: ImportRecord[];
  /** Rows answered Error, newest last. */
  rowErrors: { atMs: number; template: string; reference: string; text: string }[];
  /** Good rows answered Success that were thrown away (fault rowDropped). */
  droppedRows: { atMs: number; template: string; reference: string }[];
  /** API writes to orders that were already despatched or cancelled. */
  closedOrderWrites: { atMs: number; number: string; status: OrderStatus }[];
  /** Every change of on hand or allocated on any site, oldest first. */
  stockChanges: StockChange[];
  /** Requests that came while the tenant, or its reports, gave no answer. */
  darkCalls: { atMs: number; operation: string }[];
  deliveries: EventDelivery[];
  subscriptions: ReadonlyMap<number, Subscription>;
  /** Units of an item by site reference, SystemSite among them; empty for kits, for what never had
   *  stock, and for unknown codes. */
  stockAt(itemCode: string): Map<string, { onHand: number; allocated: number; available: number }>;
  /** Units an order has reserved and not yet despatched, components instead of kits. */
  unitsAllocated(orderNumber: string): { itemCode: string; site: string; units: number }[];
  /** When the whole order was last reserved; undefined for one that never was. */
  allocatedAtMs(orderNumber: string): number | undefined;
};

type Looks = 'stockAt' | 'unitsAllocated' | 'allocatedAtMs';

export type Tenant = {
  settings: Settings & PeoplevoxOptions;
  timeline: Timeline;
  faults: Faults<PeoplevoxFault>;
  /** Independent sources, so that a roll in one place does not shift another's. */
  dice: { sessions: Dice; latency: Dice; rows: Dice; pages: Dice; stock: Dice; events: Dice };
  templates: Map<string, ConfiguredTemplate>;
  sites: Set<string>;
  orders: Map<string, SalesOrder>;
  ordersByOwnReference: Map<string, Set<SalesOrder>>;
  items: Map<string, Item>;
  itemsByBarcode: Map<string, Item>;
  stock: StockRow[];
  /** Moves on with every change of stock, for caches. */
  stockVersion: number;
  /** Every change of units, oldest first. */
  changes: Change[];
  /** Until when nobody, or nobody who asks for a report, gets an answer. */
  dark: { all: Outage; reports: Outage };
  despatches: DespatchRow[];
  despatchesByOrder: Map<SalesOrder, DespatchRow[]>;
  tables: Map<string, Map<string, Stored>>;
  sessions: Map<string, Session>;
  allocation: {
    isPaused: boolean;
    /** Orders the next run looks at. */
    waiting: Set<SalesOrder>;
    /** Orders that found no stock, by the item they lack. */
    starved: Map<Item, Set<SalesOrder>>;
    runAtMs: number | undefined;
  };
  events: {
    subscriptions: Map<number, Subscription>;
    lastId: number;
    queue: { eventType: string; site: string; values: Record<string, string> }[];
    batchAtMs: number | undefined;
  };
  /** Calls still being answered: what and until when. */
  inFlight: { operation: string; untilMs: number }[];
  recentCalls: number[];
  lastNumbers: { despatch: number; queue: number; address: number; goodsIn: number };
  log: Omit<
    Truth,
    | 'salesOrders'
    | 'items'
    | 'stock'
    | 'despatches'
    | 'tables'
    | 'sessions'
    | 'subscriptions'
    | 'stockChanges'
    | Looks
  >;
};

export type Outage = { untilMs: number; form: OutageForm };

/** An empty warehouse with its sites. */
export function makeTenant(options: PeoplevoxOptions): Tenant {
  const settings = settingsOf(options);
  const timeline = new Timeline(options.clock);
  const fork = (label: string) => options.dice.fork(label);
  const tenant: Tenant = {
    settings,
    timeline,
    faults: new Faults<PeoplevoxFault>(fork('faults'), () => timeline.nowMs()),
    dice: {
      sessions: fork('sessions'),
      latency: fork('latency'),
      rows: fork('rows'),
      pages: fork('pages'),
      stock: fork('stock'),
      events: fork('events'),
    },
    templates: configureTemplates(settings.templates, settings.renamedHeaders),
    sites: new Set([...settings.sites, systemSite]),
    orders: new Map(),
    ordersByOwnReference: new Map(),
    items: new Map(),
    itemsByBarcode: new Map(),
    stock: [],
    stockVersion: 0,
    changes: [],
    dark: { all: { untilMs: 0, form: 'reset' }, reports: { untilMs: 0, form: 'reset' } },
    despatches: [],
    despatchesByOrder: new Map(),
    tables: new Map(),
    sessions: new Map(),
    allocation: {
      isPaused: settings.allocationPaused,
      waiting: new Set(),
      starved: new Map(),
      runAtMs: undefined,
    },
    events: { subscriptions: new Map(), lastId: 1060, queue: [], batchAtMs: undefined },
    inFlight: [],
    recentCalls: [],
    lastNumbers: { despatch: 1000, queue: 0, address: 0, goodsIn: 0 },
    log: {
      calls: new Map(),
      rateBreaches: [],
      overlaps: [],
      contractBreaches: [],
      imports: [],
      rowErrors: [],
      droppedRows: [],
      closedOrderWrites: [],
      darkCalls: [],
      deliveries: [],
    },
  };
  for (const site of tenant.sites) tableOf(tenant, 'Sites').set(site, siteRow(site));
  return tenant;
}

function siteRow(reference: string): Stored {
  return { Name: reference, Reference: reference };
}

/** The rows of a template without behaviour; made when first asked for. */
export function tableOf(tenant: Tenant, template: string): Map<string, Stored> {
  let table = tenant.tables.get(template);
  if (!table) tenant.tables.set(template, (table = new Map()));
  return table;
}

/** Keeps a breach of contract for the checkers. */
export function recordBreach(
  tenant: Tenant,
  operation: string,
  kind: BreachKind,
  detail: string,
): void {
  tenant.log.contractBreaches.push({ atMs: tenant.timeline.nowMs(), operation, kind, detail });
}
