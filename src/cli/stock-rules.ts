/** `packhorse stock rules|plan|apply|rollback`: the rules that numbers are worked out by, and what another set
 *  would change. */
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { approveMassChange, putInForce } from '../stock/by-hand.ts';
import { massZeroChannels, type Plan, planRules } from '../stock/plan.ts';
import { type KeptRules, listRuleSets, readRuleSet, readRules } from '../stock/rule-store.ts';
import type { RuleSet } from '../stock/rules.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import { counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { readRulesFile } from './stock-rules-file.ts';
import { atOneMoment, channelsFilledBy } from './stock-scope.ts';

type PlanOptions = Globals & { all?: boolean };
type ApplyOptions = PlanOptions & { note?: string; yes?: boolean };

/** Adds `stock rules`, `plan`, `apply` and `rollback`. */
export function addStockRules(stock: Command): void {
  const rules = stock.command('rules').description('rule sets: the one in force, and earlier ones');
  rules
    .command('show')
    .description('the rule set in force as a file to change, or an earlier one')
    .argument('[number]', 'its number; 0 is built in', ruleSetNumber)
    .action(async (id: number | undefined, _options, command: Command) => {
      await showRules(id, command.optsWithGlobals<Globals>());
    });
  rules
    .command('history')
    .description('every rule set there was: who, when, why')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (_options, command: Command) => {
      await history(command.optsWithGlobals<Globals & { limit: number }>());
    });
  stock
    .command('plan')
    .description('what a file of rules would change; changes nothing')
    .argument('<file>', 'rules as YAML; stock rules show prints those in force')
    .option('--all', 'every change, not only the largest')
    .action(async (file: string, _options, command: Command) => {
      await plan(file, command.optsWithGlobals<PlanOptions>());
    });
  stock
    .command('apply')
    .description('put a file of rules in force')
    .argument('<file>', 'rules as YAML')
    .option('--note <text>', 'why; kept with it')
    .option('--yes', 'also when so many offers go to zero that it would be held')
    .option('--all', 'print every change, not only the largest')
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ApplyOptions>();
      const given = await readRulesFile(file);
      await withStore(options, async (store) => {
        await change(store, options, { rules: given, note: options.note ?? `from ${file}` });
      });
    });
  stock
    .command('rollback')
    .description('put the rule set before the present one in force again, or any earlier one')
    .option('--to <number>', 'its number; 0 is built in', ruleSetNumber)
    .option('--yes', 'also when so many offers go to zero that it would be held')
    .action(async (_options, command: Command) => {
      await rollBack(command.optsWithGlobals<ApplyOptions & { to?: number }>());
    });
}

function ruleSetNumber(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

async function showRules(id: number | undefined, options: Globals): Promise<void> {
  await withStore(options, async (store) => {
    const kept = id === undefined ? await readRules(store.db) : await ruleSetOf(store, id);
    show(options, { ruleSet: kept }, () => {
      print(`# ${titleOf(kept)}`);
      print(stringify(kept.rules).trimEnd());
    });
  });
}

async function ruleSetOf(store: Store, id: number): Promise<KeptRules> {
  const found = await readRuleSet(store.db, id);
  if (found) return found;
  throw new Failure('notFound', `no rule set ${id}; packhorse stock rules history lists them`);
}

function titleOf(kept: KeptRules): string {
  const state = kept.isInForce ? ', in force' : '';
  if (kept.id === 0) return `rule set 0${state}: built in`;
  return `rule set ${kept.id}${state}: ${ukTime(kept.madeAt)} by ${kept.madeBy}: ${kept.note}`;
}

async function history(options: Globals & { limit: number }): Promise<void> {
  await withStore(options, async (store) => {
    const sets = await listRuleSets(store.db, options.limit);
    const builtIn = await readRuleSet(store.db, 0);
    // One that was left out by --limit is older than all that are shown, as the built-in one is.
    const all = sets.length < options.limit && builtIn ? [...sets, builtIn] : sets;
    const data = all.map(({ rules, ...one }) => ({ ...one, rules: rules.rules.length }));
    show(options, { ruleSets: data }, () => {
      const rows = data.map((one) => [
        one.id,
        one.isInForce ? 'yes' : '',
        ukTime(one.madeAt),
        one.madeBy,
        one.rules,
        one.previousId,
        one.note,
      ]);
      const headings = ['number', 'in force', 'made (UK)', 'by', 'rules', 'after', 'note'];
      print(tableOf(headings, rows));
    });
  });
}

async function plan(file: string, options: PlanOptions): Promise<void> {
  const rules = await readRulesFile(file);
  await withStore(options, async (store) => {
    const planned = await planFor(store, rules, options);
    show(options, planned, () => printPlan(store, planned));
  });
}

function planFor(store: Store, rules: RuleSet, options: PlanOptions): Promise<Plan> {
  const { warehouses, channels } = store.settings;
  const given = { rules, warehouses, channels, now: store.clock.now() };
  return atOneMoment(store, (db) => planRules(db, { ...given, isAll: Boolean(options.all) }));
}

async function rollBack(options: ApplyOptions & { to?: number }): Promise<void> {
  await withStore(options, async (store) => {
    const present = await readRules(store.db);
    if (options.to === undefined && present.id === 0) {
      throw new Failure('failed', 'the built-in rules are in force; nothing is before them');
    }
    const to = await ruleSetOf(store, options.to ?? present.previousId ?? 0);
    if (to.id === present.id) throw new Failure('failed', `rule set ${to.id} is in force already`);
    await change(store, options, { rules: to.rules, note: `rolled back to ${to.id}` });
  });
}

/** Plans and, unless it is a dry run or a person has to confirm it first, puts the rules in force. */
async function change(
  store: Store,
  options: ApplyOptions,
  given: { rules: RuleSet; note: string },
): Promise<void> {
  const present = await readRules(store.db);
  if (isDeepStrictEqual(present.rules, given.rules)) {
    throw new Failure('failed', `these rules are in force already, as rule set ${present.id}`);
  }
  const planned = await planFor(store, given.rules, options);
  const mass = massZeroChannels(planned, store.settings.channels);
  if (mass.length > 0 && !options.yes && !options.dryRun) {
    if (!options.json) printPlan(store, planned);
    const facts = mass.map(
      (one) => `${one.toZero} of ${one.stocked} offers with stock on channel ${one.channel}`,
    );
    throw new Failure(
      'failed',
      `nothing was changed: ${facts.join(' and ')} would go to zero; add --yes if that is meant`,
    );
  }
  const kept = options.dryRun ? null : await keep(store, planned, { ...given, mass });
  const data = { isDryRun: Boolean(options.dryRun), ruleSet: kept?.id ?? null, plan: planned };
  show(options, data, () => {
    printPlan(store, planned);
    if (kept === null) return print('nothing was changed');
    print(`rule set ${kept.id} is in force; a running service sends the changes within minutes`);
    for (const one of kept.approved) {
      print(`mass changes of warehouse ${one.warehouse} pass until ${ukTime(one.until)} (UK time)`);
    }
  });
}

type Approval = { warehouse: string; until: Date };

async function keep(
  store: Store,
  planned: Plan,
  given: { rules: RuleSet; note: string; mass: Plan['channels'] },
): Promise<{ id: number; approved: Approval[] }> {
  const { warehouses } = store.settings;
  const massive = new Set(given.mass.map((one) => one.channel));
  return store.db.transaction().execute(async (trx) => {
    const id = await putInForce(trx, store.clock, {
      rules: given.rules,
      note: given.note,
      who: store.who,
      planned: planned.from,
      warehouses: warehouses.map((one) => one.id),
    });
    if (id === null) {
      throw new Failure(
        'failed',
        'nothing was changed: somebody else changed the rules; plan anew',
      );
    }
    // Whoever confirmed that so many offers go to zero is not asked again when the file is made.
    const approved: Approval[] = [];
    for (const { id: warehouse } of warehouses) {
      const channels = channelsFilledBy(store, warehouse).map((one) => one.id);
      if (!channels.some((one) => massive.has(one))) continue;
      const until = await approveMassChange(trx, store.clock, { warehouse, channels });
      approved.push({ warehouse, until });
    }
    return { id, approved };
  });
}

function printPlan(store: Store, planned: Plan): void {
  const { changed, toZero, fromZero, withheld, changes } = planned;
  print(
    `${counted(changed, 'SKU')} ${changed === 1 ? 'changes' : 'change'}, ${toZero} to zero, ${fromZero} from zero; withheld units ${thousands(withheld.before)} -> ${thousands(withheld.after)}`,
  );
  if (store.settings.channels.length > 1) {
    const rows = planned.channels.map((one) => [
      one.channel,
      one.listings,
      one.stocked,
      one.changed,
      one.toZero,
      one.fromZero,
    ]);
    const headings = ['channel', 'SKUs', 'with stock', 'change', 'to zero', 'from zero'];
    print(tableOf(headings, rows));
  }
  if (changes.length === 0) return;
  const rows = changes.map((one) => [
    one.channel,
    one.shopSku,
    one.itemCode,
    one.before,
    one.after,
    one.after > one.before ? `+${one.after - one.before}` : `${one.after - one.before}`,
  ]);
  print(tableOf(['channel', 'shop SKU', 'ItemCode', 'now', 'then', 'change'], rows));
  if (changes.length < changed) print(`(the largest ${changes.length}; --all shows every one)`);
}

/** `1,350` for 1350. */
function thousands(units: number): string {
  return units.toLocaleString('en-GB');
}
