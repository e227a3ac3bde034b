/** Judge: what a channel shows beside what it was meant to show. Pure. */

/** What is known of a listing when its quantity was read. */
export type Seen = {
  /** As read. */
  shown: number;
  /** What it was last sent. */
  sent: number;
  /** What it may have shown before that; null: not known. */
  was: number | null;
  /** Units sold since it was sent, by orders that are known. */
  sold: number;
  /** Times it was sent or read back in vain. */
  attempts: number;
};

/** right: as meant, but for known sales. wait: fewer, as sales that are not known yet would make it. ignored: the
 *  channel took it and shows what it showed before. changed: somebody else wrote it. */
export type Judgement = 'right' | 'wait' | 'ignored' | 'changed';

/** Readings after which fewer units than sales explain are nobody's sale any more. */
const readingsToWait = 3;

/** Says what a reading means. Whether a channel takes sold units off its quantity is unconfirmed: both the sent
 *  figure and the sent figure less what was sold are right. */
export function judgeShown(seen: Seen): Judgement {
  const { shown, sent, was, sold, attempts } = seen;
  if (shown <= sent && shown >= sent - sold) return 'right';
  if (shown > sent) return was !== null && isWhatItWas(shown, was, sold) ? 'ignored' : 'changed';
  if (attempts < readingsToWait) return 'wait';
  return was !== null && isWhatItWas(shown, was, sold) ? 'ignored' : 'changed';
}

function isWhatItWas(shown: number, was: number, sold: number): boolean {
  return shown <= was && shown >= was - sold;
}
