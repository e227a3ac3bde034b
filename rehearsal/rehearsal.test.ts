import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../src/log.ts';
import { openTestDatabase, type TestDatabase } from '../test/database.ts';
import type { FaultLevel } from './faults.ts';
import { makeReport, type Report } from './report.ts';
import { rehearse } from './run.ts';

const databases: TestDatabase[] = [];
afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop();
});

async function aDay(day: {
  seed: number;
  faults: FaultLevel;
  orders?: number;
  skus?: number;
  channels?: number;
  hours?: number;
}): Promise<Report> {
  const database = await openTestDatabase();
  databases.push(database);
  const options = {
    orders: 60,
    skus: 60,
    hours: 2,
    channels: 2,
    sites: 2,
    cadenceSeconds: 120,
    ...day,
  };
  const outcome = await rehearse({
    ...options,
    databaseUrl: database.connectionString,
    log: silentLog,
  });
  return makeReport(options, outcome, 0);
}

describe('a rehearsed day', { timeout: 300_000 }, () => {
  it('without faults brings every order into the warehouse within 90 seconds of being payable', async () => {
    const report = await aDay({ seed: 11, faults: 'none', hours: 1 });
    expect(report.findings).toEqual([]);
    expect(report.ceilingBreaches).toBe(0);
    expect(report.orders.payable).toBeGreaterThan(40);
    expect(report.latencySeconds.p99).toBeLessThanOrEqual(90);
    expect(report.stock.lagSeconds.p99).toBeLessThanOrEqual(240);
    expect(report.stock.publishes).toBeGreaterThan(10);
    expect(report.despatch.confirmed).toBeGreaterThan(30);
    expect(report.despatch.lagSeconds.confirmed.p99).toBeLessThanOrEqual(90);
    expect(report.despatch.lagSeconds.verified.p99).toBeLessThanOrEqual(180);
    expect(report.passed).toBe(true);
  });

  it('with the faults of a bad day loses, doubles and hides nothing', async () => {
    const report = await aDay({ seed: 12, faults: 'typical', hours: 1 });
    expect(report.findings).toEqual([]);
    expect(report.faultsSuffered).toBeGreaterThan(10);
    // Those who came too late for the flash sale went away empty-handed.
    expect(report.stock.refusedSales).toBeGreaterThan(0);
    const { made, confirmed, named } = report.despatch;
    expect(made).toBe(confirmed + named);
    expect(confirmed).toBeGreaterThan(30);
    expect(report.passed).toBe(true);
  });

  it('is the same day again from the same seed', async () => {
    const once = await aDay({
      seed: 5,
      faults: 'typical',
      orders: 25,
      skus: 40,
      hours: 0.5,
      channels: 1,
    });
    const again = await aDay({
      seed: 5,
      faults: 'typical',
      orders: 25,
      skus: 40,
      hours: 0.5,
      channels: 1,
    });
    expect(again).toEqual(once);
  });

  // Harsh: many times the faults, silent losses, and a service that is killed every half hour or so.
  it.each([{ seed: 11, faults: 'harsh' as const, orders: 40, skus: 40, hours: 1 }])(
    'under harsh faults and crashes nothing is lost or sold twice: seed $seed',
    { timeout: 180_000 },
    async (day) => {
      const report = await aDay(day);
      expect(report.findings).toEqual([]);
      expect(report.crashes).toBeGreaterThan(0);
      expect(report.sla.breachesByIntegration).toBe(0);
      expect(report.passed).toBe(true);
    },
  );
});
