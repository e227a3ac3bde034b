/** The sum behind a quantity as rows to print: each term, its units, where it comes from. Pure. */
import type { Figure, PartTerms } from '../stock/availability.ts';
import type { Explanation, ListingExplanation } from '../stock/explain.ts';
import type { RuleField } from '../stock/rules.ts';
import type { Cell } from './output.ts';

type Row = [term: string, units: Cell, from: string];
type Rule = ListingExplanation['target']['terms']['rule'];

/** Rows from the warehouse's figure down to the target, in the order in which they are worked out. */
export function sumOf(
  listing: Pick<ListingExplanation, 'target' | 'itemCode'>,
  item: Pick<Explanation, 'ruleSet'>,
): Row[] {
  const { quantity, terms } = listing.target;
  const { rule, parts, made } = terms;
  const source = (field: RuleField) => ruleText(rule, field, item.ruleSet.id);
  const rows: Row[] = parts.flatMap((part) => partRows(part, rule, source));
  if (parts.length > 1) rows.push(['  = makes', made, `as many as ${terms.limitedBy} allows`]);
  if (rule.most !== null) rows.push(['  most', rule.most, source('most')]);
  if (rule.cutOff > 0) rows.push(['  cut off at', rule.cutOff, source('cutOff')]);
  rows.push(['  = target', quantity, decisions[terms.decidedBy]]);
  return rows;
}

const decisions: Record<ListingExplanation['target']['terms']['decidedBy'], string> = {
  'no parts': 'the kit has no parts',
  'bad part': 'a part of the kit has no whole count',
  'no figure': 'the warehouse gives no figure of it, or of a part',
  pool: 'all that is usable',
  share: 'its share of a pool that is divided',
  standing: 'its share, as far as the other listings have come down',
  most: 'no more may be listed',
  'cut off': 'too few to list',
};

function partRows(part: PartTerms, rule: Rule, source: (field: RuleField) => string): Row[] {
  const { figure, division, itemCode, each } = part;
  if (figure === null) return [[`  ${itemCode}`, '', 'no figure']];
  const rows: Row[] = [
    [`  ${itemCode} available`, figure.available, 'the warehouse, all chosen sites'],
    ['  - promised', figure.promised, 'sold, and not in the figure yet'],
    ['  = sellable', figure.sellable, figure.available < figure.promised ? 'never below none' : ''],
  ];
  if (figure.decayStep > 0)
    rows.push(['  decayed to', figure.decayed, `the truth is old: step ${figure.decayStep}`]);
  rows.push(...bufferRows(figure, rule, source));
  rows.push(['  = usable', figure.usable, '']);
  if (division) {
    const { share, shares, listings, standingOthers, ceiling, quota } = division;
    const below = `fewer than ${rule.splitBelow} (${source('splitBelow')})`;
    rows.push(
      [
        '  its share',
        quota,
        `${share} of ${shares}, ${listings} listings (${source('share')}): ${below}`,
      ],
      ['  may rise to', ceiling, `the others show ${standingOthers} now`],
      ['  = may use', part.quota, 'the smaller of both'],
    );
  }
  if (each > 1) rows.push([`  / ${each}`, part.makes, `${each} in each`]);
  return rows;
}

function bufferRows(figure: Figure, rule: Rule, source: (field: RuleField) => string): Row[] {
  const percentUnits = figure.bufferFixed - rule.bufferUnits;
  const fixed = [`${rule.bufferUnits} (${source('bufferUnits')})`];
  if (rule.bufferPercent > 0)
    fixed.push(`${rule.bufferPercent} % = ${percentUnits} (${source('bufferPercent')})`);
  const rate = Math.round(figure.unitsPerHour * 100) / 100;
  const velocity =
    rule.serviceLevel === 0
      ? `off (${source('serviceLevel')})`
      : `${rate} sold an hour x ${figure.lagSeconds} s, covered ${rule.serviceLevel} (${source('serviceLevel')})`;
  return [
    ['    fixed buffer', figure.bufferFixed, fixed.join(' + ')],
    ['    for sales unheard of', figure.bufferVelocity, velocity],
    ['  - buffer', figure.buffer, 'the larger of both'],
  ];
}

function ruleText(rule: Rule, field: RuleField, ruleSet: number): string {
  const at = rule.from[field];
  if (at === null || ruleSet === 0) return 'built in';
  return `rule set ${ruleSet}, rules[${at}]`;
}
