/** Orders in bulk: start an export, watch it, fetch its files. */
import { z } from 'zod';
import { fileTimeoutMs, type MiraklClient, megabytesThatFit } from './client.ts';
import { date, list, required, shape } from './fields.ts';
import { formatDate } from './json.ts';
import type { MarketplaceOrder } from './order.ts';
import { type OrderFilter, readOrderRows, type UnreadableOrder } from './orders.ts';
import { pathSegment } from './query.ts';

/** Which orders to export. At least one pair of dates must be complete, or Mirakl refuses. */
export type OrderExportFilter = Pick<
  OrderFilter,
  | 'states'
  | 'channelCodes'
  | 'hasNoChannel'
  | 'createdFrom'
  | 'createdUntil'
  | 'updatedFrom'
  | 'updatedUntil'
  | 'taxMode'
> & {
  /** Only one centre, unlike OR11. */
  fulfilmentCentreCode?: string | undefined;
  /** Orders in one file: 10,000 to 1,000,000. */
  ordersPerFile?: number | undefined;
  /** Size of one file: 10 to 1024. By default half of what the client would read. */
  megabytesPerFile?: number | undefined;
};

export type OrderExport = {
  /** `PENDING`, `COMPLETED`, `FAILED`, `CANCELED`, or a newer word. */
  status: string;
  updatedAt: Date;
  /** One per file, short-lived, to be fetched as given; empty unless COMPLETED. */
  urls: string[];
};

const maxMegabytesPerFile = 1024;

/** Starts an export and gives its tracking id. One export runs per shop; a second is Refused.
 *  Throws VendorError. Source: OR13. */
export async function startOrderExport(
  client: MiraklClient,
  filter: OrderExportFilter,
): Promise<string> {
  const { value } = await client.call({
    operation: 'OR13',
    method: 'POST',
    path: '/api/orders/async-export',
    isLocalised: true,
    body: {
      channel_codes: filter.channelCodes,
      only_null_channel: filter.hasNoChannel,
      order_state_codes: filter.states,
      order_tax_mode: filter.taxMode,
      fulfillment_center_codes: filter.fulfilmentCentreCode,
      start_date: filter.createdFrom && formatDate(filter.createdFrom),
      end_date: filter.createdUntil && formatDate(filter.createdUntil),
      start_update_date: filter.updatedFrom && formatDate(filter.updatedFrom),
      end_update_date: filter.updatedUntil && formatDate(filter.updatedUntil),
      items_per_chunk: filter.ordersPerFile,
      megabytes_per_chunk: filter.megabytesPerFile ?? megabytesThatFit(client, maxMegabytesPerFile),
    },
    read: shape(z.object({ tracking_id: required })),
  });
  return value.tracking_id;
}

/** Where an export stands. Ask every ten seconds, never more often than every two.
 *  Throws VendorError. Source: OR14. */
export async function readOrderExport(
  client: MiraklClient,
  trackingId: string,
): Promise<OrderExport> {
  const { value } = await client.call({
    operation: 'OR14',
    method: 'GET',
    path: `/api/orders/async-export/status/${pathSegment(trackingId)}`,
    read: shape(z.object({ status: required, last_updated: date, urls: list(required) })),
  });
  return { status: value.status, updatedAt: value.last_updated, urls: value.urls };
}

/** The orders in one file of an export. The URL is called as given, with our credentials only when it leads
 *  to the marketplace's own origin or one that the connection allows; any other is a BadAnswer and nothing
 *  is sent. Throws VendorError. Source: OR15. */
export async function fetchOrderExport(
  client: MiraklClient,
  url: string,
): Promise<{ orders: MarketplaceOrder[]; unreadable: UnreadableOrder[] }> {
  const { value } = await client.call({
    operation: 'OR15',
    method: 'GET',
    path: url,
    timeoutMs: fileTimeoutMs(client),
    read: readOrderRows,
    rows: (read) => read.orders.length,
  });
  return value;
}
