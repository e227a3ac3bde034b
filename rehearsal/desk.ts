/** People who work with the service: they map carriers before the day and when one turns up that nobody mapped, and
 *  decide on what the warehouse will not send. */
import type { Clock } from '../src/clock.ts';
import { decideWithdrawals, mapCarrier, type Service } from '../src/main.ts';
import { carriers } from './parcels.ts';
import type { Floor } from './pickers.ts';
import { warehouseId } from './settings.ts';
import type { VirtualClock } from './virtual-clock.ts';

const minuteMs = 60_000;
/** How often somebody comes by. */
const roundMs = 5 * minuteMs;
const mapAfterMs = 60 * minuteMs;
/** How long a proposal lies before somebody decides. */
const thinkMs = 30 * minuteMs;
const who = 'Ann Example';

/** The carriers that do not go by the marketplace's name. */
export async function mapCarriers(
  service: Service,
  clock: Clock,
  channels: readonly string[],
): Promise<void> {
  for (const channel of channels) {
    for (const { name: carrier, code, isMapped } of carriers)
      if (isMapped) await map(service, clock, { channel, carrier, code });
  }
}

/** When somebody mapped a carrier, by channel and carrier. */
export type DeskLog = { mappedMs: Map<string, number> };

/** Comes by every few minutes as long as the clock runs. `serviceNow`: null while it is dead. Returns what was done,
 *  which fills in as the day goes on. */
export function letDeskWork(
  clock: VirtualClock,
  serviceNow: () => Service | null,
  floor: Floor,
): DeskLog {
  const log: DeskLog = { mappedMs: new Map() };
  clock.spawn(async () => {
    for (;;) {
      await clock.sleep(roundMs);
      const service = serviceNow();
      if (!service) continue;
      await mapUnmapped(service, clock, floor, log);
      await approve(service, clock);
    }
  });
  return log;
}

/** Carriers that the service named an hour ago. */
async function mapUnmapped(
  service: Service,
  clock: Clock,
  floor: Floor,
  log: DeskLog,
): Promise<void> {
  const rows = await service.database.db
    .selectFrom('exceptions')
    .select(['connection as channel', 'subject_id as subject'])
    .where('code', '=', 'carrier-unmapped')
    .where('state', 'in', ['open', 'retrying'])
    .where('opened_at', '<=', new Date(clock.nowMs() - mapAfterMs))
    .orderBy('id')
    .execute();
  for (const { channel, subject } of rows) {
    const [carrier = ''] = subject.split(' / ');
    const code = floor.codes.get(carrier);
    if (code === undefined || log.mappedMs.has(`${channel} ${carrier}`)) continue;
    await map(service, clock, { channel, carrier, code });
    log.mappedMs.set(`${channel} ${carrier}`, clock.nowMs());
  }
}

async function map(
  service: Service,
  clock: Clock,
  { channel, carrier, code }: { channel: string; carrier: string; code: string },
): Promise<void> {
  const mapping = { carrier, service: '', code, name: null, url: null };
  await service.database.db
    .transaction()
    .execute((trx) => mapCarrier(trx, clock, { channel, warehouse: warehouseId, mapping, who }));
}

/** A sales order that is cancelled cannot be sent after all: what is proposed is approved. */
async function approve(service: Service, clock: Clock): Promise<void> {
  const { db } = service.database;
  const rows = await db
    .selectFrom('withdrawals')
    .select('id')
    .where('state', '=', 'proposed')
    .where('proposed_at', '<', new Date(clock.nowMs() - thinkMs))
    .orderBy('id')
    .execute();
  if (rows.length === 0) return;
  const given = { ids: rows.map((row) => Number(row.id)), decision: 'approve' as const, who };
  await db.transaction().execute((trx) => decideWithdrawals(trx, clock, given));
}
