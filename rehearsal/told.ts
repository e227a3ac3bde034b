/** What the service said of despatches to people, and when. */
import type { Service } from '../src/main.ts';
import type { Told } from './check-despatch.ts';

/** Read when all is quiet. */
export async function readTold(service: Service): Promise<Told> {
  return {
    ...(await readNamed(service)),
    verifiedMs: await readVerified(service),
    alertedMs: await readAlerts(service),
  };
}

async function readNamed(service: Service): Promise<Pick<Told, 'codes' | 'carriers'>> {
  const rows = await service.database.db
    .selectFrom('exceptions')
    .select(['connection', 'subject_kind as kind', 'subject_id as id', 'code'])
    .where('state', 'in', ['open', 'retrying'])
    .execute();
  const codes = new Map<string, Set<string>>();
  const carriers = new Set<string>();
  for (const { connection, kind, id, code } of rows) {
    const key = `${connection} ${id}`;
    if (kind === 'order') codes.set(key, (codes.get(key) ?? new Set()).add(code));
    if (kind === 'carrier') carriers.add(key.split(' / ')[0]!);
  }
  return { codes, carriers };
}

async function readVerified(service: Service): Promise<Map<string, number>> {
  const rows = await service.database.db
    .selectFrom('confirmations')
    .select(['channel', 'marketplace_order_id as orderId', 'parcel', 'verified_at as at'])
    .execute();
  return new Map(
    rows.flatMap(({ channel, orderId, parcel, at }) =>
      at === null ? [] : [[`${channel} ${orderId} ${parcel}`, at.getTime()] as const],
    ),
  );
}

async function readAlerts(service: Service): Promise<Map<string, number>> {
  const rows = await service.database.db
    .selectFrom('sla_alerts')
    .select(['channel', 'marketplace_order_id as orderId', 'at'])
    .orderBy('at', 'desc')
    .execute();
  return new Map(rows.map(({ channel, orderId, at }) => [`${channel} ${orderId}`, at.getTime()]));
}
