/** How a command ends: exit codes, and every error said as a sentence with the fact and the next move. */
import { CommanderError } from 'commander';
import { ConfigError, VendorError } from '../errors.ts';
import { DatabaseFailed, DatabaseInUse } from '../runtime/postgres/failure.ts';

/** What the numbers mean, for --help and docs/config.md. */
export const exitCodes = {
  ok: { code: 0, means: 'done; all is well' },
  failed: { code: 1, means: 'something is wrong, or a check failed' },
  usage: { code: 2, means: 'wrong usage or configuration' },
  unreachable: { code: 3, means: 'the database or a vendor cannot be reached' },
  notFound: { code: 4, means: 'what was named does not exist' },
  inUse: { code: 5, means: 'already running, or the data folder is in use' },
  diskFull: { code: 6, means: 'the disk is full' },
} as const;

export type ExitName = keyof typeof exitCodes;

/** A command ends here for a reason of its own; the message is for the person who called it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exit: ExitName;
  constructor(exit: ExitName, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exit = exit;
  }
}

/** What is printed of an error. `problems` only for a wrong configuration. */
export type Explained = {
  exit: ExitName;
  message: string;
  problems?: readonly { path: string; found: string; allowed: string }[];
};

/** Any error as a sentence and an exit code. `place` names what was being reached, such as the database. */
export function explain(error: unknown): Explained {
  if (error instanceof Failure) return { exit: error.exit, message: error.message };
  if (error instanceof CommanderError) return { exit: 'usage', message: error.message };
  if (error instanceof ConfigError) {
    const lines = error.problems.map((p) => `  ${p.path}: found ${p.found}; ${p.allowed}`);
    const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
    const message = `the configuration has ${count}:\n${lines.join('\n')}`;
    return { exit: 'usage', message, problems: error.problems };
  }
  if (error instanceof DatabaseInUse) return { exit: 'inUse', message: error.message };
  if (error instanceof DatabaseFailed) {
    return {
      exit: error.reason === 'diskFull' ? 'diskFull' : 'unreachable',
      message: error.message,
    };
  }
  if (error instanceof VendorError) {
    return { exit: error.isRetried ? 'unreachable' : 'failed', message: error.message };
  }
  return explainDatabase(error) ?? { exit: 'failed', message: messageOf(error) };
}

type Sign = { pattern: RegExp; exit: ExitName; said: string };

const databaseSigns: readonly Sign[] = [
  {
    pattern: /^(53100|ENOSPC)$/,
    exit: 'diskFull',
    said: "the database's disk is full; free some space there. Nothing was lost: what was not written is done again",
  },
  {
    pattern:
      /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENOENT|57P0[123]|08...)$/,
    exit: 'unreachable',
    said: 'the database cannot be reached; start it, or correct database.url or DATABASE_URL',
  },
  {
    pattern: /^28...$/,
    exit: 'unreachable',
    said: 'the database refuses the user or password; correct database.url or DATABASE_URL',
  },
  {
    pattern: /^3D000$/,
    exit: 'unreachable',
    said: 'the database does not exist on its server; create it, or correct database.url or DATABASE_URL',
  },
  {
    pattern: /^53300$/,
    exit: 'unreachable',
    said: 'the database has no connection left; lower database.poolSize or raise max_connections',
  },
  {
    pattern: /^42501$/,
    exit: 'failed',
    said: 'the database user lacks a right; grant it CREATE on the database (for the schemas packhorse and packhorse_jobs)',
  },
];

/** Errors of PostgreSQL and of the way to it, by their code. Null for anything else. */
function explainDatabase(error: unknown): Explained | null {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  const sign = databaseSigns.find((one) => one.pattern.test(String(code)));
  if (sign) return { exit: sign.exit, message: `${sign.said} (${messageOf(error)})` };
  const isLost = /connection terminated|timeout exceeded when trying to connect|timeout expired/i;
  if (isLost.test(message)) {
    const said = 'the database does not answer; look whether it runs, then try again';
    return { exit: 'unreachable', message: `${said} (${message})` };
  }
  return null;
}

/** Never empty: a refused connection to several addresses has its text inside. */
function messageOf(error: unknown): string {
  const { code, message, errors } = (error ?? {}) as {
    code?: string;
    message?: string;
    errors?: readonly { message?: string }[];
  };
  return message || errors?.[0]?.message || code || String(error);
}
