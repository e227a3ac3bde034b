/** The SLA clock: what has to be done by when, how near that is, and which orders will be late.
 *  Pure. */
import { addCalendarDays, addWorkingDays, type WorkingTime, workingClock } from './calendar.ts';

/** acceptance: the seller takes the order. despatch: it leaves the warehouse. confirmation: the
 *  marketplace knows that it did. */
export type Clock3 = 'acceptance' | 'despatch' | 'confirmation';

/** What the clocks of one order go by. */
export type SlaOrder = {
  createdAt: Date;
  /** When it may be despatched: it came into SHIPPING. Null while it may not. */
  payableAt: Date | null;
  /** The marketplace's own `shipping_deadline`; null where it gives none (yet). */
  shippingDeadline: Date | null;
  /** Until when the marketplace waits for acceptance, where that is known; Mirakl's API does not
   *  say. */
  acceptedBy?: Date | null | undefined;
  /** When it was accepted, where that is known. Being payable counts as accepted too. */
  acceptedAt?: Date | null | undefined;
  /** When the last of it left the warehouse; null while something is still there. */
  despatchedAt: Date | null;
  /** When the marketplace was seen to know; also set when somebody shipped it by hand in the back
   *  office. */
  confirmedAt: Date | null;
  /** The marketplace's lead time in calendar days (Mirakl's `leadtime_to_ship`, which is
   *  deprecated); used only where there is no `shippingDeadline`. */
  leadTimeDays: number | null;
};

/** What a channel's contract asks besides the marketplace's own deadlines. */
export type SlaRules = {
  working: WorkingTime;
  /** Working days from the one the order counts for to the one it leaves; 0: the same day. Null: no
   *  rule. */
  despatchWithinWorkingDays: number | null;
  /** From creation; hours of the clock, nights and holidays included. */
  acceptanceWindowHours: number;
  /** From despatch to confirmation. */
  confirmWithinMinutes: number;
};

/** `from` tells who asks for it: the marketplace itself, or the channel's rules. */
export type Deadline = { clock: Clock3; at: Date; from: 'marketplace' | 'rule' };

/** The clocks that run for an order, soonest first: at most one deadline each, the stricter of what
 *  the marketplace and what the channel's rules say (the marketplace's when they are the same).
 *  - acceptance runs until the order is accepted: from creation by the rule.
 *  - despatch runs from when it may be despatched until it left: by the rule until the end of a
 *    working day. A marketplace's deadline counts even before that. Without either there is none.
 *  - confirmation runs from despatch until confirmed. The marketplace's shipping deadline is one of
 *    it too: what it was not told, it takes for not shipped.
 *  Once confirmed nothing runs. Throws RangeError for rules or dates that make no sense. */
export function deadlinesOf(order: SlaOrder, rules: SlaRules): Deadline[] {
  if (order.confirmedAt) return [];
  const { despatchedAt, payableAt } = order;
  const running: (Deadline | null)[] = [];
  if (!order.acceptedAt && !payableAt && !despatchedAt) {
    const rule = later(order.createdAt, rules.acceptanceWindowHours * 3_600_000);
    running.push(stricter('acceptance', order.acceptedBy ?? null, rule));
  }
  if (despatchedAt) {
    const rule = later(despatchedAt, rules.confirmWithinMinutes * 60_000);
    running.push(stricter('confirmation', shippingDeadlineOf(order, rules), rule));
  } else {
    const days = rules.despatchWithinWorkingDays;
    const hasRule = days !== null && payableAt !== null;
    const rule = hasRule ? addWorkingDays(payableAt, days, rules.working) : null;
    running.push(stricter('despatch', shippingDeadlineOf(order, rules), rule));
  }
  return running
    .filter((one) => one !== null)
    .sort(
      (a, b) =>
        a.at.getTime() - b.at.getTime() || clocks.indexOf(a.clock) - clocks.indexOf(b.clock),
    );
}

/** The innermost stage before `deadline` that `now` has reached: `in-240` when 240 minutes or less
 *  are left and no smaller stage is reached, `missed` from the deadline itself on (there is no time
 *  left to act), whether or not 0 is among the stages. Null: none is reached. Stages below 0 count
 *  for nothing. */
export function stageOf(
  now: Date,
  deadline: Date,
  stagesMinutes: readonly number[],
): string | null {
  const leftMs = deadline.getTime() - now.getTime();
  if (leftMs <= 0) return 'missed';
  const reached = stagesMinutes.filter((minutes) => leftMs <= minutes * 60_000);
  return reached.length === 0 ? null : `in-${Math.min(...reached)}`;
}

/** `expectedAt`: when the marketplace will know of the despatch; null where that cannot be said (no
 *  pace is known, nothing is despatched, or it takes more than a year). */
export type Forecast = { id: string; expectedAt: Date | null; isLate: boolean };

/** Which of the open orders will be late, one answer per order of `queue`, in its order. The
 *  warehouse takes the queue as given, one order after the other at the measured pace, in working
 *  time only; an order asked for in the future is not despatched before, and does not keep the ones
 *  behind it waiting. Confirmation adds its usual lag and the delay of retries, which pass at night
 *  too. `isLate` is "expected after the deadline". Without a pace only what cannot be met at all is
 *  late; with a pace of 0 all that has a deadline is. Throws RangeError for a pace, lag or delay
 *  below 0 and for working time that makes no sense. */
export function forecast(given: {
  now: Date;
  queue: readonly { id: string; deadline: Date | null; requestedAt: Date }[];
  /** Orders the warehouse despatches in an hour of working time; null: not measured yet. */
  unitsPerHour: number | null;
  working: WorkingTime;
  confirmLagSeconds: number;
  retryDelaySeconds: number;
}): Forecast[] {
  const { now, queue, unitsPerHour: pace, working } = given;
  const lagMs = (given.confirmLagSeconds + given.retryDelaySeconds) * 1000;
  if (!(given.confirmLagSeconds >= 0 && given.retryDelaySeconds >= 0))
    throw new RangeError('a forecast needs a lag and a delay of 0 seconds or more');
  if (pace !== null && !(pace >= 0)) throw new RangeError(`not a pace: ${pace} orders per hour`);
  if (pace === null || pace === 0) {
    return queue.map(({ id, deadline }) => {
      const isOver = deadline !== null && deadline.getTime() < now.getTime() + lagMs;
      return { id, expectedAt: null, isLate: pace === 0 ? deadline !== null : isOver };
    });
  }
  const stepMs = 3_600_000 / pace;
  const advance = workingClock(now, working);
  return queue.map(({ id, deadline, requestedAt }) => {
    const turn = advance(stepMs);
    // Asked for later than now: it takes its own time from then on, and its turn if that is later.
    const isAhead = requestedAt.getTime() > now.getTime();
    const leaves = isAhead ? latest(turn, workingClock(requestedAt, working)(stepMs)) : turn;
    const expectedAt = leaves && later(leaves, lagMs);
    const isLate =
      deadline !== null && (expectedAt === null || expectedAt.getTime() > deadline.getTime());
    return { id, expectedAt, isLate };
  });
}

const clocks: readonly Clock3[] = ['acceptance', 'despatch', 'confirmation'];

function shippingDeadlineOf(order: SlaOrder, rules: SlaRules): Date | null {
  const { shippingDeadline, payableAt, leadTimeDays } = order;
  if (shippingDeadline || !payableAt || leadTimeDays === null) return shippingDeadline;
  return addCalendarDays(payableAt, leadTimeDays, rules.working.timeZone);
}

function stricter(clock: Clock3, marketplace: Date | null, rule: Date | null): Deadline | null {
  if (marketplace && (!rule || marketplace.getTime() <= rule.getTime()))
    return { clock, at: marketplace, from: 'marketplace' };
  return rule && { clock, at: rule, from: 'rule' };
}

function latest(a: Date | null, b: Date | null): Date | null {
  if (!a || !b) return null;
  return a.getTime() >= b.getTime() ? a : b;
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
