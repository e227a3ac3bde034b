import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createExceptions } from '../../src/exceptions/store.ts';
import { type OpenDatabase, openDatabase } from '../../src/runtime/db.ts';
import { addSampleDespatch } from '../sample-despatch.ts';
import { type Cleanup, openWorld, type World } from './world.ts';

const at = systemClock.now();
const minutes = (count: number) => new Date(at.getTime() + count * 60_000);

let world: World;
let store: OpenDatabase;
const closers: Parameters<Cleanup>[0][] = [];

beforeAll(async () => {
  const cleanup: Cleanup = (act) => void closers.push(act);
  world = await openWorld(cleanup);
  const shape = { carrier: 'DPD UK', pattern: '\\d{14}' };
  await world.configure({ channel: { despatch: { trackingShapes: [shape] } } });
  await world.cli('migrate');
  store = openDatabase(world.environment['DATABASE_URL']!, { poolSize: 2, onError: () => {} });
  cleanup(() => store.close());
  await addDespatches();
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** As the service would have left it. */
async function addDespatches(): Promise<void> {
  const placedAt = minutes(-600);
  const [waits, wrong] = [{ carrier: 'DPD UK' }, { carrier: 'Royal Mail' }];
  await addSampleDespatch(store.db, {
    at,
    orders: [
      { id: 'JL-1', placedAt, deadlineAt: minutes(90), lookedAt: minutes(-2) },
      { id: 'JL-2', placedAt, deadlineAt: minutes(-30), lookedAt: minutes(-2) },
      { id: 'JL-3', placedAt, deadlineAt: minutes(3_000), lookedAt: minutes(-2) },
      { id: 'JL-4', placedAt, state: 'confirmed', wireState: 'SHIPPED' },
      { id: 'JL-5', placedAt, deadlineAt: minutes(6), lookedAt: minutes(-1) },
      { id: 'JL-6', placedAt, deadlineAt: minutes(9_000), isOutside: true, state: 'accepted' },
    ],
    rows: [
      { number: 'JL-1', despatch: 'D-1', carrier: 'DPD UK', tracking: '15501234567890' },
      { number: 'JL-2', despatch: 'D-2', carrier: 'Royal Mail', tracking: 'AA123456785GB' },
      { number: 'JL-3', despatch: 'D-3', carrier: 'DPD UK', tracking: 'LS1 4AP' },
      { number: 'JL-4', despatch: 'D-4', carrier: 'RM', tracking: 'BB123456785GB' },
      { number: 'SHOP-7', despatch: 'D-5' },
      { number: 'JL-99', despatch: 'D-6' },
    ],
    parcels: [
      { ...waits, order: 'JL-1', step: 'waiting', waitsFor: 'a mapping of carrier DPD UK' },
      {
        ...{ ...wrong, order: 'JL-2', step: 'ready', attempts: 4, code: 'RM', dueAt: minutes(60) },
        ...{ tracking: 'AA123456785GB', despatchedAt: minutes(-45), lastError: 'not a carrier' },
      },
      {
        ...{ ...waits, order: 'JL-3', step: 'waiting', tracking: 'LS1 4AP' },
        waitsFor: 'a tracking number without doubt',
      },
      {
        ...{ order: 'JL-4', step: 'verified', carrier: 'RM', code: 'RM', told: 'BB123456785GB' },
        ...{ tracking: 'BB123456785GB', shippedAt: minutes(-20), verifiedAt: minutes(-19) },
      },
    ],
    withdrawals: [
      { order: 'JL-5', units: 2 },
      { order: 'JL-2', state: 'sent' },
    ],
    registered: ['RM', 'DPD', 'EVRI'],
    flows: ['despatch.collect main', 'despatch.confirm john-lewis'],
  });
  const cause = { connection: 'john-lewis', subjectKind: 'order', message: 'a test' } as const;
  await store.db.transaction().execute((trx) =>
    createExceptions(systemClock).raise(trx, [
      { ...cause, code: 'confirmation-refused', subjectId: 'JL-2' },
      { ...cause, code: 'withdrawal-proposed', subjectId: 'JL-5' },
    ]),
  );
}

type Row = [what: string, args: string[], code: number, said: RegExp[]];

async function check(args: readonly string[], code: number, said: readonly RegExp[]) {
  const outcome = await world.cli(...args);
  for (const pattern of said) expect(outcome.output + outcome.errors).toMatch(pattern);
  expect(outcome.code).toBe(code);
}

describe('packhorse despatch', () => {
  it.each<Row>([
    [
      'list: open ones by deadline, with carrier, number, step and times',
      ['list'],
      0,
      [
        /JL-2 +john-lewis +whole +ready +RM \(Royal Mail\) +AA123456785GB .* 4 +not a carrier\n/,
        /JL-1 .* waiting +a mapping of carrier DPD UK +DPD UK, not mapped/,
        /JL-2[\s\S]*JL-1[\s\S]*JL-3[\s\S]*JL-4/,
      ],
    ],
    ['list: what waits', ['list', '--waiting'], 0, [/^(?![\s\S]*JL-2)[\s\S]*JL-1[\s\S]*JL-3/]],
    ['list: what is late', ['list', '--late'], 0, [/^(?![\s\S]*JL-1)[\s\S]*JL-2/]],
    ['list: a step', ['list', '--step', 'verified'], 0, [/^(?![\s\S]*JL-2)[\s\S]*JL-4/]],
    ['list: a step that is none', ['list', '--step', 'x'], 2, [/Allowed choices are waiting, /]],
    [
      'list: two filters that exclude each other',
      ['list', '--waiting', '--step', 'ready'],
      2,
      [/exclude/],
    ],
    ['list: a channel that is unknown', ['list', '--channel', 'x'], 4, [/no channel x; there are/]],
    [
      'list: what is none of ours',
      ['list', '--unknown'],
      0,
      [/JL- +main +1 +1 .*JL-99 +like john-lewis/, /SHOP- .*no\n/, /1 order may be ours/],
    ],
    ['list: that has no step', ['list', '--unknown', '--late'], 2, [/stands alone/]],
    [
      'show: the report, what was told, the next step',
      ['show', 'JL-2'],
      0,
      [
        /units +3 in SHIPPING/,
        /D-2 +LAMP +1 +3 +Royal Mail +Next day +AA123456785GB/,
        /told +nothing yet/,
        /next +is told at \d{4}-/,
        /confirmation +.*the marketplace\)/,
        /JL-2-1 +1 +sent short by the warehouse +cancel +sent/,
      ],
    ],
    [
      'show: what it waits for, and when it is looked at',
      ['show', 'JL-1'],
      0,
      [
        /next +waits for a mapping of carrier DPD UK; the warehouse is asked again at \d{4}/,
        /looked up .*\(2 min ago\)/,
      ],
    ],
    [
      'show: one that is done',
      ['show', 'JL-4'],
      0,
      [/told +\d{4}.* with BB123456785GB/, /nothing: the marketplace shows it/],
    ],
    ['show: nothing left', ['show', 'JL-5'], 0, [/Nothing of it has left/, /despatch +.*\d{4}-/]],
    ['show: not there yet', ['show', 'JL-6'], 0, [/no sales order yet/]],
    ['show: an order that is unknown', ['show', 'X'], 4, [/no order X/]],
    ['retry: needs to know what', ['retry'], 2, [/name one order, or .* --all-waiting/]],
    ['retry: a doubt is for one', ['retry', '--all-waiting', '--as-it-is'], 2, [/for one order/]],
    ['retry: what is done', ['retry', 'JL-4'], 1, [/nothing of order JL-4 is left to tell/]],
    ['retry: what is nowhere', ['retry', 'JL-6'], 1, [/JL-6 is not in the warehouse yet/]],
    [
      'retry: no number to let pass',
      ['retry', 'JL-1', '--as-it-is'],
      1,
      [/nothing was changed: no parcel of JL-1 is held back/],
    ],
    [
      'withdraw: the proposals',
      ['withdraw'],
      0,
      [/^(?![\s\S]*JL-2)[\s\S]*JL-5 +john-lewis +JL-5-1 +2 +3 +6.66 /, /--approve or --dismiss/],
    ],
    ['withdraw: of an order', ['withdraw', 'JL-2'], 0, [/JL-2-1 +1 +3 .* sent/]],
    ['withdraw: not all at once', ['withdraw', '--approve'], 2, [/name the order to approve/]],
    ['withdraw: not both', ['withdraw', 'JL-5', '--approve', '--dismiss'], 2, [/either/]],
    [
      'withdraw: what was sent is sent',
      ['withdraw', 'JL-2', '--dismiss'],
      1,
      [/order JL-2 has nothing to dismiss: line JL-2-1 is sent/],
    ],
  ])('%s', async (_, args, code, said) => {
    await check(['despatch', ...args], code, said);
  });
});

describe('packhorse carriers', () => {
  it.each<Row>([
    [
      'list: registered carriers, and what was used and maps to nothing',
      ['list'],
      0,
      [
        /no mappings/,
        /DPD UK +Next day +2 .*nothing: map it; nearest: DPD \(DPD label\)/,
        /RM +Next day +1 .*RM \(the same name\)/,
        /3 registered carriers, read .*\n +CODE +LABEL[\s\S]*EVRI +EVRI label/,
      ],
    ],
    [
      'map: a code that is not registered',
      ['map', 'john-lewis', 'DPD UK', 'DPDUK'],
      4,
      [/nothing was changed: .*mapped to DPDUK, which is not registered.*nearest: DPD/],
    ],
    ['map: neither code nor name', ['map', 'john-lewis', 'DPD UK'], 2, [/registered code, or/]],
    [
      'map: a page that cannot be',
      ['map', 'john-lewis', 'Van', '--name', 'Our van', '--url', 'https://van.example.test/'],
      2,
      [/no page to track at/],
    ],
    [
      'map: a page of a registered carrier',
      ['map', 'john-lewis', 'DPD UK', 'DPD', '--url', 'https://x.example.test/{number}'],
      2,
      [/--url goes with --name/],
    ],
    [
      'unmap: what is not mapped',
      ['unmap', 'john-lewis', 'DPD UK'],
      4,
      [/no mapping of carrier DPD UK; there are: none/],
    ],
    [
      'check: what would be told',
      ['check', 'john-lewis', 'RM', 'AA123456785GB'],
      0,
      [/RM is told as RM/, /page +https:\/\/rm.example.test/, /it would be told/],
    ],
    [
      'check: an unmapped carrier',
      ['check', 'john-lewis', 'DPD UK', '15501234567890'],
      1,
      [/DPD UK is told as nothing: map it; nearest: DPD/, /it would wait/],
    ],
    [
      'check: a doubtful number',
      ['check', 'john-lewis', 'RM', 'LS1 4AP'],
      1,
      [/held back, the tracking number is a postcode/],
    ],
    [
      'check: a shape of the configuration',
      ['check', 'john-lewis', 'DPD UK', '1550123'],
      1,
      [/is not of the shape set for carrier DPD UK/],
    ],
  ])('%s', async (_, args, code, said) => {
    await check(['carriers', ...args], code, said);
  });

  it('maps a carrier, has its parcels planned again, and forgets it', async () => {
    const mapping = ['map', 'john-lewis', 'DPD UK', 'DPD'] as const;
    const dry = await world.json('carriers', ...mapping, '--dry-run');
    expect(dry.data).toMatchObject({ isDryRun: true, before: null, plannedAgain: [] });
    expect(await dueFlows()).toEqual([]);
    const mapped = await world.json('carriers', ...mapping);
    expect(mapped.data).toMatchObject({ plannedAgain: ['JL-1', 'JL-3'] });
    expect(await dueFlows()).toEqual(['despatch.collect']);
    const { output } = await world.cli('carriers', 'list');
    expect(output).toMatch(/DPD UK +any +DPD +\d{4}-.* by hand/);
    expect(output).toMatch(/DPD UK +Next day +2 .* DPD\n/);
    const again = await world.cli('carriers', 'map', 'john-lewis', 'DPD UK', 'EVRI');
    expect(again.output).toMatch(/mapped DPD UK to EVRI on channel john-lewis \(was DPD\)/);
    const url = 'https://van.example.test/{number}';
    const byName = ['--service', '2 man', '--name', 'Our van', '--url', url];
    await world.cli('carriers', 'map', 'john-lewis', 'DPD UK', ...byName);
    const van = ['check', 'john-lewis', 'DPD UK', '15501234567890', '--service', '2 man'];
    await check(['carriers', ...van], 0, [/Our van/, /van.example.test\/15501234567890/]);
    const gone = await world.cli('carriers', 'unmap', 'john-lewis', 'DPD UK');
    expect(gone.output).toMatch(/forgot DPD UK to EVRI/);
  });
});

describe('packhorse sla', () => {
  it.each<Row>([
    [
      'list: clocks by deadline with stage and what each waits for',
      ['list'],
      0,
      [
        /JL-2[\s\S]*JL-5[\s\S]*JL-1[\s\S]*JL-3[\s\S]*JL-6/,
        /JL-2 .*confirmation .* -\d+ min +missed +marketplace +the marketplace to show it/,
        /JL-5 .*despatch .* \d min +in-60 .*the warehouse to send it/,
        /JL-6 .*its way into the warehouse/,
        /5 deadlines, 1 over/,
      ],
    ],
    [
      'list: what is due soon',
      ['list', '--within', '20'],
      0,
      [/^(?![\s\S]*JL-3)[\s\S]*JL-2[\s\S]*JL-5/],
    ],
    ['list: no number', ['list', '--within', 'soon'], 2, [/whole number/]],
    ['list: a channel that is unknown', ['list', '--channel', 'x'], 4, [/no channel x/]],
    [
      'forecast: when, how late, and the pace behind it',
      ['forecast'],
      0,
      [
        /Warehouse main despatches 2\.0 orders an hour \(6 in the last 3 hours/,
        /JL-5 +john-lewis .* late\n/,
        /1 order in the warehouse, 1 expected late/,
        /1 order not there yet/,
      ],
    ],
  ])('%s', async (_, args, code, said) => {
    await check(['sla', ...args], code, said);
  });

  it('answers as data too', async () => {
    const { data } = await world.json('sla', 'forecast');
    expect(data).toMatchObject({
      warehouses: [{ warehouse: 'main', orders: 6, hours: 3, ordersPerHour: 2 }],
      ...{ queued: 1, late: 1, notInWarehouse: 1 },
      orders: [{ marketplaceOrderId: 'JL-5', isLate: true }],
    });
    const list = await world.json('sla', 'list', '--limit', '1');
    expect(list.data).toMatchObject({ count: 5, clocks: [{ stage: 'missed' }] });
  });
});

describe('by hand', () => {
  it('a retry is made due, with its exceptions, or says what it would', async () => {
    const dry = await world.json('despatch', 'retry', 'JL-2', '--dry-run');
    expect(dry.data).toMatchObject({ isDryRun: true, parcels: [{ step: 'ready', attempts: 4 }] });
    expect(await attemptsOf('JL-2')).toBe(4);
    await check(['despatch', 'retry', 'JL-2'], 0, [/1 parcel will be tried again/]);
    expect(await attemptsOf('JL-2')).toBe(0);
    expect(await stateOf('confirmation-refused')).toBe('retrying');
    const all = await world.json('despatch', 'retry', '--all-waiting');
    expect(all.data.parcels).toMatchObject([
      { marketplaceOrderId: 'JL-1' },
      { marketplaceOrderId: 'JL-3' },
    ]);
    expect(await dueFlows()).toEqual(['despatch.collect', 'despatch.confirm']);
  });

  it('retrying an exception tells the despatch again as well', async () => {
    const later = { due_at: minutes(60), attempts: 2 };
    await store.db
      .updateTable('confirmations')
      .set(later)
      .where('marketplace_order_id', '=', 'JL-2')
      .execute();
    await check(['exceptions', 'retry', '--code', 'confirmation-refused'], 0, [/1 exception is/]);
    expect(await attemptsOf('JL-2')).toBe(0);
  });

  it('a doubtful number may pass', async () => {
    await check(['despatch', 'retry', 'JL-3', '--as-it-is'], 0, [/LS1 4AP/]);
    await check(['despatch', 'show', 'JL-3'], 0, [/let pass +LS1 4AP/, /asked again at the next/]);
  });

  it('an order of which nothing left is asked about again', async () => {
    await check(['despatch', 'retry', 'JL-5'], 0, [/no despatch of it is known.* is asked again/]);
    await check(['despatch', 'show', 'JL-5'], 0, [/next look-up +at the next turn/]);
  });

  it('proposals are dismissed, and approved after all', async () => {
    const dry = await world.cli('despatch', 'withdraw', 'JL-5', '--approve', '--dry-run');
    expect(dry.output).toMatch(/1 withdrawal would be approved/);
    await check(['despatch', 'withdraw', 'JL-5', '--dismiss'], 0, [/1 withdrawal dismissed/]);
    expect(await stateOf('withdrawal-proposed')).toBe('resolved');
    await check(['despatch', 'withdraw'], 0, [/no proposals/]);
    await check(['despatch', 'withdraw', 'JL-5', '--approve'], 0, [/1 withdrawal approved/]);
    const { data } = await world.json('despatch', 'withdraw', 'JL-5');
    expect(data.withdrawals).toMatchObject([
      { state: 'approved', decidedBy: expect.stringMatching(/ by hand$/), amount: '6.66' },
    ]);
  });
});

async function dueFlows(): Promise<string[]> {
  const rows = await store.db.selectFrom('flows').select(['flow', 'next_due_at']).execute();
  const now = systemClock.now();
  return rows.flatMap((one) => (one.next_due_at <= now ? [one.flow] : [])).sort();
}

async function attemptsOf(order: string): Promise<number | undefined> {
  const row = await store.db
    .selectFrom('confirmations')
    .select('attempts')
    .where('marketplace_order_id', '=', order)
    .executeTakeFirst();
  return row?.attempts;
}

async function stateOf(code: string): Promise<string | undefined> {
  const row = await store.db
    .selectFrom('exceptions')
    .select('state')
    .where('code', '=', code)
    .executeTakeFirst();
  return row?.state;
}
