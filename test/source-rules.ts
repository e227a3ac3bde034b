/** The rules that every source file keeps, each a pure function from a parsed file to what is wrong in it. */
import { posix } from 'node:path';
import { mayImport } from './import-table.ts';
import { isNode, literalText, type SourceFile, type SyntaxNode, walk } from './source-tree.ts';

/** Problems of one file, `path:line what is wrong` each; empty when it keeps the rule. */
export type Rule = (file: SourceFile) => string[];

const longestFunctionLines = 70;
export const longestFileLines = 400;

/** Files that may be longer, each with the reason. */
export const longerFiles: Readonly<Record<string, string>> = {
  'src/runtime/tables.ts': 'one list of every column, which Kysely wants as one type',
  'src/settings.ts':
    'one list of every setting, each with its meaning, which leaves may not share out',
};

/** Only allowed imports, by the table; and only by a literal name, so that search finds every import. */
export const importsByTheTable: Rule = (file) => {
  const problems: string[] = [];
  for (const { node } of walk(file.program)) {
    if (!('source' in node) || !isNode(node['source'])) continue;
    const name = literalText(node['source']);
    if (name === null) {
      problems.push(at(file, node, 'imports a name that is not written out'));
      continue;
    }
    if (!name.startsWith('.')) continue;
    const to = posix.normalize(posix.join(posix.dirname(file.path), name));
    if (!mayImport(file.path, to, isTypeOnly(node))) problems.push(at(file, node, `imports ${to}`));
  }
  return problems;
};

/** The environment is read in one place, so that every setting is known and checked. */
export const environmentOnlyInConfig: Rule = (file) => {
  if (file.path === 'src/config.ts' || /^(bin|test|bench)\//.test(file.path)) return [];
  return findings(file, (node) => {
    const isRead =
      (memberOf(node) === 'env' && /(^|\.)process$/.test(dotted(node['object']))) ||
      (isDestructuring(node, 'process') && namesIn(node['id']).includes('env')) ||
      (node.type === 'ImportSpecifier' && nameOf(node['imported']) === 'env');
    return isRead ? 'reads process.env; only src/config.ts may' : null;
  });
};

/** Time comes from the injected clock, so that a rehearsal decides what time it is. */
export const timeFromTheClock: Rule = (file) => {
  if (!/^(src|simulators|rehearsal)\//.test(file.path)) return [];
  if (['src/clock.ts', 'simulators/main.ts'].includes(file.path)) return [];
  return findings(file, (node) => {
    const isNow =
      ['Date.now', 'performance.now', 'process.hrtime', 'Temporal.Now'].includes(dotted(node)) ||
      (isCallOf(node, 'Date') &&
        (node.type === 'CallExpression' || (node['arguments'] as unknown[]).length === 0));
    return isNow ? "reads the machine's clock; take a Clock" : null;
  });
};

/** The machine's clock is chosen where the program is put together, and where real processes are waited for. */
export const clockIsHandedOn: Rule = (file) => {
  const mayChoose =
    /^(test|bench|src\/cli|src\/runtime\/postgres)\/|\.test\.ts$/.test(file.path) ||
    [
      'src/main.ts',
      'src/runtime/embedded-postgres.ts',
      'rehearsal/main.ts',
      'rehearsal/demo.ts',
      'rehearsal/simulators.ts',
    ].includes(file.path);
  if (mayChoose) return [];
  return findings(file, (node) =>
    node.type === 'ImportSpecifier' && nameOf(node['imported']) === 'systemClock'
      ? "chooses the machine's clock; take a Clock"
      : null,
  );
};

/** Chance comes from seeded dice, so that every failure can be played again. */
export const noChance: Rule = (file) => {
  if (!/^(src|simulators|rehearsal)\//.test(file.path)) return [];
  return findings(file, (node) =>
    dotted(node) === 'Math.random' ? 'calls Math.random; take dice with a seed' : null,
  );
};

/** Each function by its own span, what is nested in it included. The callbacks of a test file's describe
 *  and it are tables of contents, not functions. */
export const shortFunctions: Rule = (file) => {
  const problems: string[] = [];
  for (const { node, above } of walk(file.program)) {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
      continue;
    const lines = file.lineOf(node.end - 1) - file.lineOf(node.start) + 1;
    if (lines <= longestFunctionLines || isTestCallback(above.at(-1))) continue;
    problems.push(at(file, node, `${functionName(node, above.at(-1))} has ${lines} lines`));
  }
  return problems;
};

export const shortFiles: Rule = (file) => {
  const lines = file.lineOf(Math.max(0, file.text.trimEnd().length - 1));
  if (lines <= longestFileLines || file.path in longerFiles) return [];
  return [`${file.path} has ${lines} lines`];
};

/** What is left to do is an issue, not a comment. */
export const nothingLeftToDo: Rule = (file) =>
  file.comments
    .filter((comment) => /\b(TODO|FIXME)\b/.test(comment.value))
    .map((comment) => `${file.path}:${file.lineOf(comment.start)} leaves something to do`);

/** A test's name is that of its describes and its own; two of the same name cannot be told apart. */
export const testNamesDiffer: Rule = (file) => {
  const seen = new Set<string>();
  return findings(file, (node, above) => {
    const title = testTitle(node, ['it', 'test']);
    // Titles of table tests are patterns, filled from the rows.
    if (title === null || /[%$]/.test(title)) return null;
    const outer = above.map((one) => testTitle(one, ['describe', 'suite'])).filter(Boolean);
    const name = [...outer, title].join(' > ');
    if (seen.has(name)) return `names a second test "${name}"`;
    seen.add(name);
    return null;
  });
};

/** Names of folders and files, from the path alone. */
export function nameProblems(path: string): string[] {
  const folders = path.split('/').slice(0, -1);
  const name = path.split('/').at(-1) ?? '';
  const problems: string[] = [];
  const vague = folders.find((folder) =>
    /^(utils?|helpers?|common|services?|models?)$/.test(folder),
  );
  if (vague) problems.push(`${path} is in a folder called ${vague}, which says nothing`);
  if (/^index\.[cm]?[jt]sx?$/.test(name)) problems.push(`${path} is a barrel`);
  const isKebab = (part: string) =>
    /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(part);
  if (![...folders, name].every((part) => isKebab(part) || part === 'README.md'))
    problems.push(`${path} is not in kebab-case`);
  return problems;
}

function at(file: SourceFile, node: SyntaxNode, what: string): string {
  return `${file.path}:${file.lineOf(node.start)} ${what}`;
}

function findings(
  file: SourceFile,
  judge: (node: SyntaxNode, above: readonly SyntaxNode[]) => string | null,
): string[] {
  const problems: string[] = [];
  for (const { node, above } of walk(file.program)) {
    const problem = judge(node, above);
    if (problem !== null) problems.push(at(file, node, problem));
  }
  return problems;
}

/** `import type`, `export type`, the type `import('x').Y`, or an import whose every name is a type. */
function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType') return true;
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const names = (node['specifiers'] ?? []) as SyntaxNode[];
  return (
    names.length > 0 &&
    names.every((name) => name['importKind'] === 'type' || name['exportKind'] === 'type')
  );
}

/** `a.b.c` for such an expression, `['b']` read as `.b`; empty for any other. */
function dotted(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'ChainExpression') return dotted(node['expression']);
  const member = memberOf(node);
  const object = member === null ? '' : dotted(node['object']);
  return object ? `${object}.${member}`.replace(/^globalThis\./, '') : '';
}

function memberOf(node: SyntaxNode): string | null {
  if (node.type !== 'MemberExpression') return null;
  return node['computed'] ? literalText(node['property']) : nameOf(node['property']);
}

function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  return typeof node['name'] === 'string' ? node['name'] : literalText(node);
}

function isCallOf(node: SyntaxNode, name: string): boolean {
  const isCall = node.type === 'CallExpression' || node.type === 'NewExpression';
  return isCall && dotted(node['callee']) === name;
}

function isDestructuring(node: SyntaxNode, of: string): boolean {
  return node.type === 'VariableDeclarator' && dotted(node['init']) === of && isNode(node['id']);
}

function namesIn(pattern: unknown): (string | null)[] {
  const properties = isNode(pattern) ? ((pattern['properties'] ?? []) as SyntaxNode[]) : [];
  return properties.map((property) => nameOf(property['key']));
}

const testWords = /^(describe|suite|it|test|(before|after)(All|Each))$/;

function isTestCallback(parent: SyntaxNode | undefined): boolean {
  return parent?.type === 'CallExpression' && testWords.test(rootWord(parent['callee']));
}

/** The first word of `it`, `it.each(rows)`, `describe.runIf(x)`, `` it.each`table` ``. */
function rootWord(callee: unknown): string {
  if (!isNode(callee)) return '';
  if (callee.type === 'Identifier') return String(callee['name']);
  return rootWord(callee['callee'] ?? callee['object'] ?? callee['tag']);
}

/** The literal title of a call of one of these words; null for any other node. */
function testTitle(node: SyntaxNode, words: readonly string[]): string | null {
  if (node.type !== 'CallExpression' || !words.includes(rootWord(node['callee']))) return null;
  return literalText((node['arguments'] as unknown[])[0]);
}

function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  return nameOf(node['id']) ?? nameOf(parent?.['id'] ?? parent?.['key']) ?? 'a function';
}
