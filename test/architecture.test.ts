/** The source polices itself: imports, the clock, chance, the environment, length, names. */
import { describe, expect, it } from 'vitest';
import { mayImport } from './import-table.ts';
import {
  clockIsHandedOn,
  environmentOnlyInConfig,
  importsByTheTable,
  longerFiles,
  longestFileLines,
  nameProblems,
  noChance,
  nothingLeftToDo,
  type Rule,
  shortFiles,
  shortFunctions,
  testNamesDiffer,
  timeFromTheClock,
} from './source-rules.ts';
import { listFiles, parseSource, readSources } from './source-tree.ts';

describe('the source', () => {
  const sources = readSources();

  it.each([
    { name: 'imports only what the table allows', rule: importsByTheTable },
    { name: 'reads the environment in src/config.ts only', rule: environmentOnlyInConfig },
    { name: 'takes the time from the clock it is handed', rule: timeFromTheClock },
    { name: "chooses the machine's clock only where it is put together", rule: clockIsHandedOn },
    { name: 'leaves nothing to chance without a seed', rule: noChance },
    { name: 'has functions that fit a screen', rule: shortFunctions },
    { name: 'has files of a length that can be read', rule: shortFiles },
    { name: 'has no work left in comments', rule: nothingLeftToDo },
    { name: 'has no two tests of one name in a file', rule: testNamesDiffer },
  ])('$name', ({ rule }) => {
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.flatMap(rule)).toEqual([]);
  });

  it('has names in kebab-case, no vague folder and no barrel', () => {
    expect(listFiles().flatMap(nameProblems)).toEqual([]);
  });

  it('excuses from the length only files that are long, each with a reason', () => {
    for (const [path, reason] of Object.entries(longerFiles)) {
      const file = sources.find((source) => source.path === path);
      expect(file?.text.split('\n').length, path).toBeGreaterThan(longestFileLines);
      expect(reason.length, path).toBeGreaterThan(20);
    }
  });
});

describe('the import table', () => {
  const allowed: [from: string, to: string][] = [
    ['src/main.ts', 'src/mirakl/client.ts'],
    ['src/mirakl/client.ts', 'src/mirakl/json.ts'],
    ['src/mirakl/client.ts', 'src/errors.ts'],
    ['src/exceptions/store.ts', 'src/runtime/db.ts'],
    ['src/orders/intake.ts', 'src/mirakl/orders.ts'],
    ['src/orders/intake.ts', 'src/exceptions/codes.ts'],
    ['src/despatch/confirm.ts', 'src/orders/store.ts'],
    ['src/settlements/match.ts', 'src/returns/store.ts'],
    ['src/audit/skus.ts', 'src/stock/store.ts'],
    ['src/cli/main.ts', 'src/main.ts'],
    ['src/config.ts', 'src/errors.ts'],
    ['src/money.test.ts', 'src/money.ts'],
    ['src/orders/store.test.ts', 'test/database.ts'],
    ['rehearsal/day.ts', 'simulators/world.ts'],
    ['rehearsal/day.ts', 'src/main.ts'],
    ['bench/stock.ts', 'src/stock/delta.ts'],
  ];
  const refused: [from: string, to: string][] = [
    ['src/money.ts', 'src/errors.ts'],
    ['src/mirakl/client.ts', 'src/peoplevox/csv.ts'],
    ['src/mirakl/client.ts', 'src/orders/store.ts'],
    ['src/runtime/runs.ts', 'src/exceptions/store.ts'],
    ['src/exceptions/store.ts', 'src/runtime/pace.ts'],
    ['src/orders/intake.ts', 'src/exceptions/store.ts'],
    ['src/orders/intake.ts', 'src/returns/store.ts'],
    ['src/stock/flow.ts', 'src/despatch/store.ts'],
    ['src/despatch/confirm.ts', 'src/orders/state.ts'],
    ['src/api/server.ts', 'src/mirakl/client.ts'],
    ['src/api/server.ts', 'src/main.ts'],
    ['src/cli/main.ts', 'src/peoplevox/client.ts'],
    ['simulators/world.ts', 'src/money.ts'],
    ['simulators/mirakl/api.test.ts', 'src/mirakl/client.ts'],
    ['rehearsal/day.ts', 'src/orders/store.ts'],
    ['src/runtime/db.ts', 'test/database.ts'],
  ];
  it.each(allowed)('lets %s import %s', (from, to) => {
    expect(mayImport(from, to, false)).toBe(true);
  });
  it.each(refused)('keeps %s from importing %s', (from, to) => {
    expect(mayImport(from, to, false)).toBe(false);
  });
  it("gives the console the API's types and nothing that runs", () => {
    expect(mayImport('console/orders/page.ts', 'src/api/orders.ts', true)).toBe(true);
    expect(mayImport('console/orders/page.ts', 'src/api/orders.ts', false)).toBe(false);
  });
});

describe('a rule', () => {
  const long = (lines: number) => '\n'.repeat(lines - 1);
  const rows: { name: string; rule: Rule; path?: string; bad: string; good: string }[] = [
    {
      name: 'sees an import statement',
      rule: importsByTheTable,
      bad: "import { a } from '../peoplevox/csv.ts';",
      good: "import { a } from '../money.ts';",
    },
    {
      name: 'sees a re-export',
      rule: importsByTheTable,
      bad: "export { a } from '../orders/store.ts';",
      good: "export { a } from './json.ts';",
    },
    {
      name: 'sees a dynamic import',
      rule: importsByTheTable,
      bad: "await import('../orders/store.ts');",
      good: "await import('./json.ts');",
    },
    {
      name: 'sees an import of a type',
      rule: importsByTheTable,
      bad: "type A = import('../orders/store.ts').A;",
      good: "type A = import('./json.ts').A;",
    },
    {
      name: 'sees an import whose name is put together',
      rule: importsByTheTable,
      bad: 'await import(name);',
      good: "await import('pg');",
    },
    {
      name: 'sees process.env however it is read',
      rule: environmentOnlyInConfig,
      bad: "process.env.A; process['env']; const { env } = process; globalThis.process.env;",
      good: "context.env; const { env } = tool; // process.env\n'process.env';",
    },
    {
      name: 'sees env imported from node:process',
      rule: environmentOnlyInConfig,
      bad: "import { env } from 'node:process';",
      good: "import { argv } from 'node:process';",
    },
    {
      name: 'sees the current time, not a given one',
      rule: timeFromTheClock,
      bad: 'Date.now(); new Date(); Date(); performance.now(); process.hrtime.bigint();',
      good: "new Date(ms); Date.parse(text); clock.now(); // Date.now()\n'new Date()';",
    },
    {
      name: "sees the machine's clock chosen",
      rule: clockIsHandedOn,
      bad: "import { systemClock } from '../clock.ts';",
      good: "import type { Clock } from '../clock.ts';",
    },
    {
      name: 'sees Math.random',
      rule: noChance,
      bad: "Math.random(); Math['random']();",
      good: 'dice.random(); Math.round(1.5);',
    },
    {
      name: 'measures a declared function',
      rule: shortFunctions,
      bad: `function a() {${long(71)}}`,
      good: `function a() {${long(70)}}`,
    },
    {
      name: 'measures a method by itself, not by its class',
      rule: shortFunctions,
      bad: `class A { b() {${long(71)}} }`,
      good: `class A { b() {${long(60)}} c() {${long(60)}} }`,
    },
    {
      name: 'measures an arrow function inside a call, not its neighbours',
      rule: shortFunctions,
      bad: `run(() => {${long(71)}});`,
      good: `run(() => {${long(60)}}, () => {${long(60)}});`,
    },
    {
      name: 'measures a function inside a test, not the test',
      rule: shortFunctions,
      bad: `it('x', () => { const a = () => {${long(71)}}; });`,
      good: `describe.runIf(b)('y', () => {${long(99)}}); it.each([1])('x', () => {${long(99)}});`,
    },
    {
      name: 'measures a file without its last line break',
      rule: shortFiles,
      bad: `a;${long(401)}a;\n`,
      good: `a;${long(400)}a;\n`,
    },
    {
      name: 'sees work left in a comment, not in a name',
      rule: nothingLeftToDo,
      bad: `// ${'TO'}DO later`,
      good: `const ${'TO'}DO = '${'TO'}DO';`,
    },
    {
      name: 'sees two tests of one name, not of one name in two describes',
      rule: testNamesDiffer,
      bad: "it('a', () => {}); test(`a`, () => {});",
      good: "describe('b', () => { it('a', f); }); describe('c', () => { it('a', f); });",
    },
  ];
  it.each(rows)('$name', ({ rule, path = 'src/mirakl/client.ts', bad, good }) => {
    expect(rule(parseSource(path, bad))).not.toEqual([]);
    expect(rule(parseSource(path, good))).toEqual([]);
  });

  it('counts every reading of the environment', () => {
    const text = "process.env.A; process['env']; const { env } = process;";
    expect(environmentOnlyInConfig(parseSource('src/log.ts', text))).toHaveLength(3);
  });

  it.each([
    ['src/utils/dates.ts', 'is in a folder called utils'],
    ['src/orders/index.ts', 'is a barrel'],
    ['src/orders/fromMirakl.ts', 'is not in kebab-case'],
    ['docs/adr/0001_storage.md', 'is not in kebab-case'],
  ])('refuses the name %s', (path, problem) => {
    expect(nameProblems(path).join()).toContain(problem);
  });

  it.each(['src/orders/from-mirakl.test.ts', 'migrations/000001-jobs.sql', 'simulators/README.md'])(
    'accepts the name %s',
    (path) => {
      expect(nameProblems(path)).toEqual([]);
    },
  );
});
