/** What the marketplace believes about our stock, in bulk: start an export, watch it, fetch its files. */
import { z } from 'zod';
import { fileTimeoutMs, type MiraklClient } from './client.ts';
import {
  dateOrNull,
  flag,
  list,
  objectOrNull,
  readRows,
  required,
  shape,
  text,
  unitsOrNull,
  valueAt,
} from './fields.ts';
import { formatDate, type Json } from './json.ts';
import { pathSegment } from './query.ts';

/** The stock side of one offer. */
export type OfferStock = {
  offerId: string;
  shopSku: string;
  /** Units for sale in all warehouses together; null when the export does not say. */
  quantity: number | null;
  isActive: boolean;
  /** Only an export of changes holds deleted offers. */
  isDeleted: boolean;
  /** Last change of anything in the offer. */
  updatedAt: Date | null;
};

/** `urls`: one per file, short-lived, to be fetched as given, empty unless completed. `error`: Mirakl's code and
 *  detail of a failed export. `other` is a word we do not know: not final, ask again. */
export type OfferExport = {
  state: 'pending' | 'completed' | 'failed' | 'other';
  /** Mirakl's own word. */
  word: string;
  urls: string[];
  error: string | null;
};

/** An offer of an export without the promised shape; `subject` is its offer id, or `row 1` and so on. */
export type UnreadableOfferStock = { subject: string; problem: string };

/** The least that Mirakl makes. An offer takes some 140 bytes there and ten times as much memory while its file is
 *  read, so that larger files would only save some calls a day. */
const megabytesPerFile = 10;

/** All that is asked for: whole offers are some fifty times as large. */
const exportedFields = ['offer_id', 'shop_sku', 'quantity', 'active', 'deleted', 'last_updated'];

/** Starts an export and gives its tracking id; the same question again may give the earlier id. With
 *  `changedSince` (cut to the second): all offers changed since then, inactive and deleted ones too, whatever
 *  `includeInactive` says. Without: all active offers, and the inactive when `includeInactive`; allowed once
 *  a day. Throws VendorError (`isNotOffered` when the operator lacks it). Source: OF52. */
export async function startOfferExport(
  client: MiraklClient,
  filter: { changedSince?: Date | undefined; includeInactive?: boolean | undefined },
): Promise<string> {
  // Both together are refused.
  const which =
    filter.changedSince === undefined
      ? { include_inactive_offers: filter.includeInactive ?? false }
      : { last_request_date: formatDate(filter.changedSince) };
  const { value } = await client.call({
    operation: 'OF52',
    method: 'POST',
    path: '/api/offers/export/async',
    paceAs: filter.changedSince === undefined ? 'OF52 full' : 'OF52',
    body: {
      export_type: 'application/json',
      include_fields: exportedFields,
      megabytes_per_chunk: megabytesPerFile,
      ...which,
    },
    read: shape(z.object({ tracking_id: required })),
  });
  return value.tracking_id;
}

/** Where an export stands. Ask once a minute, never more often than every ten seconds.
 *  Throws VendorError. Source: OF53. */
export async function readOfferExport(
  client: MiraklClient,
  trackingId: string,
): Promise<OfferExport> {
  const { value } = await client.call({
    operation: 'OF53',
    method: 'GET',
    path: `/api/offers/export/async/status/${pathSegment(trackingId)}`,
    read: shape(exportSchema),
  });
  return value;
}

/** The offers in one file of an export. The URL is called as given, with our credentials only when it leads
 *  to the marketplace's own origin or one that the connection allows; any other is a BadAnswer and nothing
 *  is sent. Throws VendorError. Source: OF54. */
export async function fetchOfferExport(
  client: MiraklClient,
  url: string,
): Promise<{ offers: OfferStock[]; unreadable: UnreadableOfferStock[] }> {
  const { value } = await client.call({
    operation: 'OF54',
    method: 'GET',
    path: url,
    timeoutMs: fileTimeoutMs(client),
    read: readOfferRows,
    rows: (read) => read.offers.length,
  });
  return value;
}

function readOfferRows(body: Json): { offers: OfferStock[]; unreadable: UnreadableOfferStock[] } {
  const entries = Array.isArray(body) ? body : valueAt(body, 'offers');
  const { rows, unreadable } = readRows(entries, 'offers', {
    schema: offerStockSchema,
    idKey: 'offer_id',
  });
  return {
    offers: rows,
    unreadable: unreadable.map(({ id, index, problem }) => {
      return { subject: id ?? `row ${index + 1}`, problem };
    }),
  };
}

const states: Readonly<Record<string, OfferExport['state']>> = {
  PENDING: 'pending',
  COMPLETED: 'completed',
  FAILED: 'failed',
  // Known from the export of orders; such an export never has files.
  CANCELED: 'failed',
};

const exportSchema = z
  .object({
    status: required,
    urls: list(required),
    error: objectOrNull(z.object({ code: text, detail: text })),
  })
  .transform(({ status, urls, error }): OfferExport => {
    const said = [error?.code, error?.detail].filter((part) => part !== null && part !== undefined);
    return {
      state: Object.hasOwn(states, status) ? states[status]! : 'other',
      word: status,
      urls,
      error: said.length === 0 ? null : said.join(': '),
    };
  });

const offerStockSchema = z
  .object({
    offer_id: required,
    shop_sku: required,
    quantity: unitsOrNull,
    active: flag,
    deleted: flag,
    last_updated: dateOrNull,
  })
  .transform((wire): OfferStock => {
    return {
      offerId: wire.offer_id,
      shopSku: wire.shop_sku,
      quantity: wire.quantity,
      isActive: wire.active,
      isDeleted: wire.deleted,
      updatedAt: wire.last_updated,
    };
  });
