/** The life of one SKU, for a person who looks into a finding: what people did, who bought, what the service sent
 *  and what the marketplaces made of it, in order of time. */
import type { Service } from '../src/main.ts';
import type { StockCase } from './check-stock.ts';

/** A line an event, oldest first. Sees the parts of a kit too. */
export async function explainStock(
  { stage, supply, watch }: StockCase,
  service: Service,
  shopSku: string,
): Promise<string[]> {
  const codes = new Set([shopSku, ...supply.partsOf(shopSku).map((part) => part.itemCode)]);
  const events: { atMs: number; text: string }[] = [];
  for (const change of stage.warehouse.truth.stockChanges) {
    if (!codes.has(change.itemCode)) continue;
    const { atMs, itemCode, site, reason, onHand, allocated, available } = change;
    const figures = `on hand ${onHand}, allocated ${allocated}, available ${available}`;
    events.push({ atMs, text: `warehouse ${itemCode} on ${site}: ${reason}; ${figures}` });
  }
  for (const sale of supply.log.sales) {
    if (!codes.has(sale.itemCode)) continue;
    const { atMs, channel, orderId, units, itemCode, supplyBefore, oversold, unavoidable } = sale;
    const beyond = oversold + unavoidable > 0 ? `; beyond: ${oversold} and ${unavoidable}` : '';
    const text = `${channel} order ${orderId} buys ${units} of ${itemCode}, supply ${supplyBefore}${beyond}`;
    events.push({ atMs, text });
  }
  for (const { atMs, channel, from, to, by, importId } of watch.changesOf(shopSku)) {
    events.push({ atMs, text: `${channel} shows ${to} (was ${from}) by ${by} ${importId ?? ''}` });
  }
  const sent = await service.database.db
    .selectFrom('stock_import_lines as l')
    .innerJoin('stock_imports as i', 'i.id', 'l.import_id')
    .select(['i.channel', 'i.made_at', 'i.state', 'i.reference', 'i.basis_at'])
    .select(['l.quantity', 'l.was', 'l.pool', 'l.outcome', 'l.reason'])
    .where('l.shop_sku', '=', shopSku)
    .execute();
  for (const row of sent) {
    const basis = row.basis_at?.toISOString().slice(11, 19) ?? 'never';
    const end = `${row.state} ${row.outcome ?? ''} ${row.reason ?? ''}`.trim();
    const text = `service sends ${row.quantity} to ${row.channel} (was ${row.was}, pool ${row.pool}, basis ${basis}, import ${row.reference}): ${end}`;
    events.push({ atMs: row.made_at.getTime(), text });
  }
  events.sort((a, b) => a.atMs - b.atMs);
  const lines = events.map(({ atMs, text }) => `${new Date(atMs).toISOString()} ${text}`);
  return [...lines, ...(await sumsOf([...codes], supply, service))];
}

/** What both sides believe of each item in the end. */
async function sumsOf(
  codes: readonly string[],
  supply: StockCase['supply'],
  service: Service,
): Promise<string[]> {
  const { db } = service.database;
  const demand = await db
    .selectFrom('stock_demand')
    .selectAll()
    .where('item_code', 'in', codes)
    .execute();
  return codes.map((code) => {
    const ours = demand.find((row) => row.item_code === code);
    const rate = ours?.units_per_hour.toFixed(2) ?? '0';
    return `in the end ${code}: ${supply.of(code)} could be supplied; the service counts ${ours?.promised ?? 0} as promised, ${rate} sold an hour`;
  });
}
