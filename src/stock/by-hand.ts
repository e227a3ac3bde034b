/** What a person does with stock: send again, change the rules, let a mass change pass. Each acts inside the
 *  caller's transaction. */
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Db, Trx } from '../runtime/db.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { saveFeed } from './figure-store.ts';
import { publishFlow, readFlow, reckonFlow } from './flow.ts';
import { readRules, saveRules } from './rule-store.ts';
import type { RuleSet } from './rules.ts';

/** How long a person's word lets mass changes pass. Too short: the held numbers are not out yet, as the
 *  warehouse is read, worked out and sent first. Too long: the next mass change passes as well. */
const approvalMs = 30 * 60_000;

/** Which listings are pushed: those of a channel that have a number, and that it lists. `items`: only of these
 *  ItemCodes. */
export type Pushed = { channel: string; items?: readonly string[] | undefined };

/** A listing that is pushed. `quantity` is what it will show. */
export type PushedListing = { shopSku: string; itemCode: string; quantity: number };

/** What a push would send, in order of SKU. */
export async function readPushable(db: Db, given: Pushed): Promise<PushedListing[]> {
  const { rows } = await sql<PushedListing>`
    select shop_sku as "shopSku", item_code as "itemCode", wanted as quantity from stock_listings
    where ${isPushed(given)} order by shop_sku`.execute(db);
  return rows;
}

/** Makes these listings due to be sent now, also those that nothing changed, and wakes the flow that sends them. */
export async function pushListings(
  trx: Trx,
  clock: Clock,
  given: Pushed & { who: string },
): Promise<void> {
  await sql`
    update stock_listings set step = 'due', due_at = ${clock.now()}, attempts = 0,
      last_error = ${`asked for by ${given.who}`}
    where ${isPushed(given)}`.execute(trx);
  await wakeFlow(trx, clock, publishFlow, given.channel);
}

function isPushed({ channel, items }: Pushed) {
  const codes = items === undefined ? null : [...items];
  return sql`channel = ${channel} and wanted is not null and missing_since is null
    and (${codes}::text[] is null or item_code = any(${codes}::text[]))`;
}

/** Lets what is held of a warehouse and its channels pass for `approvalMs` and has it looked at at once. Returns
 *  until when. */
export async function approveMassChange(
  trx: Trx,
  clock: Clock,
  given: { warehouse: string; channels: readonly string[] },
): Promise<Date> {
  const until = new Date(clock.nowMs() + approvalMs);
  await saveFeed(trx, given.warehouse, { approvedUntil: until });
  await wakeFlow(trx, clock, readFlow, given.warehouse);
  for (const channel of given.channels) await wakeFlow(trx, clock, publishFlow, channel);
  return until;
}

/** Puts rules in force and has every number worked out by them. `planned`: the number of the set that was in force
 *  when a person looked. Returns the new number, or null when another set is in force by now. */
export async function putInForce(
  trx: Trx,
  clock: Clock,
  given: {
    rules: RuleSet;
    who: string;
    note: string;
    planned: number;
    warehouses: readonly string[];
  },
): Promise<number | null> {
  if ((await readRules(trx)).id !== given.planned) return null;
  const { rules, who, note } = given;
  const id = await saveRules(trx, { rules, by: who, note, at: clock.now() });
  for (const warehouse of given.warehouses) await wakeFlow(trx, clock, reckonFlow, warehouse);
  return id;
}
