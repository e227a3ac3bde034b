/** What the stock commands share: which channels and warehouses are meant, and a look at a single moment. */
import type { Trx } from '../runtime/db.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { Failure } from './exit.ts';
import type { Store } from './open-store.ts';

/** The channel of this id, or all of them. Throws Failure for one that does not exist. */
export function channelsOf(store: Store, id: string | undefined): readonly ChannelSettings[] {
  const { channels } = store.settings;
  if (id === undefined) return channels;
  const found = channels.filter((one) => one.id === id);
  if (found.length > 0) return found;
  const known = channels.map((one) => one.id).join(', ');
  throw new Failure('notFound', `no channel ${id}; there are ${known}`);
}

/** The warehouse of this id. Throws Failure for one that does not exist. */
export function warehouseOf(store: Store, id: string): WarehouseSettings {
  const { warehouses } = store.settings;
  const found = warehouses.find((one) => one.id === id);
  if (found) return found;
  const known = warehouses.map((one) => one.id).join(', ');
  throw new Failure('notFound', `no warehouse ${id}; there are ${known}`);
}

/** Channels that this warehouse fills. */
export function channelsFilledBy(store: Store, warehouse: string): ChannelSettings[] {
  return store.settings.channels.filter((one) => one.warehouse === warehouse);
}

/** Reads everything as it stood at a single moment, while a service goes on working. */
export function atOneMoment<T>(store: Store, work: (trx: Trx) => Promise<T>): Promise<T> {
  return store.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(work);
}
