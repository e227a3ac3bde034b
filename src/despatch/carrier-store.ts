/** SQL on the table from the warehouse's carriers to a channel's. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import type { CarrierMapping } from './carriers.ts';

/** The whole table of a channel. */
export async function readCarrierMappings(
  db: Db | Trx,
  channel: string,
): Promise<(CarrierMapping & { madeAt: Date; madeBy: string })[]> {
  return db
    .selectFrom('carrier_mappings')
    .select(['carrier', 'service', 'code', 'name', 'url', 'made_at as madeAt', 'made_by as madeBy'])
    .where('channel', '=', channel)
    .orderBy('carrier')
    .orderBy('service')
    .execute();
}

/** Makes or replaces one line of it. */
export async function saveCarrierMapping(
  trx: Trx,
  channel: string,
  mapping: CarrierMapping,
  made: { at: Date; by: string },
): Promise<void> {
  const row = {
    code: mapping.code,
    name: mapping.name,
    url: mapping.url,
    made_at: made.at,
    made_by: made.by,
  };
  await trx
    .insertInto('carrier_mappings')
    .values({ channel, carrier: mapping.carrier, service: mapping.service, ...row })
    .onConflict((on) => on.columns(['channel', 'carrier', 'service']).doUpdateSet(row))
    .execute();
}

/** Takes one line out. Returns whether it was there. */
export async function removeCarrierMapping(
  trx: Trx,
  channel: string,
  key: { carrier: string; service: string },
): Promise<boolean> {
  const gone = await trx
    .deleteFrom('carrier_mappings')
    .where('channel', '=', channel)
    .where('carrier', '=', key.carrier)
    .where('service', '=', key.service)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

/** Carriers and services that the warehouse used for orders of a channel in the last days, with how often. */
export async function readUsedCarriers(
  db: Db,
  channel: string,
  since: Date,
): Promise<{ carrier: string; service: string; count: number; lastAt: Date | null }[]> {
  const { rows } = await sql<{
    carrier: string;
    service: string;
    count: number;
    lastAt: Date | null;
  }>`
    select d.carrier, d.service, count(distinct d.despatch_number)::int as count, max(d.despatched_at) as "lastAt"
    from despatch_rows d join sales_orders s using (warehouse, sales_order_number)
    where s.channel = ${channel} and d.first_seen_at >= ${since}
    group by d.carrier, d.service order by count desc, 1, 2`.execute(db);
  return rows;
}

/** Sales orders with parcels of a carrier that the marketplace was not told of yet. Carriers are the same when
 *  they differ only in case, blanks and punctuation. */
export async function readUntoldOfCarrier(
  db: Db | Trx,
  channel: string,
  carrier: string,
): Promise<string[]> {
  const bare = (name: ReturnType<typeof sql>) =>
    sql`lower(regexp_replace(${name}, '[^[:alnum:]]', '', 'g'))`;
  const { rows } = await sql<{ number: string }>`
    select distinct s.sales_order_number as number from confirmations c
    join sales_orders s using (channel, marketplace_order_id)
    where c.channel = ${channel} and c.step in ('waiting', 'ready', 'stopped')
      and ${bare(sql`c.carrier`)} = ${bare(sql`${carrier}::text`)} order by 1`.execute(db);
  return rows.map((row) => row.number);
}
