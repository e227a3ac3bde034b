/** The user's stock rules: their shape, and which of them hold for one listing on one day. Pure. */
import { z } from 'zod';

/** Which listings a rule is for. Every key given must hold; within a list one entry is enough.
 *  No key at all: every listing, every day. */
export type Match = {
  /** Channel ids. */
  channels?: string[];
  /** ItemCodes of the listing itself (of the kit, not of its components). Case counts. */
  items?: string[];
  /** Item groups of the warehouse; an item without a group is in none. */
  groups?: string[];
  /** An item with at least one of these tags. */
  tags?: string[];
  /** First day, YYYY-MM-DD, in the time zone of the business. */
  from?: string;
  /** Last day, included. */
  until?: string;
};

/** One rule. A number that is not given is left as an earlier rule set it. */
export type Rule = {
  match: Match;
  /** Units withheld. */
  bufferUnits?: number;
  /** Percent (0 to 100) of the pool withheld besides, rounded up to whole units. */
  bufferPercent?: number;
  /** Chance (0.5 to 0.99999) that the sales of one sync lag fit into the buffer; 0: no such buffer. */
  serviceLevel?: number;
  /** Never list more units than this; null: no limit (lifts one that an earlier rule set). */
  most?: number | null;
  /** List 0 when the result would be at most this many units. */
  cutOff?: number;
  /** Pools with fewer usable units are divided between their listings; 0: never divided. */
  splitBelow?: number;
  /** Weight (0 to 100) of the listing when a pool is divided; 0: it gets nothing then. */
  share?: number;
};

/** Rules in the order of the file; a later one overrides an earlier one number by number. */
export type RuleSet = { rules: Rule[] };

/** The numbers a rule can set. */
export type RuleField = Exclude<keyof Rule, 'match'>;

/** What holds for one listing on one day. `from`: index in `rules` of the rule that set each number;
 *  null: no rule did and the default of `defaultRules` holds. Shared between listings: never write to it. */
export type EffectiveRule = {
  readonly bufferUnits: number;
  readonly bufferPercent: number;
  readonly serviceLevel: number;
  readonly most: number | null;
  readonly cutOff: number;
  readonly splitBelow: number;
  readonly share: number;
  readonly from: Readonly<Record<RuleField, number | null>>;
};

/** What the rules need to know of a listing. */
export type RuleSubject = {
  channel: string;
  itemCode: string;
  group: string | null;
  tags: readonly string[];
  /** Today, YYYY-MM-DD, in the time zone of the business. */
  on: string;
};

const wholeUnits = 'a whole number of units, 0 to 1,000,000';
const units = z.int(wholeUnits).min(0, wholeUnits).max(1_000_000, wholeUnits);
const name = z.string('text; put quotes around a code that is only digits').min(1);
/** An empty list would match nothing, or everything: nobody could tell which was meant. */
const names = z.array(name).min(1, 'at least one entry, or leave the key out');
const day = z.iso.date('a day as YYYY-MM-DD');

const matchShape = z
  .strictObject({
    channels: names.exactOptional().describe('Channel ids.'),
    items: names.exactOptional().describe('ItemCodes of the listing; case counts.'),
    groups: names.exactOptional().describe('Item groups of the warehouse.'),
    tags: names.exactOptional().describe('Tags; one of them is enough.'),
    from: day.exactOptional().describe('First day the rule holds.'),
    until: day.exactOptional().describe('Last day the rule holds, included.'),
  })
  .refine((match) => !match.from || !match.until || match.from <= match.until, {
    path: ['until'],
    message: 'until is before from',
  })
  .describe('Which listings and days the rule is for; {} is all of them.');

const fieldShapes = {
  bufferUnits: units.exactOptional().describe('Units withheld.'),
  bufferPercent: z
    .number()
    .min(0)
    .max(100)
    .exactOptional()
    .describe('Percent of the pool withheld besides, rounded up.'),
  serviceLevel: z
    .number()
    .refine((level) => level === 0 || (level >= 0.5 && level <= 0.99999), '0, or 0.5 to 0.99999')
    .exactOptional()
    .describe('Chance that the sales of one sync lag fit into the buffer; 0: no such buffer.'),
  most: units.nullable().exactOptional().describe('Never list more; null: no limit.'),
  cutOff: units.exactOptional().describe('List 0 when at most this many units would be listed.'),
  splitBelow: units
    .exactOptional()
    .describe('Pools smaller than this are divided between their listings; 0: never.'),
  share: z.number().min(0).max(100).exactOptional().describe('Weight when a pool is divided.'),
} satisfies Record<RuleField, z.ZodType>;

const fields = Object.keys(fieldShapes) as RuleField[];

/** The shape of a rule set, as read from the user's YAML file or from storage. Unknown keys are refused;
 *  every complaint carries the path of its key. */
export const ruleSetShape: z.ZodType<RuleSet> = z.strictObject({
  rules: z
    .array(
      z
        .strictObject({ match: matchShape, ...fieldShapes })
        .refine((rule) => fields.some((field) => rule[field] !== undefined), {
          message: `the rule sets nothing; give at least one of ${fields.join(', ')}`,
        }),
    )
    .max(100_000)
    .describe('Later rules override earlier ones, number by number.'),
});

const defaults: Required<Omit<Rule, 'match'>> = {
  bufferUnits: 1,
  bufferPercent: 0,
  serviceLevel: 0.999,
  most: null,
  cutOff: 0,
  splitBelow: 100,
  share: 1,
};

/** What holds before anybody writes a rule; its numbers also hold where no rule of a set says otherwise. */
export const defaultRules: RuleSet = { rules: [{ match: {}, ...defaults }] };

/** A rule set made ready for many look-ups; see `compileRules`. */
export type CompiledRules = {
  readonly rules: readonly CompiledRule[];
  /** Where to look for rules, by the narrowest list each of them has. Indexes ascend. */
  readonly byItem: ReadonlyMap<string, number[]>;
  readonly byGroup: ReadonlyMap<string, number[]>;
  readonly byTag: ReadonlyMap<string, number[]>;
  readonly other: readonly number[];
  /** Results by the rules that made them, so that a million listings share a few objects. */
  readonly made: Map<string, EffectiveRule>;
};

type CompiledRule = {
  rule: Rule;
  channels: ReadonlySet<string> | null;
  items: ReadonlySet<string> | null;
  groups: ReadonlySet<string> | null;
  tags: ReadonlySet<string> | null;
};

/** Most results kept by one compiled set. Too small: more garbage. Too large: a set of very many rules
 *  that hold in ever new combinations fills the memory. */
const mostKept = 10_000;

/** What holds for one listing. Each number is that of the last rule that matches and sets it. Over a
 *  compiled set the cost is that of the matching rules; a plain set is compiled first. Throws: nothing. */
export function effectiveRule(set: RuleSet | CompiledRules, item: RuleSubject): EffectiveRule {
  const compiled = 'byItem' in set ? set : compileRules(set);
  const matching = candidates(compiled, item).filter((at) => holds(compiled.rules[at]!, item));
  const key = matching.join();
  let made = compiled.made.get(key);
  if (made === undefined) {
    made = overlay(compiled.rules, matching);
    if (compiled.made.size >= mostKept) compiled.made.clear();
    compiled.made.set(key, made);
  }
  return made;
}

/** Indexes a rule set. The result belongs to this set as it is now: compile again after a change. */
export function compileRules(set: RuleSet): CompiledRules {
  const byItem = new Map<string, number[]>();
  const byGroup = new Map<string, number[]>();
  const byTag = new Map<string, number[]>();
  const other: number[] = [];
  for (const [at, { match }] of set.rules.entries()) {
    if (match.items) file(byItem, match.items, at);
    else if (match.groups) file(byGroup, match.groups, at);
    else if (match.tags) file(byTag, match.tags, at);
    else other.push(at);
  }
  const rules = set.rules.map((rule) => ({
    rule,
    channels: setOf(rule.match.channels),
    items: setOf(rule.match.items),
    groups: setOf(rule.match.groups),
    tags: setOf(rule.match.tags),
  }));
  return { rules, byItem, byGroup, byTag, other, made: new Map() };
}

/** Which dated rules hold on a day, as text that is the same as long as the same ones do; '' for none.
 *  When it changes, every listing has to be worked out again. */
export function activeDatedRules(set: RuleSet, on: string): string {
  const active: number[] = [];
  for (const [at, { match }] of set.rules.entries()) {
    if ((match.from || match.until) && isOn(match, on)) active.push(at);
  }
  return active.join();
}

function file(index: Map<string, number[]>, names: readonly string[], at: number): void {
  for (const name of new Set(names)) {
    const known = index.get(name);
    if (known) known.push(at);
    else index.set(name, [at]);
  }
}

function setOf(names: readonly string[] | undefined): ReadonlySet<string> | null {
  return names ? new Set(names) : null;
}

/** Indexes, ascending and each once, of every rule that could match. */
function candidates(set: CompiledRules, item: RuleSubject): number[] {
  const found = [...set.other, ...(set.byItem.get(item.itemCode) ?? [])];
  if (item.group !== null) found.push(...(set.byGroup.get(item.group) ?? []));
  for (const tag of item.tags) found.push(...(set.byTag.get(tag) ?? []));
  return [...new Set(found)].sort((a, b) => a - b);
}

function holds({ rule, channels, items, groups, tags }: CompiledRule, item: RuleSubject): boolean {
  if (channels && !channels.has(item.channel)) return false;
  if (items && !items.has(item.itemCode)) return false;
  if (groups && (item.group === null || !groups.has(item.group))) return false;
  if (tags && !item.tags.some((tag) => tags.has(tag))) return false;
  return isOn(rule.match, item.on);
}

/** Days as YYYY-MM-DD compare as text. */
function isOn({ from, until }: Match, on: string): boolean {
  return (from === undefined || from <= on) && (until === undefined || on <= until);
}

function overlay(rules: readonly CompiledRule[], matching: readonly number[]): EffectiveRule {
  const made = { ...defaults, from: { ...setByNoRule } };
  for (const at of matching) {
    const { match: _, ...given } = rules[at]!.rule;
    Object.assign(made, given);
    for (const field of Object.keys(given) as RuleField[]) made.from[field] = at;
  }
  return made;
}

const setByNoRule: Record<RuleField, number | null> = {
  bufferUnits: null,
  bufferPercent: null,
  serviceLevel: null,
  most: null,
  cutOff: null,
  splitBelow: null,
  share: null,
};
