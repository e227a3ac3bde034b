/** SQL on rule sets: every one there ever was, with who and when; one is in force. */
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import { defaultRules, type RuleSet, ruleSetShape } from './rules.ts';

export type KeptRules = {
  /** 0: the built-in rules, before anybody wrote any. */
  id: number;
  madeAt: Date | null;
  madeBy: string;
  note: string;
  rules: RuleSet;
  isInForce: boolean;
  previousId: number | null;
};

const builtIn: KeptRules = {
  id: 0,
  madeAt: null,
  madeBy: 'packhorse',
  note: 'built in',
  rules: defaultRules,
  isInForce: true,
  previousId: null,
};

/** The rule set in force. */
export async function readRules(db: Db | Trx): Promise<KeptRules> {
  const [kept] = await selectRules(db).where('is_in_force', '=', true).execute();
  return kept ? keptOf(kept) : builtIn;
}

/** One rule set by its number, or null. 0 is the built-in one. */
export async function readRuleSet(db: Db | Trx, id: number): Promise<KeptRules | null> {
  if (id === 0) return { ...builtIn, isInForce: (await readRules(db)).id === 0 };
  const [kept] = await selectRules(db).where('id', '=', id).execute();
  return kept ? keptOf(kept) : null;
}

/** All rule sets, the newest first. */
export async function listRuleSets(db: Db, limit: number): Promise<KeptRules[]> {
  const rows = await selectRules(db).orderBy('id', 'desc').limit(limit).execute();
  return rows.map(keptOf);
}

/** Puts a rule set in force and keeps it. Returns its number. The stock flow works everything out anew. */
export async function saveRules(
  trx: Trx,
  given: { rules: RuleSet; by: string; note: string; at: Date },
): Promise<number> {
  const before = await trx
    .updateTable('stock_rule_sets')
    .set({ is_in_force: false })
    .where('is_in_force', '=', true)
    .returning('id')
    .executeTakeFirst();
  const { id } = await trx
    .insertInto('stock_rule_sets')
    .values({
      made_at: given.at,
      made_by: given.by,
      note: given.note,
      body: jsonText(given.rules),
      is_in_force: true,
      previous_id: before?.id ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

function selectRules(db: Db | Trx) {
  return db
    .selectFrom('stock_rule_sets')
    .select(['id', 'made_at', 'made_by', 'note', 'body', 'is_in_force', 'previous_id']);
}

function keptOf(row: {
  id: number;
  made_at: Date;
  made_by: string;
  note: string;
  body: unknown;
  is_in_force: boolean;
  previous_id: number | null;
}): KeptRules {
  return {
    id: row.id,
    madeAt: row.made_at,
    madeBy: row.made_by,
    note: row.note,
    rules: ruleSetShape.parse(row.body),
    isInForce: row.is_in_force,
    previousId: row.previous_id,
  };
}
