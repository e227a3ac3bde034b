/** Reads the documents and the command line's help, for the test that keeps the two the same. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { repository } from './node-script.ts';

export type Document = { path: string; text: string };

/** Every document that people read, from the repository's root. */
export function readDocuments(): Document[] {
  const roots = readdirSync(repository).filter((name) => name.endsWith('.md'));
  const nested = ['docs', 'simulators', 'bench', 'rehearsal']
    .filter((folder) => existsSync(join(repository, folder)))
    .flatMap((folder) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => posix.join(folder, name)),
    );
  return [...roots, ...nested].sort().map((path) => ({ path, text: readText(path) }));
}

export function readText(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

/** The headings of a document, without their marks. */
export function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map((found) => found[1]!.trim());
}

/** Where a heading is linked to, as GitHub writes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Links inside the repository that lead nowhere: `file: target` each. */
export function deadLinks(document: Document): string[] {
  const targets = [...document.text.matchAll(/\]\(([^)\s]+)\)/g)].map((found) => found[1]!);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? document.path : posix.join(posix.dirname(document.path), file);
      if (!existsSync(join(repository, path))) return true;
      return anchor !== undefined && !headingsOf(readText(path)).map(anchorOf).includes(anchor);
    })
    .map((target) => `${document.path}: ${target}`);
}

/** One use of a program in a document: `packhorse orders show ... --json` or `npm run bench`. */
export type Shown = { where: string; words: string[]; options: string[] };

/** Every use of `program` in a document, in code or in text; a line may have several. */
export function usesOf(program: string, { path, text }: Document): Shown[] {
  return text.split('\n').flatMap((line, index) => {
    const code = /^ {4}/.test(line) ? [line] : [...line.matchAll(/`([^`]+)`/g)].map((f) => f[1]!);
    return code.flatMap((piece) =>
      piece
        .replace(/\s#.*$/, '')
        .split(/&&|[;|]/)
        .flatMap((command): Shown[] => {
          const found = new RegExp(`^(?:\\s|\\$ )*(?:npx )?${program}\\s+(.+)$`).exec(command);
          if (!found) return [];
          const all = found[1]!.trim().split(/\s+/);
          const end = all.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
          return [
            {
              where: `${path}:${index + 1}`,
              words: end < 0 ? all : all.slice(0, end),
              options: all.filter((word) => /^--[a-z]/.test(word)),
            },
          ];
        }),
    );
  });
}

/** What `--help` says of each command, by its words (`orders show`; '' for the program itself). */
export async function readHelp(): Promise<Map<string, string>> {
  const help = new Map<string, string>();
  let asked: string[][] = [[]];
  while (asked.length > 0) {
    const answers = await askHelp(asked);
    const next: string[][] = [];
    for (const [at, words] of asked.entries()) {
      help.set(words.join(' '), answers[at] ?? '');
      next.push(...verbsIn(answers[at] ?? '').map((verb) => [...words, verb]));
    }
    asked = next;
  }
  return help;
}

/** The commands that have no commands below them, sorted. */
export function leafCommands(help: ReadonlyMap<string, string>): string[] {
  return [...help]
    .filter(([, text]) => verbsIn(text).length === 0)
    .map(([words]) => words)
    .sort();
}

function verbsIn(help: string): string[] {
  const section = /^Commands:\n((?: {2}.*\n?)+)/m.exec(help)?.[1] ?? '';
  const verbs = [...section.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((found) => found[1]!);
  return verbs.filter((verb) => verb !== 'help');
}

const mark = '---- next ----';

/** All in one process, which loads the program once; the query makes Node run it anew. */
async function askHelp(commands: readonly (readonly string[])[]): Promise<string[]> {
  const script = `process.stdout.setMaxListeners(0);
    for (const [at, words] of ${JSON.stringify(commands)}.entries()) {
      process.argv = ['node', 'packhorse', ...words, '--help'];
      await import('./src/cli/main.ts?' + at);
      process.stdout.write('${mark}\\n');
    }`;
  const given = ['--input-type=module', '-e', script];
  const where = { cwd: repository, env: {} };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, given, where);
  const answers = stdout.split(`${mark}\n`).slice(0, -1);
  if (answers.length !== commands.length) throw new Error(`packhorse --help: ${stderr}`);
  return answers;
}
