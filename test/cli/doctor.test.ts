import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Changes, checksOf, openWorld, type World } from './world.ts';

type Options = Parameters<typeof openWorld>[1];

async function examined(world: World, ...args: string[]) {
  const { code, data } = await world.json('doctor', ...args);
  const checks = checksOf(data);
  const find = (subject: string, name: string) =>
    checks.find((one) => one.subject.startsWith(subject) && one.name === name);
  return { code, checks, find };
}

describe('doctor', () => {
  it('finds nothing wrong where nothing is, and asks A01 and SH12 once a day', async () => {
    const world = await openWorld(onTestFinished);
    const first = await examined(world);
    expect(first.checks.filter((one) => one.status === 'fail' || one.status === 'warn')).toEqual(
      [],
    );
    expect(first.code).toBe(0);
    const second = await examined(world);
    expect(second.find('channel', 'shop')).toMatchObject({ status: 'ok' });
    expect(second.find('channel', 'shop')?.fact).toContain('A01 may be asked once a day');
    expect(second.find('channel', 'shipping types')).toMatchObject({ status: 'ok' });
    expect(world.mirakl.truth.ceilingBreaches).toEqual([]);
    expect(world.peoplevox.truth.overlaps).toEqual([]);
  });

  it('says "not checked" where nothing can be compared, never ok', async () => {
    const world = await openWorld(onTestFinished);
    const { find } = await examined(world, '--only', 'main');
    expect(find('warehouse', 'time zone')?.status).toBe('unchecked');
    expect(find('warehouse', 'date order')?.status).toBe('unchecked');
  });

  it('goes on with the vendors when the database cannot be reached', async () => {
    const world = await openWorld(onTestFinished, { database: 'none' });
    const { code, find } = await examined(world);
    expect(code).toBe(1);
    expect(find('database', 'reachable')).toMatchObject({
      status: 'fail',
      fact: expect.stringContaining('the database cannot be reached'),
    });
    expect(find('channel', 'API key')?.status).toBe('ok');
    expect(find('warehouse', 'login')?.status).toBe('ok');
  });

  it('leaves an empty database as it is with --dry-run', async () => {
    const world = await openWorld(onTestFinished);
    await examined(world, '--dry-run', '--only', 'john-lewis');
    const { data } = await world.json('migrate', '--dry-run');
    expect(data.migrations.length).toBeGreaterThan(0);
  });

  it('is not held back by a process that died in the middle of a call', async () => {
    const world = await openWorld(onTestFinished);
    await world.cli('migrate');
    const client = new pg.Client({ connectionString: world.environment['DATABASE_URL'] });
    await client.connect();
    await client.query(`
      with dead as (insert into packhorse.instances (host, pid, started_at) values ('gone', 1, now()) returning id)
      insert into packhorse.pace (connection, lane, next_at, holder, holder_until)
      select 'main', 'calls', now(), id, now() + interval '20 minutes' from dead`);
    await client.end();
    const { find } = await examined(world, '--only', 'main');
    expect(find('warehouse', 'login')?.status).toBe('ok');
  });

  it('prints each failure with what to do, on standard output', async () => {
    const world = await openWorld(onTestFinished);
    world.mirakl.setApiKey('another-key');
    const { code, output } = await world.cli('doctor', '--only', 'john-lewis');
    expect(code).toBe(1);
    expect(output).toMatch(/FAIL +API key +refused: .*\n +-> make a key for the shop user/);
    expect(output).toMatch(/\d+ ok, 0 warnings, 1 failed/);
  });
});

type Row = {
  rule: string;
  options?: Options;
  changes?: Changes;
  check: [subject: string, name: string];
  status?: string;
  fact: RegExp;
  remedy: RegExp;
};

const misconfigurations: Row[] = [
  {
    rule: 'a wrong API key',
    options: { mirakl: { apiKey: 'another-key' } },
    check: ['channel', 'API key'],
    fact: /refused/,
    remedy: /put it into the variable that channels\[0\]\.apiKey names/,
  },
  {
    rule: "a shop that is not the user's",
    changes: { channel: { shopId: '9999' } },
    check: ['channel', 'shop'],
    fact: /shop 9999 is not one of this user's/,
    remedy: /correct channels\[0\]\.shopId/,
  },
  {
    rule: 'a suspended shop',
    options: { mirakl: { shops: [{ shopId: 2000, state: 'SUSPENDED' }] } },
    check: ['channel', 'shop'],
    fact: /SUSPENDED.*sells nothing/,
    remedy: /ask the operator/,
  },
  {
    rule: 'a clock that is ten minutes off',
    options: { mirakl: { clockOffsetMs: 600_000 } },
    check: ['channel', 'clock'],
    fact: /10 min behind the marketplace/,
    remedy: /synchronise the clock/,
  },
  {
    rule: 'a clock that is a minute off',
    options: { mirakl: { clockOffsetMs: -60_000 } },
    check: ['channel', 'clock'],
    status: 'warn',
    fact: /\d+ s ahead of the marketplace/,
    remedy: /synchronise the clock/,
  },
  {
    rule: 'orders that nobody accepts',
    changes: { channel: { acceptance: { policy: 'off' } } },
    check: ['channel', 'acceptance'],
    status: 'warn',
    fact: /NOT_AUTOMATIC, acceptance\.policy is off/,
    remedy: /set channels\[0\]\.acceptance\.policy to auto or manual/,
  },
  {
    rule: 'shipping types without a service type',
    changes: { channel: { shippingTypes: { STD: 'STANDARD', EXPR: 'EXPRESS' } } },
    check: ['channel', 'shipping types'],
    status: 'warn',
    fact: /has EXPR, which the marketplace does not; not mapped: .*CLC \(Click & collect\)/,
    remedy: /write EXP for EXPR; set .*channels\[0\]\.shippingTypes\.CLC/,
  },
  {
    rule: 'a marketplace that cannot be reached',
    changes: { channel: { url: 'http://127.0.0.1:1' } },
    check: ['channel', 'reachable'],
    fact: /ECONNREFUSED/,
    remedy: /channels\[0\]\.url \(http:\/\/127\.0\.0\.1:1\)/,
  },
  {
    rule: 'a password in the wrong encoding',
    options: { peoplevox: { passwordEncoding: 'plain' } },
    check: ['warehouse', 'login'],
    fact: /refused as base64 and accepted as plain/,
    remedy: /^set warehouses\[0\]\.passwordEncoding: plain$/,
  },
  {
    rule: 'a wrong user name',
    changes: { warehouse: { username: 'somebody' } },
    check: ['warehouse', 'login'],
    fact: /refuses the login/,
    remedy: /warehouses\[0\]\.username.*both encodings of the password were tried/,
  },
  {
    rule: 'a warehouse that cannot be reached',
    changes: { warehouse: { url: 'http://127.0.0.1:1' } },
    check: ['warehouse', 'reachable'],
    fact: /ECONNREFUSED/,
    remedy: /warehouses\[0\]\.url/,
  },
  {
    rule: 'a template that is not configured',
    changes: { warehouse: { templates: { salesOrders: { name: 'Orders of ours' } } } },
    check: ['warehouse', 'template Orders of ours'],
    fact: /not configured in Peoplevox, and needed for orders/,
    remedy:
      /configure it there under Integration, or .*warehouses\[0\]\.templates\.salesOrders\.name/,
  },
  {
    rule: 'a column that was renamed',
    options: { peoplevox: { renamedHeaders: { 'Sales order items': { ItemCode: 'SKU' } } } },
    check: ['warehouse', 'template Sales order items'],
    fact: /no column ItemCode/,
    remedy: /^set warehouses\[0\]\.templates\.salesOrderItems\.columns\.ItemCode: SKU$/,
  },
  {
    rule: 'a column map that names no column',
    changes: {
      warehouse: { templates: { itemTypes: { columns: { ItemCode: 'Artikel' } } } },
    },
    check: ['warehouse', 'template Item types'],
    fact: /no column Artikel \(for ItemCode\)/,
    remedy: /warehouses\[0\]\.templates\.itemTypes\.columns\.ItemCode/,
  },
  {
    rule: 'a report column that was renamed',
    options: {
      peoplevox: { reports: { 'Item inventory summary': { columns: { 'Item code': 'SKU' } } } },
    },
    changes: { channel: { acceptance: { policy: 'auto' } } },
    check: ['warehouse', 'report Item inventory summary'],
    fact: /no column Item code/,
    remedy: /^set warehouses\[0\]\.reports\.itemInventory\.columns\."Item code": SKU$/,
  },
  {
    rule: 'a site that does not exist',
    changes: { warehouse: { sites: ['Primary Site'] } },
    check: ['warehouse', 'sites'],
    fact: /no site Primary Site/,
    remedy: /^set warehouses\[0\]\.sites\[0\]: PrimarySite$/,
  },
  {
    rule: 'a service type that does not exist',
    changes: { channel: { shippingTypes: { STD: 'STANDART' }, defaultServiceType: 'EXPRESS' } },
    check: ['warehouse', 'service types'],
    fact: /no service type STANDART/,
    remedy: /^set channels\[0\]\.shippingTypes\.STD: STANDARD$/,
  },
];

describe('doctor names and remedies', () => {
  it.concurrent.for(misconfigurations)('$rule', async (row, { expect, onTestFinished }) => {
    const { options = {}, changes = {}, check, status = 'fail', fact, remedy } = row;
    const world = await openWorld(onTestFinished, options);
    await world.configure(changes);
    const connection = check[0] === 'channel' ? 'john-lewis' : 'main';
    const { code, find } = await examined(world, '--only', connection);
    expect(find(...check)).toMatchObject({
      status,
      fact: expect.stringMatching(fact),
      remedy: expect.stringMatching(remedy),
    });
    expect(code).toBe(status === 'fail' ? 1 : 0);
  });
});
