/** Writes the vendor's JSON: exact decimals, fields in any order, null or nothing, strangers
 *  among them. */
import { Dice } from '../kernel.ts';
import type { Quirks } from './options.ts';

/** Money in whole pence; written as a JSON number with decimals, never through a float. */
export class Money {
  readonly pence: number;
  constructor(pence: number) {
    this.pence = pence;
  }
}

/** A decimal such as a rate, written as given. */
export class Decimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be written. `undefined`: an optional field without a value (null or left out). */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | Money
  | Decimal
  | readonly Json[]
  | { readonly [field: string]: Json };

export type Penman = Pick<
  Quirks,
  'nullOrAbsent' | 'unknownFields' | 'shuffledFields' | 'decimals'
> & { dice: Dice };

/** Plain writing: no oddity at all. */
export const plain: Penman = {
  nullOrAbsent: false,
  unknownFields: 0,
  shuffledFields: false,
  decimals: 'two',
  dice: new Dice(0),
};

export function write(value: Json, pen: Penman): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Money) return decimalText(value.pence, pen);
  if (value instanceof Decimal) return value.text;
  if (isList(value)) return `[${value.map((item) => write(item, pen)).join(',')}]`;
  return writeObject(value, pen);
}

/** 1564 is 15.64; 790 is 7.90 or 7.9; 1200 is 12.00, 12.0 or 12. */
function decimalText(pence: number, pen: Pick<Penman, 'decimals' | 'dice'>): string {
  const sign = pence < 0 ? '-' : '';
  const size = Math.abs(pence);
  const whole = Math.floor(size / 100);
  const two = `${sign}${whole}.${String(size % 100).padStart(2, '0')}`;
  if (pen.decimals === 'two' || size % 10 !== 0) return two;
  const short = size % 100 === 0 ? `${sign}${whole}` : two.slice(0, -1);
  if (pen.decimals === 'short') return short;
  return pen.dice.pick([two, short, two.slice(0, -1)]);
}

/** Pence of a decimal text such as "12", "12.5" or "12.50". Throws on anything else. */
export function penceOf(text: string): number {
  const match = /^(-?)(\d{1,10})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new Error(`not an amount with at most two decimals: ${JSON.stringify(text)}`);
  const pence = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -pence : pence;
}

/** Pence of a JSON number; undefined when it has more than two decimals. */
export function penceOfNumber(amount: number): number | undefined {
  const pence = Math.round(amount * 100);
  return Math.abs(amount * 100 - pence) < 1e-6 ? pence : undefined;
}

/** `percent` of an amount, half a penny rounded up. */
export function percentOf(pence: number, percent: number): number {
  return Math.round((pence * percent) / 100);
}

function writeObject(value: { readonly [field: string]: Json }, pen: Penman): string {
  const parts: string[] = [];
  for (const field in value) {
    const content = value[field];
    if (content === undefined && pen.nullOrAbsent && pen.dice.chance(0.5)) continue;
    parts.push(`${JSON.stringify(field)}:${write(content, pen)}`);
  }
  if (pen.unknownFields > 0 && pen.dice.chance(pen.unknownFields)) parts.push(stranger(pen.dice));
  if (pen.shuffledFields) shuffle(parts, pen.dice);
  return `{${parts.join(',')}}`;
}

function stranger(dice: Dice): string {
  return dice.pick([
    '"x_new_field":null',
    '"x_new_text":"a field of a later release"',
    '"x_new_object":{"code":"X","values":[1,2.5]}',
    '"x_new_flag":true',
  ]);
}

function shuffle(parts: string[], dice: Dice): void {
  for (let i = parts.length - 1; i > 0; i--) {
    const j = dice.between(0, i);
    const held = parts[i] as string;
    parts[i] = parts[j] as string;
    parts[j] = held;
  }
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
