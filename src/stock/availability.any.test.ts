import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outlet, type Pool, type Target, targetsOf } from './availability.ts';
import { type EffectiveRule, effectiveRule } from './rules.ts';

type World = { pools: Pool[]; outlets: Outlet[] };

const codes = ['A', 'B', 'C'];
const facts = { lagSeconds: 300, decay: { percentPerStep: 30, thinUnits: 3 } };
const runs = { numRuns: 3000 };
const base = effectiveRule(
  { rules: [] },
  { channel: 'jl', itemCode: 'A', group: null, tags: [], on: '2026-11-27' },
);

const anyRule: fc.Arbitrary<EffectiveRule> = fc
  .record({
    bufferUnits: fc.nat(4),
    bufferPercent: fc.constantFrom(0, 0, 10, 33.3, 100),
    serviceLevel: fc.constantFrom(0, 0.9, 0.999),
    most: fc.constantFrom(null, null, 1, 7),
    cutOff: fc.constantFrom(0, 0, 2),
    splitBelow: fc.constantFrom(0, 10, 100, 100),
    share: fc.constantFrom(1, 1, 2, 0.3, 0),
  })
  .map((numbers) => ({ ...base, ...numbers }));

const anyPool = fc.record({
  available: fc.oneof(fc.integer({ min: -5, max: 12 }), fc.nat(150)),
  promised: fc.nat(5),
  unitsPerHour: fc.constantFrom(0, 0, 3, 40),
  decayStep: fc.constantFrom(0, 0, 0, 1, 3),
});

/** Up to three pools and eight listings of them, some of them kits, some with a part nobody stocks. */
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    pools: fc.array(anyPool, { minLength: 1, maxLength: 3 }),
    outlets: fc.array(
      fc.record({
        parts: fc.array(
          fc.record({ itemCode: fc.constantFrom(...codes), each: fc.integer({ min: 1, max: 4 }) }),
          { minLength: 1, maxLength: 3 },
        ),
        rule: anyRule,
        standing: fc.nat(12),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    oneRule: fc.boolean(),
  })
  .map(({ pools, outlets, oneRule }) => ({
    pools: pools.map((pool, at) => ({ itemCode: codes[at]!, ...pool })),
    outlets: outlets.map((outlet, at) => ({
      ...outlet,
      ...{ key: `k${at}`, channel: `c${at % 2}`, itemCode: `I${at}` },
      rule: oneRule ? outlets[0]!.rule : outlet.rule,
    })),
  }));

function targets({ pools, outlets }: World): Target[] {
  const byCode = new Map(pools.map((pool) => [pool.itemCode, pool]));
  return targetsOf(byCode, outlets, new Set(outlets.map(({ key }) => key)), facts);
}

/** No listing shows more in `less` than in `more`. */
function expectAtMost(less: World, more: World): void {
  const upper = targets(more);
  for (const [at, { key, quantity }] of targets(less).entries()) {
    expect(quantity, `${key} of ${JSON.stringify(less)}`).toBeLessThanOrEqual(upper[at]!.quantity);
  }
}

/** The world with its first pool changed. */
function withPool(world: World, change: (pool: Pool) => Partial<Pool>): World {
  const [first, ...others] = world.pools;
  return { ...world, pools: [{ ...first!, ...change(first!) }, ...others] };
}

describe('any pools and listings', () => {
  it('show whole units, never below 0 and never above what the parts allow', () => {
    const check = (world: World) => {
      for (const { key, quantity } of targets(world)) {
        expect(Number.isInteger(quantity) && quantity >= 0).toBe(true);
        const { parts, rule } = world.outlets.find((outlet) => outlet.key === key)!;
        if (rule.most !== null) expect(quantity).toBeLessThanOrEqual(rule.most);
        for (const code of codes) {
          const mine = parts.filter(({ itemCode }) => itemCode === code);
          const each = mine.reduce((sum, part) => sum + part.each, 0);
          const pool = world.pools.find(({ itemCode }) => itemCode === code);
          const sellable = pool ? Math.max(0, pool.available - pool.promised) : 0;
          expect(quantity * each).toBeLessThanOrEqual(each === 0 ? 0 : sellable);
        }
      }
    };
    fc.assert(fc.property(anyWorld, check), runs);
  });

  it('never show less when a pool grows', () => {
    fc.assert(
      fc.property(anyWorld, fc.integer({ min: 1, max: 30 }), (world, units) => {
        expectAtMost(
          world,
          withPool(world, ({ available }) => ({ available: available + units })),
        );
      }),
      runs,
    );
  });

  it('never show more when more is promised, sold per hour, or older', () => {
    const worse = fc.record({
      promised: fc.nat(9),
      unitsPerHour: fc.constantFrom(0, 5, 60),
      decayStep: fc.nat(2),
    });
    fc.assert(
      fc.property(anyWorld, worse, (world, more) => {
        const changed = withPool(world, (pool) => ({
          promised: pool.promised + more.promised,
          unitsPerHour: pool.unitsPerHour + more.unitsPerHour,
          decayStep: pool.decayStep + more.decayStep,
        }));
        expectAtMost(changed, world);
      }),
      runs,
    );
  });

  it('never show more when the buffer of one or of all of them grows', () => {
    const larger = fc.record({ units: fc.nat(5), percent: fc.nat(40), all: fc.boolean() });
    fc.assert(
      fc.property(anyWorld, larger, (world, more) => {
        const outlets = world.outlets.map((outlet, at) => {
          if (!more.all && at > 0) return outlet;
          const bufferUnits = outlet.rule.bufferUnits + more.units;
          const bufferPercent = Math.min(100, outlet.rule.bufferPercent + more.percent);
          return { ...outlet, rule: { ...outlet.rule, bufferUnits, bufferPercent } };
        });
        const [before, after] = [targets(world), targets({ ...world, outlets })];
        for (const [at, { quantity }] of after.entries()) {
          if (!more.all && at > 0) break;
          expect(quantity).toBeLessThanOrEqual(before[at]!.quantity);
        }
      }),
      runs,
    );
  });

  it('never divide more than is usable, nor more than was shown while some still show too much', () => {
    const check = (world: World, arrived: readonly boolean[]) => {
      const found = targets(world);
      for (const { itemCode } of world.pools) {
        let [usable, promised, shown, onTheWay] = [0, 0, 0, 0];
        for (const [at, { quantity, terms }] of found.entries()) {
          const part = terms.parts.find((one) => one.itemCode === itemCode);
          if (!part) continue;
          usable = Math.max(usable, part.figure!.usable);
          if (!part.division) continue;
          const standing = terms.standing * part.each;
          promised += quantity * part.each;
          shown += standing;
          onTheWay += arrived[at] ? quantity * part.each : standing;
        }
        expect(promised).toBeLessThanOrEqual(usable);
        expect(onTheWay).toBeLessThanOrEqual(Math.max(usable, shown));
      }
    };
    const anyArrived = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
    fc.assert(fc.property(anyWorld, anyArrived, check), runs);
  });

  it('reach the same numbers in a few rounds, whatever they showed before', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        let outlets = world.outlets;
        const round = () => {
          const shown = new Map(targets({ ...world, outlets }).map((t) => [t.key, t.quantity]));
          outlets = outlets.map((outlet) => ({ ...outlet, standing: shown.get(outlet.key)! }));
        };
        round();
        round();
        const settled = JSON.stringify(outlets);
        round();
        expect(JSON.stringify(outlets)).toBe(settled);
      }),
      runs,
    );
  });

  it('give the same in whatever order they are listed', () => {
    const shuffled = anyWorld.chain((world) =>
      fc
        .tuple(
          fc.shuffledSubarray(world.pools, { minLength: world.pools.length }),
          fc.shuffledSubarray(world.outlets, { minLength: world.outlets.length }),
        )
        .map(([pools, outlets]) => ({ world, other: { pools, outlets } })),
    );
    fc.assert(
      fc.property(shuffled, ({ world, other }) => {
        expect(targets(other)).toEqual(targets(world));
      }),
      runs,
    );
  });
});
