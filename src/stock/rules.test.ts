import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activeDatedRules,
  compileRules,
  defaultRules,
  effectiveRule,
  type Rule,
  type RuleSubject,
  ruleSetShape,
} from './rules.ts';

function subject(given: Partial<RuleSubject> = {}): RuleSubject {
  return {
    channel: 'jl',
    itemCode: 'A',
    group: 'Toys',
    tags: ['peak'],
    on: '2026-11-27',
    ...given,
  };
}

describe('ruleSetShape', () => {
  it('takes the default rules and their JSON', () => {
    expect(ruleSetShape.parse(JSON.parse(JSON.stringify(defaultRules)))).toEqual(defaultRules);
  });

  const complaints: [string, object, string, RegExp][] = [
    ['an unknown key', { match: {}, bufferUnit: 1, share: 1 }, 'rules.0', /"bufferUnit"/],
    ['an unknown key of match', { match: { sku: ['A'] }, share: 1 }, 'rules.0.match', /"sku"/],
    ['a missing match', { share: 1 }, 'rules.0.match', /object/],
    ['a rule that sets nothing', { match: {} }, 'rules.0', /sets nothing/],
    ['an empty list', { match: { items: [] }, share: 1 }, 'rules.0.match.items', /at least one/],
    [
      'a code that YAML took for a number',
      { match: { items: [123] }, share: 1 },
      'rules.0.match.items.0',
      /quotes/,
    ],
    [
      'a day that does not exist',
      { match: { from: '2026-02-30' }, share: 1 },
      'rules.0.match.from',
      /YYYY-MM-DD/,
    ],
    [
      'an end before the start',
      { match: { from: '2026-12-02', until: '2026-12-01' }, share: 1 },
      'rules.0.match.until',
      /before/,
    ],
    ['a negative buffer', { match: {}, bufferUnits: -1 }, 'rules.0.bufferUnits', /0 to/],
    ['half a unit', { match: {}, most: 1.5 }, 'rules.0.most', /whole number/],
    ['more than all', { match: {}, bufferPercent: 101 }, 'rules.0.bufferPercent', /<=100/],
    ['a level below a half', { match: {}, serviceLevel: 0.4 }, 'rules.0.serviceLevel', /0\.5/],
    ['certainty', { match: {}, serviceLevel: 1 }, 'rules.0.serviceLevel', /0\.99999/],
  ];
  it.each(complaints)('refuses %s and names the key', (_, rule, path, message) => {
    const { error } = ruleSetShape.safeParse({ rules: [rule] });
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
    expect(error?.issues[0]?.message).toMatch(message);
  });

  it.each([
    ['no limit', { match: {}, most: null }],
    ['the velocity buffer off', { match: {}, serviceLevel: 0 }],
    ['one day', { match: { from: '2026-12-01', until: '2026-12-01' }, share: 0 }],
  ])('takes %s', (_, rule) => {
    expect(ruleSetShape.safeParse({ rules: [rule] }).success).toBe(true);
  });
});

describe('effectiveRule', () => {
  it('is the default where no rule says otherwise, and says so', () => {
    const { from, ...numbers } = effectiveRule({ rules: [] }, subject());
    const { match: _, ...defaults } = defaultRules.rules[0]!;
    expect(numbers).toEqual(defaults);
    expect(new Set(Object.values(from))).toEqual(new Set([null]));
  });

  it('lets later rules override number by number', () => {
    const rules: Rule[] = [
      { match: {}, bufferUnits: 2, most: 10 },
      { match: { groups: ['Toys'] }, bufferUnits: 4, share: 3 },
      { match: { items: ['A'] }, most: null },
    ];
    expect(effectiveRule({ rules }, subject())).toMatchObject({
      ...{ bufferUnits: 4, most: null, share: 3, cutOff: 0 },
      from: { bufferUnits: 1, most: 2, share: 1, cutOff: null, serviceLevel: null },
    });
    expect(effectiveRule({ rules: rules.slice(0, 2) }, subject()).most).toBe(10);
  });

  const matches: [string, Rule['match'], Partial<RuleSubject>, boolean][] = [
    ['everything by an empty match', {}, {}, true],
    ['its channel', { channels: ['other', 'jl'] }, {}, true],
    ['no other channel', { channels: ['other'] }, {}, false],
    ['its item', { items: ['B', 'A'] }, {}, true],
    ['an item only in the same case', { items: ['a'] }, {}, false],
    ['its group', { groups: ['Toys'] }, {}, true],
    ['no group for an item without', { groups: ['Toys'] }, { group: null }, false],
    ['one of its tags', { tags: ['x', 'peak'] }, { tags: ['y', 'peak'] }, true],
    ['no tag for an item without', { tags: ['peak'] }, { tags: [] }, false],
    ['only when every key holds', { items: ['A'], channels: ['other'] }, {}, false],
    ['only when every key holds, group too', { items: ['A'], groups: ['Books'] }, {}, false],
    ['from the first day on', { from: '2026-11-27' }, {}, true],
    ['not before the first day', { from: '2026-11-28' }, {}, false],
    ['to the last day, included', { until: '2026-11-27' }, {}, true],
    ['not after the last day', { until: '2026-11-26' }, {}, false],
  ];
  it.each(matches)('matches %s', (_, match, given, isMatch) => {
    const rule = effectiveRule({ rules: [{ match, cutOff: 7 }] }, subject(given));
    expect(rule.cutOff).toBe(isMatch ? 7 : 0);
  });

  it('gives every listing what reading the rules one by one gives', () => {
    const some = (names: string[]) =>
      fc.subarray(names, { minLength: 1 }).map((list) => [...list, ...list]);
    const optional = { requiredKeys: [] };
    const anyRule: fc.Arbitrary<Rule> = fc
      .tuple(
        fc.record(
          {
            channels: some(['jl', 'x']),
            items: some(['A', 'B']),
            groups: some(['G', 'H']),
            tags: some(['s', 't']),
            from: fc.constantFrom('2026-01-01', '2026-01-03'),
            until: fc.constantFrom('2026-01-02', '2026-01-04'),
          },
          optional,
        ),
        fc.record({ bufferUnits: fc.nat(9), most: fc.constantFrom(null, 5) }, optional),
      )
      .map(([match, numbers]) => ({ match, ...numbers }));
    const anySubject = fc.record({
      channel: fc.constantFrom('jl', 'x', 'y'),
      itemCode: fc.constantFrom('A', 'B', 'C'),
      group: fc.constantFrom('G', 'H', null),
      tags: fc.subarray(['s', 't', 'u']),
      on: fc.constantFrom('2026-01-01', '2026-01-02', '2026-01-03', '2026-01-05'),
    });
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 8 }), fc.array(anySubject), (rules, subjects) => {
        const compiled = compileRules({ rules });
        for (const item of subjects) {
          let [bufferUnits, most, from]: [number, number | null, number | null] = [1, null, null];
          for (const [at, { match: m, ...numbers }] of rules.entries()) {
            if (m.channels && !m.channels.includes(item.channel)) continue;
            if (m.items && !m.items.includes(item.itemCode)) continue;
            if (m.groups && !m.groups.includes(item.group ?? '')) continue;
            if (m.tags && !m.tags.some((tag) => item.tags.includes(tag))) continue;
            if ((m.from ?? item.on) > item.on || (m.until ?? item.on) < item.on) continue;
            if (numbers.most !== undefined) most = numbers.most;
            if (numbers.bufferUnits !== undefined) [bufferUnits, from] = [numbers.bufferUnits, at];
          }
          const rule = effectiveRule(compiled, item);
          expect([rule.bufferUnits, rule.most, rule.from.bufferUnits]).toEqual([
            bufferUnits,
            most,
            from,
          ]);
        }
      }),
    );
  });

  it('shares one object between listings that the same rules hold for', () => {
    const compiled = compileRules({ rules: [{ match: { items: ['A'] }, share: 2 }] });
    const [b, c] = ['B', 'C'].map((itemCode) => effectiveRule(compiled, subject({ itemCode })));
    expect(b).toBe(c);
    expect(effectiveRule(compiled, subject())).not.toBe(b);
  });
});

describe('activeDatedRules', () => {
  const set = {
    rules: [
      { match: {}, share: 1 },
      { match: { from: '2026-11-20', until: '2026-11-30' }, share: 2 },
      { match: { from: '2026-11-27' }, share: 3 },
    ],
  };
  it.each([
    ['none before the first', '2026-11-19', ''],
    ['one', '2026-11-20', '1'],
    ['both', '2026-11-27', '1,2'],
    ['both on the last day of one', '2026-11-30', '1,2'],
    ['the open one for good', '2027-06-01', '2'],
  ])('%s', (_, on, active) => {
    expect(activeDatedRules(set, on)).toBe(active);
  });
});
