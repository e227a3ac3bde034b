import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openWorld, outcomeOf } from './world.ts';

describe('the embedded database', () => {
  it('is read beside the service, kept from a second one, and read without any', async () => {
    const world = await openWorld(onTestFinished, { database: 'embedded' });
    expect(await world.cli('orders', 'list')).toMatchObject({
      code: 4,
      errors: expect.stringContaining('start packhorse run first'),
    });
    expect((await world.json('migrate', '--dry-run')).data.migrations.length).toBeGreaterThan(0);
    const [id] = world.mirakl.shopperBuys({
      lines: [{ offerSku: 'ITEM-1', quantity: 1, unitPrice: '5.00' }],
      shippingTypeCode: 'STD',
      needsAcceptance: false,
    });
    const service = await world.run();
    const second = await world.json('run');
    expect(second.code).toBe(5);
    expect(second.data.error).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining(`in use by process ${service.pid}`),
    });
    const beside = await world.json('orders', 'list');
    expect(beside.code).toBe(0);
    service.kill('SIGTERM');
    expect(await outcomeOf(service)).toMatchObject({ code: 0 });
    const without = await world.json('orders', 'list', '--search', id);
    expect(without.data.orders).toMatchObject([{ marketplaceOrderId: id }]);
    expect((await world.cli('migrate')).output).toBe('the database is up to date\n');
  });

  it('that cannot be started is said in a sentence, with exit code 3', async () => {
    const world = await openWorld(onTestFinished, { database: 'embedded' });
    await mkdir(join(world.folder, 'data'));
    await writeFile(join(world.folder, 'data', 'postgres'), 'a file where a folder is needed');
    const { code, output, errors } = await world.cli('run');
    expect({ code, output }).toEqual({ code: 3, output: '' });
    expect(errors).toMatch(/packhorse: database folder .*set service\.dataDir to another folder/);
    expect(errors).not.toMatch(/\n +at /);
  });
});

describe('a configured database', () => {
  it('that cannot be reached is said without its password, with exit code 3', async () => {
    const world = await openWorld(onTestFinished, { database: 'none' });
    for (const command of [['run'], ['orders', 'list']]) {
      const { code, output, errors } = await world.cli(...command);
      expect({ command, code, output }).toEqual({ command, code: 3, output: '' });
      expect(errors).toContain('correct database.url or DATABASE_URL (connect ECONNREFUSED');
      expect(errors).not.toMatch(/secret|\n +at /);
    }
  });

  it('without our tables is not written to by a command that reads', async () => {
    const world = await openWorld(onTestFinished);
    expect(await world.cli('exceptions', 'list')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('run packhorse migrate, or start packhorse run'),
    });
    const { data } = await world.json('migrate');
    expect(data.migrations[0]).toBe('000001-runtime.sql');
    expect((await world.cli('exceptions', 'list')).output).toBe('no exceptions\n');
    expect((await world.json('flows', 'list')).data).toEqual({ flows: [] });
  });
});
