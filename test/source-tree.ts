/** Reads the repository's own source for the tests that police it. Parsed with oxc: TypeScript 7 has no
 *  JavaScript API. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Comment, parseSync } from 'oxc-parser';

/** Any node of the syntax tree; offsets count UTF-16 units of the file's text. */
export type SyntaxNode = { type: string; start: number; end: number; [key: string]: unknown };

export type SourceFile = {
  /** From the repository's root, with slashes. */
  path: string;
  text: string;
  program: SyntaxNode;
  comments: readonly Comment[];
  /** Line of an offset, from 1. */
  lineOf(offset: number): number;
};

const repository = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'simulators', 'rehearsal', 'test', 'bench', 'bin', 'console'];
const codeFile = /\.(ts|tsx|mts|cts|js|mjs|cjs)$/;

/** Paths of all files that are written by hand: the code's folders, docs and migrations. Sorted. */
export function listFiles(): string[] {
  return [...folders, 'docs', 'migrations'].flatMap((folder) => filesUnder(folder)).sort();
}

/** Every code file, parsed. Throws on a file that is not valid syntax. */
export function readSources(): SourceFile[] {
  return listFiles()
    .filter((path) => codeFile.test(path))
    .map((path) => parseSource(path, readFileSync(join(repository, path), 'utf8')));
}

/** Parses one file's text; `path` decides which rules look at it. Throws on invalid syntax. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const error = parsed.errors[0];
  if (error) throw new SyntaxError(`${path}: ${error.message}`);
  const starts = [0, ...[...text.matchAll(/\n/g)].map((found) => found.index + 1)];
  return {
    path,
    text,
    program: parsed.program as unknown as SyntaxNode,
    comments: parsed.comments,
    lineOf: (offset) => starts.findLastIndex((start) => start <= offset) + 1,
  };
}

/** Every node below and including `node`, parents first, each with its ancestors, nearest last. */
export function* walk(
  node: SyntaxNode,
  above: readonly SyntaxNode[] = [],
): Generator<{ node: SyntaxNode; above: readonly SyntaxNode[] }> {
  yield { node, above };
  const path = [...above, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) yield* walk(child, path);
    }
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string'
  );
}

/** The text of a string literal, or of a template without expressions; else null. */
export function literalText(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral' || (node['expressions'] as unknown[]).length > 0) return null;
  const [quasi] = node['quasis'] as { value: { cooked: string } }[];
  return quasi?.value.cooked ?? null;
}

function filesUnder(folder: string): string[] {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch {
    // A folder that the project does not have yet.
    return [];
  }
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || ['node_modules', 'dist'].includes(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function readEntries(folder: string) {
  return readdirSync(join(repository, folder), { withFileTypes: true });
}
