/** What Peoplevox calls back with: the parameters we subscribe with, and how the call is read. Calls
 *  carry no signature, may be lost, doubled or late, and may not be URL-encoded, so what is read here
 *  is a hint what to read again, never a fact. Pure. Source: reference section 15. */

/** One call. `values` by parameter name, in the reading thought most likely. */
export type Callback = {
  kind:
    | 'availability'
    | 'incremental'
    | 'orderStatus'
    | 'tracking'
    | 'goodsReceived'
    | 'returns'
    | 'other';
  values: Record<string, string>;
};

/** What a call says. `alternatives`: what else a value may mean, only for those that have other
 *  readings: the text before decoding, `+` as a blank, the parts of a list. A look-up takes all of
 *  them. `unresolved`: placeholders that came literally; their parameters have no value. */
export type CallbackReading = {
  values: Record<string, string>;
  unresolved: string[];
  alternatives: Record<string, string[]>;
};

/** Parameters of each kind in the order sent: name and placeholder. No personal data is asked for.
 *  Returns have none: no placeholder of theirs is known. */
export const callbackParams = {
  availability: [
    ['sku', '{ItemCode}'],
    ['qty', '{Available}'],
  ],
  incremental: [
    ['sku', '{ItemType.ItemCode}'],
    ['change', '{QuantityChanged}'],
    ['reason', '{Reason}'],
    ['at', '{UpdateTimestamp}'],
  ],
  orderStatus: [
    ['order', '{SalesOrderNumber}'],
    // Spelt so by Peoplevox.
    ['status', '{SalesOrderStatu.Name}'],
    ['at', '{LastModificationTime}'],
  ],
  tracking: [
    ['order', '{Picks.SalesOrder.SalesOrderNumber}'],
    ['despatch', '{DespatchNumber}'],
    ['tracking', '{TrackingNumber}'],
    ['carrier', '{Carrier.Number}'],
    ['service', '{ServiceType.Code}'],
  ],
  goodsReceived: [
    ['sku', '{Consignments.ConsignmentItemTypes.ItemType.ItemCode}'],
    ['qty', '{Consignments.ConsignmentItemTypes.Quantity}'],
    ['reference', '{Reference}'],
    ['goodsin', '{GoodsInId}'],
    ['at', '{ReconciledDateTime}'],
  ],
  returns: [],
  other: [],
} as const satisfies Record<
  Callback['kind'],
  readonly (readonly [name: string, placeholder: string])[]
>;

/** The query or form text to subscribe with, such as `sku={ItemCode}&qty={Available}`; empty for kinds
 *  without parameters. */
export function callbackQuery(kind: Callback['kind']): string {
  return callbackParams[kind].map(([name, placeholder]) => `${name}=${placeholder}`).join('&');
}

/** What a call says; never throws. `rawQuery` with or without its question mark, `body` the form
 *  text of a POST, both undecoded; what the body lacks is taken from the query. Values are parted at
 *  the names we subscribed with, in their order, so one may hold `&`, `=`, `/` or blanks
 *  (`sku=TEE/4 & CO&qty=4`); kinds without parameters are parted at every `&`. Percent escapes
 *  are decoded where they are valid UTF-8, the others stay. `+` stays `+`: item codes hold it, and
 *  only some encoders write blanks so; the reading with blanks is an alternative. */
export function readCallback(given: {
  kind: Callback['kind'];
  method: string;
  rawQuery: string;
  body: string;
}): CallbackReading {
  const names = callbackParams[given.kind].map(([name]) => name);
  const split = (text: string) => (names.length > 0 ? byNames(text, names) : byMarks(text));
  const raw = split(given.rawQuery.replace(/^\?/, ''));
  if (given.method.toUpperCase() !== 'GET')
    for (const [name, value] of split(given.body.trim())) raw.set(name, value);
  const lists = new Set<string>(
    callbackParams[given.kind].filter(([, path]) => isList(path)).map(([name]) => name),
  );
  const values = new Map<string, string>();
  const alternatives = new Map<string, string[]>();
  const unresolved: string[] = [];
  for (const [name, text] of raw) {
    const value = decode(text);
    if (isPlaceholder(value)) {
      unresolved.push(value.trim());
      continue;
    }
    values.set(name, value);
    const others = otherReadings(text, value, lists.has(name));
    if (others.length > 0) alternatives.set(name, others);
  }
  // fromEntries defines every name as its own, `__proto__` included.
  return {
    values: Object.fromEntries(values),
    unresolved,
    alternatives: Object.fromEntries(alternatives),
  };
}

/** Most parameters read of a text that says itself what they are. */
const maxParams = 50;

/** Taken from the end, each name at its last occurrence before the next, so what an earlier value
 *  holds of them stays in it; a text in another order than ours is cut at all names it has. */
function byNames(text: string, names: readonly string[]): Map<string, string> {
  const ordered: [string, string][] = [];
  let end = text.length;
  for (const name of names.toReversed()) {
    const at = lastMark(text, name, end);
    if (at === null) continue;
    ordered.unshift([name, text.slice(at + name.length + 1, end)]);
    end = Math.max(0, at - 1);
  }
  const present = names.filter((name) => lastMark(text, name, text.length) !== null);
  if (ordered.length === present.length) return new Map(ordered);
  const marks = present
    .map((name) => ({ name, at: lastMark(text, name, text.length)! }))
    .toSorted((a, b) => a.at - b.at);
  const cut = marks.map(({ name, at }, index): [string, string] => {
    const next = marks[index + 1];
    return [name, text.slice(at + name.length + 1, next ? next.at - 1 : text.length)];
  });
  return new Map(cut);
}

/** Where `name=` begins last in the text before `end`, at its start or behind an `&`. */
function lastMark(text: string, name: string, end: number): number | null {
  const before = text.slice(0, end);
  const at = before.lastIndexOf(`&${name}=`);
  if (at >= 0) return at + 1;
  return before.startsWith(`${name}=`) ? 0 : null;
}

function byMarks(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split('&', maxParams)) {
    const at = part.indexOf('=');
    if (at > 0) found.set(decode(part.slice(0, at)), part.slice(at + 1));
  }
  return found;
}

/** Percent escapes to text, run by run; a run that is no UTF-8 or hides a control character
 *  stays. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      const plain = decodeURIComponent(run);
      return /\p{Cc}/u.test(plain) ? run : plain;
    } catch {
      return run;
    }
  });
}

function otherReadings(raw: string, value: string, mayBeList: boolean): string[] {
  const readings = [raw, decode(raw.replaceAll('+', ' '))];
  // How Peoplevox joins several values is unconfirmed.
  if (mayBeList) readings.push(...value.split(/[,;|]/).map((part) => part.trim()));
  return [...new Set(readings)].filter((reading) => reading !== value && reading.trim() !== '');
}

/** A path through a collection may give several values. */
function isList(path: string): boolean {
  return path.startsWith('{Picks.') || path.startsWith('{Consignments.');
}

function isPlaceholder(value: string): boolean {
  return /^\s*\{[A-Za-z][\w.]{0,200}\}\s*$/.test(value);
}
