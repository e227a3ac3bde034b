/** Amounts of money as exact decimals. Nothing here is ever a binary floating-point number. */

/** An amount as decimal text exactly as a vendor wrote it, such as `15.64`, `-3` or `12.345`. */
export type DecimalText = string & { readonly __brand: 'DecimalText' };

const decimalShape = /^-?\d{1,15}(\.\d{1,9})?$/;

/** Accepts plain decimal text of at most 15 digits before and 9 after the point.
 *  Exponents (`1e3`) that JSON allows are written out. Throws RangeError naming the text. */
export function toDecimal(text: string): DecimalText {
  const plain = /[eE]/.test(text) ? withoutExponent(text) : text;
  if (!decimalShape.test(plain))
    throw new RangeError(`not an amount of money: ${text.slice(0, 40)}`);
  return plain as DecimalText;
}

/** Whole pence when the amount has no part smaller than a penny, else null. Units: pence. */
export function exactPence(amount: DecimalText): bigint | null {
  const [whole, fraction = ''] = unsigned(amount).split('.') as [string, string?];
  if (/[^0]/.test(fraction.slice(2))) return null;
  return signed(amount, BigInt(whole) * 100n + BigInt(fraction.slice(0, 2).padEnd(2, '0')));
}

/** Nearest pence, half away from zero (HMRC's rule for tills). Units: pence. */
export function roundedPence(amount: DecimalText): bigint {
  const [whole, fraction = ''] = unsigned(amount).split('.') as [string, string?];
  const pence = BigInt(whole) * 100n + BigInt(fraction.slice(0, 2).padEnd(2, '0'));
  return signed(amount, (fraction[2] ?? '0') >= '5' ? pence + 1n : pence);
}

/** `1564n` becomes `15.64`. Two places always, dot, no thousands separator. */
export function penceToText(pence: bigint): string {
  const digits = (pence < 0n ? -pence : pence).toString().padStart(3, '0');
  return `${pence < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** How people read an amount: two places at least, more only when it has them. `145.5` becomes `145.50`. */
export function shownAmount(amount: DecimalText): string {
  const pence = exactPence(amount);
  return pence === null ? amount : penceToText(pence);
}

function unsigned(amount: DecimalText): string {
  return amount.startsWith('-') ? amount.slice(1) : amount;
}

function signed(amount: DecimalText, pence: bigint): bigint {
  return amount.startsWith('-') ? -pence : pence;
}

function withoutExponent(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
