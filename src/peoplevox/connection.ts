/** What one warehouse connection needs to know about its tenant; every doubt of the reference that
 *  a tenant can settle is a setting here. Filled from the configuration, never read from
 *  elsewhere. */

import type { DateOrder } from './dates.ts';
import type { SoapVersion } from './envelope.ts';
import type { TemplateSettingsByKey } from './templates.ts';

export type PeoplevoxConnection = {
  /** Our warehouse id; stands in errors and the journal. */
  id: string;
  /** Scheme and host of the tenant, such as `https://wms.example.test`. Never derived from the
   *  clientId. */
  url: string;
  clientId: string;
  username: string;
  password: string;
  /** `plain` is said of the US region; the wrong choice shows as a refused login or an invalid
   *  session. */
  passwordEncoding: 'base64' | 'plain';
  soapVersion: SoapVersion;
  /** Age at which a session is renewed before it dies (it dies at about 30). Too small costs
   *  logins, too large costs one refused call per session. */
  sessionMinutes: number;
  /** How long we wait for all of an answer, in all, per call on a template or on a report. */
  templateTimeoutMs: number;
  reportTimeoutMs: number;
  /** Most bytes of one answer. Smaller than the full stock report stops the stock, larger is memory
   *  only for calls that are not streamed. */
  maxAnswerBytes: number;
  /** IANA zone of the dates in CSV and searches. */
  timeZone: string;
  dateOrder: DateOrder;
  /** `ItemsPerPage` when templates and lists of items are read; Peoplevox is said to stop at
   *  1000. */
  pageSize: number;
  /** `ItemsPerPage` of a whole report; 0 asks for everything in one (streamed) answer. A tenant
   *  that refuses 0, or cuts that answer short, is read on in pages of `pageSize`. */
  reportPageSize: number;
  /** Sent with subscriptions; null leaves the element out, for tenants whose contract lacks it. */
  encodeParameterData: boolean | null;
  /** What this tenant renamed; empty when all is as shipped. */
  templates: TemplateSettingsByKey;
  /** The stock report and its columns as the tenant's web page shows them. */
  inventoryReport: InventoryReportSettings;
  /** The report of stock changes; not every tenant has it. */
  changesReport: ChangesReportSettings;
  /** What was despatched, a row per item. */
  despatchReport: DespatchReportSettings;
  /** Which orders have a status. */
  statusReport: StatusReportSettings;
  /** Names of sales order statuses that GetData gives as numbers, such as `{ '4': 'Despatched'
   *  }`. */
  statusNumbers: Readonly<Record<string, string>>;
};

/** Each column may have several spellings, tried in order when reading; the first is used when
 *  asking. `onHand` and `allocated` may be empty for a report that lacks them. */
export type InventoryReportSettings = {
  name: string;
  itemCode: readonly [string, ...string[]];
  site: readonly [string, ...string[]];
  onHand: readonly string[];
  allocated: readonly string[];
  available: readonly [string, ...string[]];
};

/** As above. `timestamp`: when the change happened, on the tenant's wall clock. */
export type ChangesReportSettings = {
  name: string;
  itemCode: readonly [string, ...string[]];
  available: readonly [string, ...string[]];
  timestamp: readonly [string, ...string[]];
  site: readonly [string, ...string[]];
};

/** Spellings of one column, tried in order; the first is asked for until the tenant refuses it. */
export type Spellings = readonly [string, ...string[]];

/** Columns by our name. Which of them a tenant must have is said in despatches.ts. */
export type DespatchReportSettings = {
  name: string;
  columns: Readonly<Record<DespatchColumn, Spellings>>;
};
export type DespatchColumn =
  | 'salesOrderNumber'
  | 'despatchNumber'
  | 'carrier'
  | 'service'
  | 'serviceTypeCode'
  | 'despatchedAt'
  | 'trackingNumber'
  | 'itemCode'
  | 'parentItemCode'
  | 'quantity'
  | 'parentQuantity'
  | 'line'
  | 'site'
  | 'carrierReference';

/** Columns by our name; a tenant must have all of them. */
export type StatusReportSettings = {
  name: string;
  columns: Readonly<Record<StatusColumn, Spellings>>;
};
export type StatusColumn = 'salesOrderNumber' | 'status' | 'requestedDeliveryAt';

/** What holds for a tenant that changed nothing; the connection adds id, url and credentials.
 *  Source: reference sections 3, 6, 8, 11, 12 and 14. */
export const connectionDefaults = {
  passwordEncoding: 'base64',
  soapVersion: '1.1',
  sessionMinutes: 25,
  templateTimeoutMs: 120_000,
  reportTimeoutMs: 600_000,
  maxAnswerBytes: 512 * 1024 * 1024,
  timeZone: 'Europe/London',
  dateOrder: 'day-first',
  pageSize: 500,
  reportPageSize: 0,
  encodeParameterData: null,
  templates: {},
  inventoryReport: {
    name: 'Item inventory summary',
    itemCode: ['Item code'],
    site: ['Site reference'],
    onHand: ['On hand'],
    allocated: ['Allocated'],
    available: ['Available'],
  },
  changesReport: {
    name: 'Incremental Changes Report v1',
    itemCode: ['Item code'],
    available: ['Item current available quantity'],
    timestamp: ['Timestamp'],
    site: ['Site reference'],
  },
  despatchReport: {
    name: 'Despatch summary',
    columns: {
      salesOrderNumber: ['Salesorder number', 'Sales order number', 'Sales order no.'],
      despatchNumber: ['Despatch number'],
      carrier: ['Carrier'],
      service: ['Service'],
      serviceTypeCode: ['Service type code'],
      despatchedAt: ['Despatch date'],
      trackingNumber: ['Tracking number'],
      itemCode: ['Item code'],
      parentItemCode: ['Parent'],
      quantity: ['No of items', 'No. of items'],
      parentQuantity: ['No. of parent items despatched', 'No of parent items despatched'],
      line: ['Line'],
      site: ['Site reference'],
      carrierReference: ['Carrier reference'],
    },
  },
  statusReport: {
    name: 'Sales orders by status',
    columns: {
      salesOrderNumber: ['Sales order no.', 'Sales order number', 'Salesorder number'],
      status: ['Status'],
      requestedDeliveryAt: ['Requested delivery date'],
    },
  },
  statusNumbers: {},
} as const satisfies Omit<PeoplevoxConnection, 'id' | 'url' | 'clientId' | 'username' | 'password'>;
