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
   *  that does not honour 0 shows by a stock run that is never complete: then set 1000. */
  reportPageSize: number;
  /** Sent with subscriptions; null leaves the element out, for tenants whose contract lacks it. */
  encodeParameterData: boolean | null;
  /** What this tenant renamed; empty when all is as shipped. */
  templates: TemplateSettingsByKey;
  /** The stock report and its columns as the tenant's web page shows them. */
  inventoryReport: InventoryReportSettings;
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

/** What holds for a tenant that changed nothing; the connection adds id, url and credentials.
 *  Source: reference sections 3, 6, 8 and 11. */
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
  statusNumbers: {},
} as const satisfies Omit<PeoplevoxConnection, 'id' | 'url' | 'clientId' | 'username' | 'password'>;
