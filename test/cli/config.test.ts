import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { schemaText } from '../../src/cli/config.ts';
import { configDocs, configKeys } from '../../src/cli/config-docs.ts';
import { exitCodes } from '../../src/cli/exit.ts';
import { configJsonSchema, parseConfig } from '../../src/config.ts';
import { repository } from '../node-script.ts';
import { compileCache, outcomeOf, startCli } from './world.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'packhorse-cli-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

function cli(where: string, environment: Record<string, string>, ...args: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', ...compileCache, ...environment };
  return outcomeOf(startCli(where, env, args, onTestFinished));
}

const secrets = { JOHN_LEWIS_API_KEY: 'key', PEOPLEVOX_PASSWORD: 'word' };

describe('published files', () => {
  it('packhorse.schema.json is what config schema prints', async () => {
    const committed = await readFile(join(repository, 'packhorse.schema.json'), 'utf8');
    expect(committed).toBe(schemaText(configJsonSchema()));
  });

  it('docs/config.md is what config docs prints, with every key', async () => {
    const committed = await readFile(join(repository, 'docs', 'config.md'), 'utf8');
    expect(committed).toBe(configDocs());
    const documented = [...committed.matchAll(/^\| `([^`]+)` +\|/gm)].map((match) => match[1]);
    expect(documented).toEqual(configKeys());
  });

  it('every key says what it means', () => {
    const silent = [...configDocs().matchAll(/^\| `([^`]+)` \| {2}\|/gm)].map((match) => match[1]);
    expect(silent).toEqual([]);
  });
});

describe('init', () => {
  it('writes a configuration that is valid once the secrets are there', async () => {
    const where = await folder();
    const made = await cli(where, {}, 'init', '--json');
    expect(JSON.parse(made.output).written).toHaveLength(3);
    const text = await readFile(join(where, 'packhorse.yaml'), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/packhorse\.schema\.json/);
    expect(parseConfig(text, secrets).channels[0]?.id).toBe('john-lewis');
    const example = await readFile(join(where, '.env.example'), 'utf8');
    for (const name of Object.keys(secrets)) expect(example).toContain(`${name}=`);
    const checked = await cli(where, {}, 'config', 'check');
    expect(checked.code).toBe(2);
    expect(checked.errors).toContain('channels[0].apiKey');
    await writeFile(join(where, '.env'), 'JOHN_LEWIS_API_KEY=a\nPEOPLEVOX_PASSWORD="b c"\n');
    expect(await cli(where, {}, 'config', 'check')).toMatchObject({ code: 0 });
  });

  it('never overwrites without --force, and writes nothing with --dry-run', async () => {
    const where = await folder();
    const dry = await cli(where, {}, 'init', '--dry-run');
    expect(dry.output).toContain('would write');
    await writeFile(join(where, 'packhorse.yaml'), 'mine: true\n');
    const refused = await cli(where, {}, 'init');
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('--force') });
    expect(await readFile(join(where, 'packhorse.yaml'), 'utf8')).toBe('mine: true\n');
    expect(await cli(where, {}, 'init', '--force')).toMatchObject({ code: 0 });
  });
});

describe('a configuration with a typo', () => {
  const broken = `
service: { logLevl: info }
channels:
  - { id: John, name: x, url: example.test, apiKey: abc, warehouse: min }
warehouses:
  - { id: main, url: 'https://w.example.test', clientId: c, username: u, password: '\${WORD}' }
`;

  it('stops every command with exit code 2, each problem with path, found and allowed', async () => {
    const where = await folder();
    await writeFile(join(where, 'packhorse.yaml'), broken);
    for (const command of [['run'], ['doctor']]) {
      const { code, output, errors } = await cli(where, {}, ...command);
      expect({ command, code, output }).toEqual({ command, code: 2, output: '' });
      expect(errors).toContain('service.logLevl: found an unknown key');
      expect(errors).toMatch(/channels\[0\]\.id: found "John"; allowed: lower-case letters/);
      expect(errors).toContain('channels[0].apiKey: found a secret written out in the file');
      expect(errors).toMatch(/warehouses\[0\]\.password: found \$\{WORD\}.*WORD is not set/);
      expect(errors).not.toMatch(/abc|\n +at /);
    }
  });

  it('is data with --json', async () => {
    const where = await folder();
    await writeFile(join(where, 'packhorse.yaml'), broken);
    const { output } = await cli(where, {}, 'config', 'check', '--json');
    const { error } = JSON.parse(output);
    expect(error.exitCode).toBe(2);
    expect(error.problems).toContainEqual(
      expect.objectContaining({ path: 'channels[0].url', found: '"example.test"' }),
    );
  });

  it('a file that is not there names init', async () => {
    const { code, errors } = await cli(await folder(), {}, 'orders', 'list', '--config', 'no.yaml');
    expect(code).toBe(2);
    expect(errors).toMatch(/no\.yaml: found no such file; run "packhorse init"/);
  });
});

describe('usage', () => {
  it('--help lists the commands and the exit codes', async () => {
    const { code, output } = await cli(await folder(), {}, '--help');
    expect(code).toBe(0);
    for (const one of Object.values(exitCodes))
      expect(output).toContain(`${one.code}  ${one.means}`);
    for (const name of ['init', 'run', 'doctor', 'demo', 'rehearse', 'orders', 'exceptions']) {
      expect(output).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });

  const wrong: [rule: string, args: string[]][] = [
    ['an unknown command', ['ordrs']],
    ['a noun without its verb', ['orders']],
    ['a limit that is no number', ['orders', 'list', '--limit', 'many']],
    ['a choice that is none', ['exceptions', 'list', '--owner', 'nobody']],
    ['an exception number that is none', ['exceptions', 'show', 'x']],
  ];
  it.for(wrong)('%s ends with exit code 2', async ([, args]) => {
    const { code, output, errors } = await cli(tmpdir(), {}, ...args);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).not.toBe('');
  });

  it('rehearse lists its options and refuses a wrong one; demo lists its own', async () => {
    const where = await folder();
    const { code, output } = await cli(where, {}, 'rehearse', '--help');
    expect(code).toBe(0);
    for (const option of ['orders', 'skus', 'hours', 'seed', 'faults', 'channels', 'json'])
      expect(output).toContain(`--${option}`);
    expect(await cli(where, {}, 'rehearse', '--colour')).toMatchObject({ code: 2, output: '' });
    expect((await cli(where, {}, 'demo', '--help')).output).toContain('Usage');
  });
});
