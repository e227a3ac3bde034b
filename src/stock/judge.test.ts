import { describe, expect, it } from 'vitest';
import { type Judgement, judgeShown, type Seen } from './judge.ts';

/** 40 were sent over 90; nothing was sold; first look. */
const plain: Seen = { shown: 40, sent: 40, was: 90, sold: 0, attempts: 0 };

describe('what a reading means', () => {
  it.each<{ rule: string; seen: Partial<Seen>; is: Judgement }>([
    { rule: 'the figure that was sent is right', seen: {}, is: 'right' },
    { rule: 'the channel took sold units off: right', seen: { shown: 37, sold: 3 }, is: 'right' },
    { rule: 'it took off some of them: right', seen: { shown: 38, sold: 3 }, is: 'right' },
    { rule: 'it takes nothing off: right', seen: { shown: 40, sold: 3 }, is: 'right' },
    { rule: 'fewer than known sales explain: wait', seen: { shown: 36, sold: 3 }, is: 'wait' },
    { rule: 'still fewer at the second look: wait', seen: { shown: 36, attempts: 2 }, is: 'wait' },
    {
      rule: 'fewer for too long: somebody did it',
      seen: { shown: 36, attempts: 3 },
      is: 'changed',
    },
    { rule: 'what it showed before: ignored', seen: { shown: 90 }, is: 'ignored' },
    {
      rule: 'what it showed before, less sales: ignored',
      seen: { shown: 88, sold: 2 },
      is: 'ignored',
    },
    { rule: 'more than it ever showed: changed', seen: { shown: 91 }, is: 'changed' },
    {
      rule: 'more than sent, less than before and no sale: changed',
      seen: { shown: 60 },
      is: 'changed',
    },
    {
      rule: 'more than sent and before is not known: changed',
      seen: { shown: 90, was: null },
      is: 'changed',
    },
    {
      rule: 'an increase that was ignored shows the lower figure: told apart only after the wait',
      seen: { shown: 10, was: 10, attempts: 3 },
      is: 'ignored',
    },
    { rule: 'an increase not shown yet: wait', seen: { shown: 10, was: 10 }, is: 'wait' },
    { rule: 'zero sent and zero shown: right', seen: { shown: 0, sent: 0 }, is: 'right' },
    { rule: 'zero sent, one shown: changed', seen: { shown: 1, sent: 0 }, is: 'changed' },
    { rule: 'sold out since: right', seen: { shown: 0, sold: 40 }, is: 'right' },
  ])('$rule', ({ seen, is }) => {
    expect(judgeShown({ ...plain, ...seen })).toBe(is);
  });

  it('never calls more than was sent right, whatever was sold', () => {
    for (let sold = 0; sold <= 60; sold += 5) {
      for (let attempts = 0; attempts < 6; attempts += 1)
        expect(judgeShown({ ...plain, shown: 41, sold, attempts })).not.toBe('right');
    }
  });
});
