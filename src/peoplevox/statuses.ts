/** Sales order statuses of Peoplevox. */

/** The four confirmed by sight; `other` is every name we do not know, for a person to look at. */
export type SalesOrderStatusWord = 'new' | 'allocated' | 'despatched' | 'cancelled' | 'other';

/** `text` is the name (or number) exactly as Peoplevox wrote it. */
export type SalesOrderStatus = { word: SalesOrderStatusWord; text: string };

const words: Readonly<Record<string, SalesOrderStatusWord>> = {
  new: 'new',
  allocated: 'allocated',
  despatched: 'despatched',
  cancelled: 'cancelled',
};

/** The status behind a name or number. Numbers are looked up in the tenant's setting, since what
 *  they mean is unconfirmed; an unknown one is `other`. Never throws. Source: reference sections 7
 *  and 10. */
export function salesOrderStatusOf(
  text: string,
  statusNumbers: Readonly<Record<string, string>>,
): SalesOrderStatus {
  const bare = text.trim();
  const name = Object.hasOwn(statusNumbers, bare) ? statusNumbers[bare]! : bare;
  const key = name.toLowerCase();
  return { word: Object.hasOwn(words, key) ? words[key]! : 'other', text };
}
