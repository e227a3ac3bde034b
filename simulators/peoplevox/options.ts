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
  /** Report name of the reference to this tenant's name and its own column headings. */
  reports: Record<string, { name?: string; columns?: Record<string, string> }>;
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
  /** Largest page; null takes any. ItemsPerPage 0 gives everything either way. */
  maxPageSize: number | null;
  honourColumns: boolean;
  /** How long an answer takes: between min and max, and so much more for each row in or out. */
  latencyMs: { min: number; max: number; perRow: number };
  /** From the moment an order can be allocated to the run that does it. */
  allocationDelayMs: number;
  /** Allocate without stock, so that Available goes below zero. */
  oversell: boolean;
  eventBatchMs: number;
  deliver: (delivery: EventDelivery) => void;
  /** Served at `?wsdl`; null answers 404. */
  wsdl: string | null;
};

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
  honourColumns: true,
  latencyMs: { min: 0, max: 0, perRow: 0 },
  allocationDelayMs: 5 * minuteMs,
  oversell: false,
  eventBatchMs: 180_000,
  deliver: () => {},
  wsdl: null,
};

/** The options with every gap filled by its default. */
export function settingsOf(options: PeoplevoxOptions): Settings & PeoplevoxOptions {
  return { ...defaults, ...options };
}
