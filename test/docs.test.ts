/** The documents against the program: what they name must exist, and what exists must be named. */
import { beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../src/cli/exit.ts';
import { codes } from '../src/exceptions/codes.ts';
import {
  anchorOf,
  deadLinks,
  headingsOf,
  leafCommands,
  readDocuments,
  readHelp,
  readText,
  usesOf,
} from './documents.ts';

const documents = readDocuments();
const readme = readText('README.md');

describe('the runbook', () => {
  const text = readText('docs/runbook.md');
  const sections = text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({ name: section.split('\n')[0]!, text: section }));
  const found = sections.filter((section) => /^[a-z]+(-[a-z]+)*$/.test(section.name));

  it('has a heading for every exception code and for no other', () => {
    expect(found.map((section) => section.name)).toEqual(Object.keys(codes));
  });

  it.each(Object.entries(codes))(
    'says the owner and severity of %s as the code does',
    (name, facts) => {
      const section = found.find((one) => one.name === name)?.text ?? '';
      expect(section).toContain(`**Owner**: ${facts.owner}. **Severity**: ${facts.severity}.`);
    },
  );

  it.each(Object.keys(codes))(
    'says of %s what is at risk, what to check, do and expect',
    (name) => {
      const section = found.find((one) => one.name === name)?.text ?? '';
      for (const part of ['Meaning', 'At risk', 'Check', 'Do', 'Worked when']) {
        expect(section).toMatch(new RegExp(`^- \\*\\*${part}\\*\\*: \\S`, 'm'));
      }
    },
  );
});

describe('commands', () => {
  let help: Map<string, string>;
  beforeAll(async () => {
    help = await readHelp();
  });

  it('are all in the table of the README, which has no others', () => {
    const table = [...readme.matchAll(/^\| `packhorse ([a-z][a-z -]*?)( [<[].*)?` +\|/gm)];
    expect(leafCommands(help).length).toBeGreaterThan(20);
    expect(table.map((row) => row[1]!).sort()).toEqual(leafCommands(help));
  });

  it('exist, with their options, wherever a document shows one', () => {
    const shown = documents.flatMap((document) => usesOf('packhorse', document));
    const problems = shown.flatMap(({ where, words, options }) => {
      const known = [...words.keys(), words.length]
        .map((count) => words.slice(0, count).join(' '))
        .findLast((name) => help.has(name));
      if (!known && words.length > 0) return [`${where}: no command ${words.join(' ')}`];
      const verbs = leafCommands(help).includes(known ?? '') || words.length === 0;
      const text = `${help.get(known ?? '')} ${help.get('')} --help`;
      const unknown = options.filter((option) => !text.includes(option));
      return [
        ...(verbs || words.join(' ') === known ? [] : [`${where}: no command ${words.join(' ')}`]),
        ...unknown.map((option) => `${where}: ${known} has no option ${option}`),
      ];
    });
    expect(shown.length).toBeGreaterThan(60);
    expect(problems).toEqual([]);
  });

  it('of npm are scripts of the package', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const shown = documents.flatMap((document) => usesOf('npm run', document));
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.filter(({ words }) => !((words[0] ?? '') in scripts))).toEqual([]);
  });

  it('end with the exit codes that the README lists', () => {
    const listed = [...readme.matchAll(/^\| (\d) +\| (.+?) +\|$/gm)].map((row) => [row[1], row[2]]);
    const known = Object.values(exitCodes).map((one) => [String(one.code), one.means]);
    expect(listed).toEqual(known);
  });
});

describe('documents', () => {
  it.each(documents.map((document) => [document.path, document] as const))(
    '%s has no link that leads nowhere',
    (_path, document) => {
      expect(deadLinks(document)).toEqual([]);
    },
  );

  it('name settings that exist', () => {
    const known = [...readText('docs/config.md').matchAll(/^\| `([^`]+)`/gm)].map((row) => row[1]!);
    const pattern =
      /^(?:(?:channels|warehouses)\[\]|service|database|policies|cadences)\.[a-zA-Z.]+(?=$|:)/;
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`([^`\n]+)`/g)].flatMap((quoted) => {
        const key = pattern.exec(quoted[1]!)?.[0];
        return key === undefined ? [] : [{ path, key }];
      }),
    );
    const isKnown = (key: string) => known.some((one) => one === key || one.startsWith(`${key}.`));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(({ key }) => !isKnown(key))).toEqual([]);
  });

  it('name files of the source that exist', () => {
    const named = documents.flatMap((document) =>
      [
        ...document.text.matchAll(/`((?:src|test|rehearsal|simulators|docs|bench)\/[^`\s*<]+)`/g),
      ].map((found) => ({ path: '', text: `[x](${found[1]!.replace(/\/$/, '')})` })),
    );
    const planned = ['src/api'];
    expect(named.length).toBeGreaterThan(10);
    expect(named.flatMap(deadLinks).filter((dead) => !planned.includes(dead.slice(2)))).toEqual([]);
  });

  it('show no path of a machine, no registry, and no host but those that are meant', () => {
    const hosts =
      /^(127\.0\.0\.1|[a-z.-]*example(\.test)?|keepachangelog\.com|(wms\.)?peoplevox\.net|auth\.mirakl\.net|wms\.peoplevox\.net)$/;
    const problems = documents.flatMap(({ path, text }) => [
      ...[...text.matchAll(/(?<![\w.~/-])\/(work|root|home|tmp|Users)\/\S*/g)].map((f) => f[0]),
      ...[...text.matchAll(/registry\.|\bnpmrc\b/g)].map((found) => found[0]),
      ...[...text.matchAll(/https?:\/\/([^\s/:;,`)'"]+)/g)]
        .filter((found) => !hosts.test(found[1]!))
        .map((found) => `${path}: ${found[0]}`),
    ]);
    expect(problems).toEqual([]);
  });
});

describe('decisions', () => {
  const records = documents.filter((document) => document.path.startsWith('docs/adr/'));

  it('are numbered without a gap', () => {
    const numbers = records.map((record) => Number(/\/(\d{4})-/.exec(record.path)?.[1]));
    expect(numbers.length).toBeGreaterThan(8);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });

  it.each(records.map((record) => [record.path, record.text] as const))(
    '%s has every part, on a page',
    (path, text) => {
      const [title = '', ...parts] = headingsOf(text);
      expect(title.slice(0, 4)).toBe(/\/(\d{4})-/.exec(path)?.[1]);
      expect(parts).toEqual(['Context', 'Decision', 'Consequences', 'Rejected']);
      expect(text).toMatch(/^Date: \d{4}-\d{2}-\d{2}\nStatus: \S+/m);
      expect(text.split('\n').length).toBeGreaterThanOrEqual(30);
      expect(text.split('\n').length).toBeLessThanOrEqual(60);
    },
  );
});

describe('pages of flows', () => {
  const pages = documents.filter((document) => document.path.startsWith('docs/flows/'));
  const parts = ['Overview', 'Steps', 'API calls', 'Field mapping', 'Settings', 'Running it'];

  it.each(pages.map((page) => [page.path, page.text] as const))(
    '%s has the seven headings',
    (_path, text) => {
      expect(headingsOf(text).slice(1)).toEqual([...parts, 'Troubleshooting']);
    },
  );
});

describe('an anchor', () => {
  it.each([
    ['unknown-item', 'unknown-item'],
    ['When the service itself does not start', 'when-the-service-itself-does-not-start'],
    ['The door `/__sim/`', 'the-door-__sim'],
  ])('of %s is %s', (heading, anchor) => {
    expect(anchorOf(heading)).toBe(anchor);
  });
});
