import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createExceptions } from '../../src/exceptions/store.ts';
import { type OpenDatabase, openDatabase } from '../../src/runtime/db.ts';
import { refreshDemand } from '../../src/stock/demand-store.ts';
import { defaultRules } from '../../src/stock/rules.ts';
import { addSampleImport, addSampleStock } from '../sample-stock.ts';
import { type Cleanup, openWorld, type World } from './world.ts';

const readAt = new Date(systemClock.nowMs() - 90_000);
const minutesAgo = (minutes: number) => new Date(readAt.getTime() - minutes * 60_000);

let world: World;
let store: OpenDatabase;
const closers: Parameters<Cleanup>[0][] = [];

beforeAll(async () => {
  const cleanup: Cleanup = (act) => void closers.push(act);
  world = await openWorld(cleanup);
  await world.configure({ channel: { stock: { massZeroLeast: 2 } } });
  await world.cli('migrate');
  const url = world.environment['DATABASE_URL']!;
  store = openDatabase(url, { poolSize: 2, onError: () => {} });
  cleanup(() => store.close());
  await addStock();
  await addFlow('stock.publish', 'john-lewis');
  await addFlow('stock.reckon', 'main');
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** As the service would have left it. */
async function addStock(): Promise<void> {
  const { db } = store;
  const importId = await addSampleImport(db, {
    basisAt: minutesAgo(2),
    finishedAt: minutesAgo(1),
    lines: { LAMP: { quantity: 96, pool: 97, was: 90 }, MUG: { quantity: 3, pool: 4 } },
    refused: { MUG: 'unknown offer' },
  });
  await addSampleStock(db, {
    readAt,
    figures: { LAMP: { PrimarySite: 70, Annex: 30 }, MUG: 4, TEE: 200, SPARE: 9 },
    listings: [
      { shopSku: 'LAMP', wanted: 96, sent: 96, shown: 96, importId },
      { shopSku: 'MUG', wanted: 3, shown: 0, step: 'due', attempts: 1, lastError: 'unknown offer' },
      { shopSku: 'T-SHIRT', itemCode: 'TEE', wanted: 199, sent: 199, shown: 199 },
      { shopSku: 'GHOST', wanted: 0, shown: 0 },
    ],
    sales: [
      { id: 'O-1', shopSku: 'LAMP', units: 3, placedAt: minutesAgo(3_000) },
      {
        id: 'O-2',
        shopSku: 'TEE',
        units: 1,
        placedAt: minutesAgo(3_000),
        salesOrderNumber: 'O-2',
        status: 'New',
      },
    ],
  });
  await db
    .insertInto('stock_reads')
    .values({
      ...{ warehouse: 'main', kind: 'full', started_at: readAt, ended_at: readAt, note: null },
      ...{ row_count: 5, changed_count: 2, outcome: 'applied' },
    })
    .execute();
  await db.transaction().execute((trx) => refreshDemand(trx, 'main', readAt, false));
}

async function addFlow(flow: string, connection: string): Promise<void> {
  await store.db
    .insertInto('flows')
    .values({
      ...{ flow, connection, every_ms: 60_000, next_due_at: new Date(2100, 1), instance: null },
      ...{ job_id: null, started_at: null, finished_at: null, last_ok_at: readAt },
      ...{ last_error: null, paused_at: null, paused_why: null },
    })
    .execute();
}

async function rulesFile(name: string, text: string): Promise<string> {
  await writeFile(join(world.folder, name), text);
  return name;
}

type Row = [what: string, args: string[], code: number, said: RegExp[]];

describe('packhorse stock', () => {
  it.each<Row>([
    [
      'status: the truth and its age',
      ['status'],
      0,
      [/truth +fresh, [12] min old/, /Rule set 0 is in force \(built in\)/],
    ],
    [
      'status: reads and the last file',
      ['status'],
      0,
      [/full +applied +0 +5 +2/, /last import +1 by STO01 at .*: complete, 2 lines, 1 refused/],
    ],
    [
      'status: what is on the way',
      ['status'],
      0,
      [/mode +publish every 120 s/, /1 due, 0 sent, 0 taken/, /listings +4/],
    ],
    [
      'explain: available by site, promised by order',
      ['explain', 'LAMP'],
      0,
      [
        /LAMP: available 100, promised 3/,
        /Annex +30 +30/,
        /PrimarySite +70/,
        /O-1 +john-lewis +LAMP +3 +SHIPPING.* not in the warehouse yet/,
      ],
    ],
    [
      'explain: the sum',
      ['explain', 'LAMP'],
      0,
      [
        /LAMP available +100/,
        /- promised +3/,
        /= sellable +97/,
        /fixed buffer +1 +1 \(built in\)/,
        /= target +96 +all that is usable/,
      ],
    ],
    [
      'explain: what was sent and shown',
      ['explain', 'LAMP'],
      0,
      [/shown: 96, read/, /1 +96 .*STO01 ref-1 +complete +taken/, /step: quiet/],
    ],
    [
      'explain: what was refused',
      ['explain', 'MUG'],
      0,
      [/refused: unknown offer/, /to be sent from .*1 times in vain \(unknown offer\)/],
    ],
    [
      'explain: a shop SKU',
      ['explain', 'T-SHIRT'],
      0,
      [/^SKU T-SHIRT stands for ItemCode TEE of warehouse main/, /SKU T-SHIRT, ItemCode TEE/],
    ],
    [
      'explain: an item that is unknown',
      ['explain', 'LAMPS'],
      4,
      [/no ItemCode or SKU LAMPS .* did you mean LAMP\?/],
    ],
    [
      'explain: a channel that is unknown',
      ['explain', 'LAMP', '--channel', 'x'],
      4,
      [/no channel x; there are john-lewis/],
    ],
    [
      'diff: only what differs',
      ['diff'],
      0,
      [
        /2 differences/,
        /GHOST .*the warehouse has no such item/,
        /MUG +MUG +4 +3 +0 .*waits to be sent, sent in vain 1 times/,
        /1 item with stock that no channel lists/,
      ],
    ],
    [
      'diff: everything, and what is not listed',
      ['diff', '--all', '--unlisted'],
      0,
      [/4 listings/, /LAMP +LAMP +100 +3 +96 +96 +96/, /SPARE +9/],
    ],
    [
      'exposure: orders that never get stock',
      ['exposure'],
      0,
      [/no unit could have been sold twice/, /O-2 +john-lewis +O-2 +New/],
    ],
    [
      'push: needs to know what',
      ['push'],
      2,
      [/name items with --item, or every listing with --all/],
    ],
    [
      'push: an item that is not listed',
      ['push', '--item', 'SPARE'],
      4,
      [/nothing was changed: .*SPARE/],
    ],
    ['pause: a channel that is unknown', ['pause', 'x'], 4, [/no channel x/]],
    ['approve: nothing is held', ['approve', 'main'], 1, [/nothing of warehouse main is held/]],
    [
      'approve: a warehouse that is unknown',
      ['approve', 'x'],
      4,
      [/no warehouse x; there are main/],
    ],
    ['plan: a file that is not there', ['plan', 'none.yaml'], 4, [/none.yaml does not exist/]],
    ['rollback: nothing to go back to', ['rollback'], 1, [/nothing is before them/]],
    ['rollback: a set that never was', ['rollback', '--to', '9'], 4, [/no rule set 9/]],
  ])('%s', async (_, args, code, said) => {
    const outcome = await world.cli('stock', ...args);
    for (const pattern of said) expect(outcome.output + outcome.errors).toMatch(pattern);
    expect(outcome.code).toBe(code);
  });

  it('names every problem of a rules file with its line and key', async () => {
    const file = await rulesFile(
      'bad.yaml',
      'rules:\n  - match: {}\n    bufferUnits: -1\n  - match: { items: [12] }\n    bufer: 3\n',
    );
    const { code, errors } = await world.cli('stock', 'plan', file);
    expect(code).toBe(2);
    expect(errors).toMatch(/line 3: rules\[0\].bufferUnits: a whole number of units/);
    expect(errors).toMatch(/line 4: rules\[1\].match.items\[0\]: text; put quotes/);
    expect(errors).toMatch(/line 5: rules\[1\].bufer: an unknown key/);
    const broken = await rulesFile('broken.yaml', 'rules:\n  - match: {\n');
    expect(await world.cli('stock', 'plan', broken)).toMatchObject({ code: 2 });
  });

  it('pauses a channel, refuses to push to it, and resumes it', async () => {
    const paused = await world.cli('stock', 'pause', 'john-lewis', '--why', 'a test');
    expect(paused.output).toMatch(/channel john-lewis paused/);
    expect((await world.cli('stock', 'pause', 'john-lewis')).output).toMatch(
      /paused already: a test/,
    );
    expect((await world.cli('stock', 'status')).output).toMatch(/paused +since .*: a test/);
    const refused = await world.cli('stock', 'push', '--all');
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('stock resume') });
    expect((await world.cli('stock', 'resume', 'john-lewis')).output).toMatch(/resumed/);
    expect((await world.cli('stock', 'resume', 'john-lewis')).output).toMatch(/is not paused/);
  });

  it('pushes what is named, or says what it would', async () => {
    const dry = await world.cli('stock', 'push', '--all', '--dry-run');
    expect(dry.output).toMatch(/4 listings would be sent to channel john-lewis again/);
    expect(await stepOf('LAMP')).toBe('quiet');
    const { data } = await world.json('stock', 'push', '--item', 'LAMP', 'TEE');
    expect(data.channels).toMatchObject([
      { channel: 'john-lewis', count: 2, listings: [{ shopSku: 'LAMP' }, { shopSku: 'T-SHIRT' }] },
    ]);
    expect(await stepOf('LAMP')).toBe('due');
    expect((await world.cli('stock', 'explain', 'LAMP')).output).toMatch(/asked for by .* by hand/);
  });

  it('approves what is held', async () => {
    const message = 'many would go to zero';
    const held = { code: 'stock-mass-change', connection: 'john-lewis', message } as const;
    const subject = { subjectKind: 'channel', subjectId: 'john-lewis' };
    await store.db
      .transaction()
      .execute((trx) => createExceptions(systemClock).raise(trx, [{ ...held, ...subject }]));
    expect((await world.cli('stock', 'status')).output).toMatch(/held +many would go to zero/);
    const { output } = await world.cli('stock', 'approve', 'main');
    expect(output).toMatch(/john-lewis +many would go to zero/);
    expect(output).toMatch(/mass changes of warehouse main pass until \d{4}-/);
    expect((await world.cli('stock', 'status')).output).toMatch(
      /approved +mass changes pass until/,
    );
  });
});

async function stepOf(shopSku: string): Promise<string | undefined> {
  const row = await store.db
    .selectFrom('stock_listings')
    .select('step')
    .where('shop_sku', '=', shopSku)
    .executeTakeFirst();
  return row?.step;
}

describe('rules by hand', () => {
  const careful = 'rules:\n  - match: {}\n    bufferUnits: 5\n';
  const none = 'rules:\n  - match: {}\n    most: 0\n';

  it('are planned, applied and rolled back, each kept with who and why', async () => {
    const file = await rulesFile('rules.yaml', careful);
    const plan = await world.cli('stock', 'plan', file);
    // LAMP 96 to 92, MUG 3 to none, TEE 198 to 194; withheld 1 each before.
    expect(plan.output).toMatch(/^3 SKUs change, 1 to zero, 0 from zero; withheld units 3 -> 14\n/);
    expect(plan.output).toMatch(/john-lewis +MUG +MUG +3 +0 +-3/);
    const dry = await world.json('stock', 'apply', file, '--dry-run');
    expect(dry.data).toMatchObject({ isDryRun: true, ruleSet: null, plan: { changed: 3 } });
    const applied = await world.cli('stock', 'apply', file, '--note', 'peak');
    expect(applied.output).toMatch(/rule set 1 is in force/);
    expect((await world.cli('stock', 'apply', file)).errors).toMatch(
      /in force already, as rule set 1/,
    );
    expect((await world.cli('stock', 'explain', 'LAMP')).output).toMatch(
      /fixed buffer +5 +5 \(rule set 1, rules\[0\]\)[\s\S]*= target +92/,
    );
    const back = await world.json('stock', 'rollback');
    expect(back.data).toMatchObject({ ruleSet: 2, plan: { changed: 3, fromZero: 1 } });
    const { data } = await world.json('stock', 'rules', 'show');
    expect(data.ruleSet).toMatchObject({ id: 2, note: 'rolled back to 0', rules: defaultRules });
    await world.cli('stock', 'rollback', '--to', '1');
    const shown = await world.cli('stock', 'rules', 'history');
    expect(shown.output).toMatch(/3 +yes .* by hand +1 +2 +rolled back to 1/);
    expect(shown.output).toMatch(/1 +\d{4}.* by hand +1 +peak/);
    expect((await world.cli('stock', 'rules', 'show', '1')).output).toMatch(
      /^# rule set 1: .*peak\nrules:\n/,
    );
  });

  it('that empty a channel need a word more, which holds for the file as well', async () => {
    const file = await rulesFile('none.yaml', none);
    const refused = await world.cli('stock', 'apply', file);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toMatch(/2 SKUs change, 2 to zero/);
    expect(refused.errors).toMatch(
      /nothing was changed: 2 of 2 offers with stock on channel john-lewis would go to zero; add --yes/,
    );
    const { output } = await world.cli('stock', 'apply', file, '--yes');
    expect(output).toMatch(/rule set 4 is in force/);
    expect(output).toMatch(/mass changes of warehouse main pass until/);
  });

  it('come back as they were when what rules show prints is applied', async () => {
    const { output } = await world.cli('stock', 'rules', 'show', '1');
    const { data } = await world.json('stock', 'apply', await rulesFile('again.yaml', output));
    expect(data.ruleSet).toBe(5);
    const kept = await world.json('stock', 'rules', 'show');
    expect(kept.data.ruleSet.rules).toEqual({ rules: [{ match: {}, bufferUnits: 5 }] });
  });
});
