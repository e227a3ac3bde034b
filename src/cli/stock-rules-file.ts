/** Reads a file of stock rules; every problem is named at once, with its line and key. */
import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type RuleSet, ruleSetShape } from '../stock/rules.ts';
import { Failure } from './exit.ts';

/** Problems named of one file; a file of another kind would have one for every line. */
const mostProblems = 50;

/** The rules in a YAML (or JSON) file. Throws Failure naming every problem. */
export async function readRulesFile(path: string): Promise<RuleSet> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const isMissing = (cause as { code?: string }).code === 'ENOENT';
    const fact = isMissing ? 'does not exist' : `cannot be read: ${(cause as Error).message}`;
    throw new Failure(isMissing ? 'notFound' : 'usage', `${path} ${fact}`, cause);
  }
  const { rules, problems } = parseRules(text);
  if (rules) return rules;
  const named = problems.slice(0, mostProblems);
  const more = problems.length - named.length;
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = [...named, ...(more > 0 ? [`and ${more} more`] : [])].map((one) => `  ${one}`);
  throw new Failure('usage', `${path} has ${count}; nothing was changed:\n${lines.join('\n')}`);
}

/** Rules from text, or what is wrong with it, one `line n: key: fact` each. Pure. */
function parseRules(text: string): { rules: RuleSet | null; problems: string[] } {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  if (document.errors.length > 0) {
    const problems = document.errors.map((one) => `line ${lineAt(one.pos[0])}: ${one.message}`);
    return { rules: null, problems };
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 50 });
  } catch (cause) {
    return { rules: null, problems: [(cause as Error).message] };
  }
  const checked = ruleSetShape.safeParse(raw);
  if (checked.success) return { rules: checked.data, problems: [] };
  /** Line of the deepest part of a path that the file has. */
  const lineOf = (path: readonly (string | number)[]): string => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return `line ${lineAt(range[0])}: `;
    }
    return '';
  };
  const problems = checked.error.issues.flatMap((issue) =>
    describe(issue).map(({ path, fact }) => `${lineOf(path)}${pathText(path)}: ${fact}`),
  );
  return { rules: null, problems };
}

type Path = (string | number)[];

function describe(issue: z.core.$ZodIssue): { path: Path; fact: string }[] {
  const path = issue.path as Path;
  if (issue.code !== 'unrecognized_keys') return [{ path, fact: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, key],
    fact: 'an unknown key; remove it or correct its spelling',
  }));
}

/** `['rules', 0, 'match']` as `rules[0].match`. */
function pathText(path: Path): string {
  const text = path.reduce<string>(
    (all, key) => (typeof key === 'number' ? `${all}[${key}]` : all ? `${all}.${key}` : key),
    '',
  );
  return text || '(file)';
}
