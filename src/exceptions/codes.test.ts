import { describe, expect, it } from 'vitest';
import { codes, isCode } from './codes.ts';

describe('codes', () => {
  it.each(Object.entries(codes))(
    '%s says who acts, how bad it is and what it means',
    (code, facts) => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(['warehouse', 'ecommerce', 'finance', 'integration']).toContain(facts.owner);
      expect(['low', 'medium', 'high', 'critical']).toContain(facts.severity);
      expect(facts.title).toMatch(/^[A-Z].*[^.]$/);
    },
  );

  it('no two codes have the same title', () => {
    const titles = Object.values(codes).map((facts) => facts.title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each([
    ['a code of the list is known', 'unknown-item', true],
    ['another word is not', 'unknown-thing', false],
    ['a word that every object knows is not', 'constructor', false],
    ['empty text is not', '', false],
  ])('%s', (_rule, text, known) => {
    expect(isCode(text)).toBe(known);
  });
});
