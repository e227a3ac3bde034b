/** People who work with the service: they map carriers before the day and when one turns up that nobody mapped, and
 *  decide on what the warehouse will not send. */
import type { Dice } from '../simulators/kernel.ts';
import type { Clock } from '../src/clock.ts';
import { decideWithdrawals, mapCarrier, type Service } from '../src/main.ts';
import { carriers } from './parcels.ts';
import type { Errand, Floor } from './pickers.ts';
import { warehouseId } from './settings.ts';
import type { VirtualClock } from './virtual-clock.ts';

const minuteMs = 60_000;
/** How often somebody comes by. */
const roundMs = 5 * minuteMs;
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

/** Comes by every few minutes as long as the clock runs. `serviceNow`: null while it is dead. */
export function letDeskWork(
  clock: VirtualClock,
  serviceNow: () => Service | null,
  floor: Floor,
  dice: Dice,
): void {
  const open: Errand[] = [];
  let seen = 0;
  clock.spawn(async () => {
    for (;;) {
      await clock.sleep(roundMs);
      const service = serviceNow();
      if (!service) continue;
      open.push(...floor.errands.slice(seen));
      seen = floor.errands.length;
      for (const errand of open.splice(0)) {
        if (errand.atMs > clock.nowMs()) open.push(errand);
        else await map(service, clock, errand);
      }
      await decide(service, clock, dice);
    }
  });
}

async function map(service: Service, clock: Clock, errand: Omit<Errand, 'atMs'>): Promise<void> {
  const { channel, carrier, code } = errand;
  const mapping = { carrier, service: '', code, name: null, url: null };
  await service.database.db
    .transaction()
    .execute((trx) => mapCarrier(trx, clock, { channel, warehouse: warehouseId, mapping, who }));
}

/** Most are approved; the others are left to be sent after all. */
async function decide(service: Service, clock: Clock, dice: Dice): Promise<void> {
  const { db } = service.database;
  const rows = await db
    .selectFrom('withdrawals')
    .select('id')
    .where('state', '=', 'proposed')
    .where('proposed_at', '<', new Date(clock.nowMs() - thinkMs))
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const decision = dice.chance(0.8) ? ('approve' as const) : ('dismiss' as const);
    const given = { ids: [Number(row.id)], decision, who };
    await db.transaction().execute((trx) => decideWithdrawals(trx, clock, given));
  }
}
