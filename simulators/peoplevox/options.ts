/** Everything about the simulated tenant that the reference leaves open, or that differs by
 *  tenant. */
import type { WireFault } from '../faults.ts';
import type { Dice, SimClock } from '../kernel.ts';
import { defaultTemplates } from './templates.ts';

export type PeoplevoxFault =
  | WireFault
  /** The session of this call dies just before it. */
  | 'expireSession'
  /** A right user name and password are refused. */
  | 'loginRefused'
  /** GetData and GetReportData: Detail arrives empty although TotalCount counts rows. */
  | 'emptyDetail'
  /** TotalCount is a few rows off. */
  | 'totalCountDrift'
  /** One row of a page comes twice. */
  | 'duplicateRow'
  /** A report without OrderBy comes in another order than last time. */
  | 'unorderedPages'
  /** One column of a report has another heading in this answer. */
  | 'renamedColumn'
  /** Reports: no rows at all, TotalCount 0, the header alone. */
  | 'emptyReport'
  /** Reports: all headings in another language. */
  | 'foreignHeader'
  /** Reports: the same columns in another order. */
  | 'columnsReordered'
  /** Reports: one of the columns is not there. */
  | 'columnMissing'
  /** Reports: the numbers of one row read `n/a`, `1,200`, `3.5` or nothing. They are not the truth:
   *  only a reader that refuses them is right. */
  | 'quantityWord'
  | 'quantityGrouped'
  | 'quantityFraction'
  | 'quantityBlank'
  /** Reports: one row of a page comes twice, the second time with other figures. */
  | 'duplicateRowDiffers'
  /** Reports: the second half of a page is not there, TotalCount counts it. */
  | 'halfReport'
  /** Reports: some rows are not there, and TotalCount does not count them. */
  | 'rowsMissing'
  /** A good row is answered Error and not applied; sent again it works. */
  | 'rowErrorSpurious'
  /** A row is answered Success but not applied: silent loss. */
  | 'rowDropped'
  /** ResponseId 0 and rows applied, but no Statuses at all. */
  | 'statusesMissing'
  /** This import is queued although imports usually are not. */
  | 'queuedImport'
  /** The service dies half-way through a batch: first rows applied, then the connection is cut. */
  | 'halfBatch'
  /** Picking of an allocated order begins a moment before its cancellation arrives. */
  | 'pickBeforeCancel'
  /** HTTP 500 with a `soap:Fault` of the server; nothing done. */
  | 'soapFault'
  /** Events; the operation is the event type. */
  | 'eventLost'
  | 'eventTwice'
  | 'eventsShuffled'
  | 'eventUnencoded'
  | 'eventLiteral';

export const orderStatuses = [
  'New',
  'Allocated',
  'Picking',
  'Part despatched',
  'Despatched',
  'Cancelled',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** How a tenant gives no answer. */
export type OutageForm = 'reset' | 'silence' | 'http503';

/** One call of Peoplevox to a subscriber. */
export type EventDelivery = {
  atMs: number;
  subscriptionId: number;
  eventType: string;
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body: string;
};

export type Settings = {
  passwordEncoding: 'base64' | 'plain';
  /** A session dies when it was not used for so long. */
  sessionIdleMs: number;
  /** A session dies so long after log-in, used or not; null never. */
  sessionAbsoluteMs: number | null;
  /** A second log-in of the user ends the first session. */
  singleSession: boolean;
  /** Check ClientId and UserId of the session header too, not only SessionId. */
  strictHeader: boolean;
  /** ImportingQueueId and its like, encodeParameterData, the later event types and
   *  *WithSitesFilters. */
  laterFields: boolean;
  /** Configured templates and their header rows, in canonical field names. */
  templates: Record<string, readonly string[]>;
  /** Template name to field to the heading this tenant uses for it. */
  renamedHeaders: Record<string, Record<string, string>>;
  /** Report name of the reference to this tenant's name, its own column headings, and the columns
   *  it does not have. */
  reports: Record<
    string,
    { name?: string; columns?: Record<string, string>; without?: readonly string[] }
  >;
  /** Reports, by the name of the reference, that this tenant does not have. */
  missingReports: readonly string[];
  reportColumnsForm: 'comma' | 'lines';
  /** Site references; `SystemSite` is always there as well. The first one is the default of an
   *  order. */
  sites: readonly string[];
  /** IANA name; every date on the wire is this zone's clock face. */
  timeZone: string;
  dateOrder: 'day-first' | 'month-first';
  seconds: boolean;
  getDataDates: 'input' | 'display';
  lineEnd: '\n' | '\r\n';
  statusForm: { search: 'number' | 'name'; output: 'number' | 'name' };
  statusNumbers: Record<OrderStatus, number>;
  statusNames: Record<OrderStatus, string>;
  /** What Detail holds when no row matches. */
  emptyForm: 'header' | 'empty';
  searchIgnoresCase: boolean;
  requireCustomer: boolean;
  /** Two lines of one item: kept apart by Line, or the second overwrites the first. */
  duplicateLines: 'apart' | 'merged';
  /** What Reference names in the row statuses of Sales order items. */
  itemReference: 'order' | 'item' | 'compound';
  zeroQuantity: 'error' | 'taken';
  /** Writing to an order that is despatched or cancelled. */
  closedOrderUpdate: 'error' | 'ignored' | 'applied';
  /** Cancelling once picking began: a row error, or Success and nothing happens. */
  cancelAfterPicking: 'error' | 'ignored';
  rowErrorText: 'detail' | 'none';
  maxRows: number;
  /** Rows beyond maxRows in one call; either way a breach is recorded. */
  overMaxRows: 'refused' | 'taken';
  importQueue: { delayMs: number } | 'off';
  ratePerWindow: { requests: number; windowMs: number } | 'off';
  rateRefusal: 'response' | 'http429' | 'http503';
  /** Largest page; null takes any. */
  maxPageSize: number | null;
  /** ItemsPerPage 0: everything in one answer, a call that fails, or a page of the largest size
   *  (1000 when there is none). */
  itemsPerPageZero: 'everything' | 'refused' | 'clamped';
  honourColumns: boolean;
  /** How long an answer takes: between min and max, and so much more for each row in or out. */
  latencyMs: { min: number; max: number; perRow: number };
  /** From the moment an order can be allocated to the run that does it. */
  allocationDelayMs: number;
  /** Nothing is allocated until the world says so. */
  allocationPaused: boolean;
  /** An order for which there is too little: it waits and reserves nothing; it reserves what there
   *  is, stays New and waits for the rest; or it is reserved all the same, and Available goes below
   *  zero. */
  allocation: 'whole' | 'partial' | 'negative';
  /** Where an order without a Site is reserved: always on the first site, or on the first site
   *  that has all of it (on the first one when none has). */
  orderWithoutSite: 'firstSite' | 'withStock';
  /** Incremental Changes Report: one row for each item and site, the latest, or one for each
   *  change. */
  changesRows: 'latest' | 'each';
  /** Whether reserving and freeing units counts as a change there, and raises IncrementalChanges. */
  changesIncludeAllocations: boolean;
  eventBatchMs: number;
  deliver: (delivery: EventDelivery) => void;
  /** Served at `?wsdl`; null answers 404. */
  wsdl: string | null;
};

/** What may be switched while the simulator runs. */
export type Switchable = Pick<
  Settings,
  | 'reports'
  | 'missingReports'
  | 'honourColumns'
  | 'emptyForm'
  | 'maxPageSize'
  | 'itemsPerPageZero'
  | 'changesRows'
  | 'allocation'
  | 'allocationDelayMs'
  | 'orderWithoutSite'
  | 'latencyMs'
  | 'ratePerWindow'
  | 'eventBatchMs'
>;

export type PeoplevoxOptions = {
  clock: SimClock;
  dice: Dice;
  clientId: string;
  username: string;
  password: string;
} & Partial<Settings>;

const minuteMs = 60_000;

const defaults: Settings = {
  passwordEncoding: 'base64',
  sessionIdleMs: 30 * minuteMs,
  sessionAbsoluteMs: null,
  singleSession: false,
  strictHeader: false,
  laterFields: true,
  templates: defaultTemplates(),
  renamedHeaders: {},
  reports: {},
  missingReports: [],
  reportColumnsForm: 'comma',
  sites: ['PrimarySite'],
  timeZone: 'Europe/London',
  dateOrder: 'day-first',
  seconds: true,
  getDataDates: 'input',
  lineEnd: '\n',
  statusForm: { search: 'number', output: 'name' },
  statusNumbers: {
    New: 1,
    Allocated: 2,
    Picking: 3,
    'Part despatched': 4,
    Despatched: 5,
    Cancelled: 6,
  },
  statusNames: {
    New: 'New',
    Allocated: 'Allocated',
    Picking: 'Picking',
    'Part despatched': 'Part despatched',
    Despatched: 'Despatched',
    Cancelled: 'Cancelled',
  },
  emptyForm: 'header',
  searchIgnoresCase: false,
  requireCustomer: false,
  duplicateLines: 'apart',
  itemReference: 'order',
  zeroQuantity: 'error',
  closedOrderUpdate: 'error',
  cancelAfterPicking: 'error',
  rowErrorText: 'detail',
  maxRows: 100,
  overMaxRows: 'refused',
  importQueue: 'off',
  ratePerWindow: { requests: 15, windowMs: 15_000 },
  rateRefusal: 'response',
  maxPageSize: 1000,
  itemsPerPageZero: 'everything',
  honourColumns: true,
  latencyMs: { min: 0, max: 0, perRow: 0 },
  allocationDelayMs: 5 * minuteMs,
  allocationPaused: false,
  allocation: 'whole',
  orderWithoutSite: 'firstSite',
  changesRows: 'latest',
  changesIncludeAllocations: true,
  eventBatchMs: 180_000,
  deliver: () => {},
  wsdl: null,
};

/** The options with every gap filled by its default. */
export function settingsOf(options: PeoplevoxOptions): Settings & PeoplevoxOptions {
  return { ...defaults, ...options };
}
