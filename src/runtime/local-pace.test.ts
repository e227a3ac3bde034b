import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { createLocalPace } from './local-pace.ts';

const lane = { name: 'calls', gapMs: 1_000, isExclusive: true };

function paced() {
  const clock = createManualClock();
  const pace = createLocalPace({ clock, laneOf: (word) => (word === 'free' ? null : lane) });
  const started: string[] = [];
  const take = async (word: string) => {
    const permit = await pace.take(word);
    started.push(word);
    return permit;
  };
  return { clock, pace, started, take };
}

describe('the pace within one process', () => {
  it('keeps the gap between two calls of a lane', async () => {
    const { clock, started, take } = paced();
    await (await take('first')).done();
    const second = take('second');
    await clock.asleep(1);
    expect(started).toEqual(['first']);
    clock.advance(1_000);
    await second;
    expect(started).toEqual(['first', 'second']);
  });

  it('lets nobody in while a call of an exclusive lane is in flight', async () => {
    const { clock, started, take } = paced();
    const first = await take('first');
    const second = take('second');
    await clock.asleep(1);
    clock.advance(5_000);
    await clock.asleep(1);
    expect(started).toEqual(['first']);
    await first.done();
    clock.advance(100);
    await second;
  });

  it('waits as long as the vendor wishes, and never without a ceiling', async () => {
    const { clock, pace, started, take } = paced();
    await pace.backOff('first', 30_000);
    const first = take('first');
    await take('free');
    await clock.asleep(1);
    expect(started).toEqual(['free']);
    clock.advance(30_000);
    await first;
  });
});
