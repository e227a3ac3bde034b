/** Reads packhorse.yaml and the environment; the only reader of process.env. Refuses to start on a bad
 *  value: every problem is named at once, with the key's path, what was found and what is allowed. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { databaseUrlShape, type Settings, secretKeys, settingsShape } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment, for the command line to hand on. */
export const processEnvironment: Environment = process.env;

/** Where the configuration is looked for when no path is given. */
export const defaultConfigFile = 'packhorse.yaml';

/** Reads and checks the file. Throws ConfigError naming every problem. A database URL in the file wins
 *  over DATABASE_URL; an empty DATABASE_URL counts as none. Variables may also stand in a file `.env` beside
 *  the configuration; a relative dataDir counts from there too, so that commands find the data from anywhere. */
export async function loadConfig(path: string, environment: Environment): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(resolve(path), 'utf8');
  } catch (cause) {
    const found = (cause as { code?: string }).code === 'ENOENT' ? 'no such file' : String(cause);
    throw new ConfigError([
      { path, found, allowed: 'run "packhorse init" to make one, or name another with --config' },
    ]);
  }
  const folder = dirname(resolve(path));
  const settings = parseConfig(text, { ...(await readDotEnv(folder)), ...environment });
  const dataDir = resolve(folder, settings.service.dataDir);
  return { ...settings, service: { ...settings.service, dataDir } };
}

/** Variables of the file `.env` beside the configuration; the real environment wins. */
async function readDotEnv(folder: string): Promise<Environment> {
  try {
    return parseEnv(await readFile(join(folder, '.env'), 'utf8'));
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return {};
    throw new ConfigError([
      {
        path: join(folder, '.env'),
        found: (cause as Error).message,
        allowed: 'a readable file or none',
      },
    ]);
  }
}

/** Checks configuration text (YAML 1.2). Throws ConfigError naming every problem. */
export function parseConfig(text: string, environment: Environment): Settings {
  const problems: ConfigProblem[] = [];
  const raw = resolveReferences(parseYaml(text), environment, [], problems);
  const checked = settingsShape.safeParse(raw ?? {});
  if (!checked.success) {
    const known = new Set(problems.map((p) => p.path));
    for (const issue of checked.error.issues) {
      for (const problem of describeIssue(issue, raw))
        if (!known.has(problem.path)) problems.push(problem);
    }
  }
  const fromEnvironment = environment['DATABASE_URL'] || undefined;
  if (fromEnvironment !== undefined && !databaseUrlShape.test(fromEnvironment)) {
    const allowed = 'a postgresql:// URL';
    problems.push({ path: 'DATABASE_URL', found: show(fromEnvironment), allowed });
  }
  if (problems.length > 0 || !checked.success) throw new ConfigError(problems);
  const url = checked.data.database.url ?? fromEnvironment;
  return { ...checked.data, database: { ...checked.data.database, ...(url ? { url } : {}) } };
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const refuse = (errors: readonly Error[]) =>
    new ConfigError(
      errors.map((e) => ({
        path: '(file)',
        found: e.message.split('\n')[0] ?? '',
        allowed: 'YAML',
      })),
    );
  if (document.errors.length > 0) throw refuse(document.errors);
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (cause) {
    // Aliases are only looked up here: one of nothing, or far too many.
    throw refuse([cause as Error]);
  }
}

/** The published JSON Schema (2020-12) of packhorse.yaml. */
export function configJsonSchema(): object {
  return {
    ...z.toJSONSchema(settingsShape, { io: 'input', unrepresentable: 'any' }),
    title: 'packhorse.yaml',
  };
}

type Path = readonly (string | number)[];

/** Replaces `${NAME}` by the environment's value, everywhere; secrets must be nothing but a reference. */
function resolveReferences(
  value: unknown,
  env: Environment,
  path: Path,
  problems: ConfigProblem[],
): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) => resolveReferences(one, env, [...path, index], problems));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        resolveReferences(one, env, [...path, key], problems),
      ]),
    );
  }
  if (typeof value !== 'string') return value;
  const isSecret = secretKeys.has(String(path.at(-1)));
  if (isSecret && !/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(value)) {
    problems.push({
      path: formatPath(path),
      found: 'a secret written out in the file',
      allowed: 'a reference to an environment variable: ${NAME}',
    });
    return value;
  }
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (reference, name: string) => {
    const found = env[name];
    if (found !== undefined && found !== '') return found;
    problems.push({
      path: formatPath(path),
      found: `${reference}, but the environment variable ${name} is ${found === '' ? 'empty' : 'not set'}`,
      allowed: `set ${name} before the start`,
    });
    return reference;
  });
}

function describeIssue(issue: z.core.$ZodIssue, raw: unknown): ConfigProblem[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: formatPath([...path, key]),
      found: 'an unknown key',
      allowed: 'remove it or correct its spelling; docs/config.md lists all keys',
    }));
  }
  const value = path.reduce<unknown>(
    (at, key) => (at as Record<string | number, unknown> | undefined)?.[key],
    raw,
  );
  const found =
    value === undefined
      ? 'nothing'
      : secretKeys.has(String(path.at(-1)))
        ? 'a secret'
        : show(value);
  return [{ path: formatPath(path) || '(file)', found, allowed: allowedBy(issue) }];
}

function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value')
    return `allowed: ${issue.values.map((v) => String(v)).join(', ')}`;
  if (issue.code === 'invalid_type') return `allowed: a value of type ${issue.expected}`;
  if (issue.code === 'too_small') return `allowed: at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `allowed: at most ${issue.maximum}`;
  return `allowed: ${issue.message}`;
}

/** The value as found, shortened; a password inside a URL is left out. */
function show(value: unknown): string {
  const json = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  const text = json.replace(/:\/\/[^\s/"]*@/g, '://...@');
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

/** `['channels', 0, 'url']` becomes `channels[0].url`. */
function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${key}` : key),
    '',
  );
}
