/** Why the embedded database could not be had, in words an operator can act on. */

export type FailureReason =
  /** The folder, or one above it, may not be written or handed to the database's account. */
  | 'unwritable'
  | 'diskFull'
  /** The data exist, but the account that PostgreSQL runs under cannot reach them. */
  | 'unreachable'
  /** A pointer names data that are not there. */
  | 'missing'
  /** The data were made by another major version of PostgreSQL. */
  | 'otherVersion'
  /** No PostgreSQL for this platform, or it does not run here. */
  | 'noBinaries'
  /** It runs but does not answer, or stopped for a reason of its own. */
  | 'failed';

/** The embedded database did not start, stop or answer. The message names the folder, the fact and the
 *  next move; it is never empty. */
export class DatabaseFailed extends Error {
  override readonly name = 'DatabaseFailed';
  readonly reason: FailureReason;
  readonly folder: string;
  constructor(reason: FailureReason, folder: string, said: string, cause?: unknown) {
    super(`database folder ${folder}: ${said}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.folder = folder;
  }
}

/** Another living process holds the data folder. `holderPid` is null when it did not leave its name. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
  readonly folder: string;
  readonly holderPid: number | null;
  constructor(folder: string, holder: { pid: number; host: string; since: string } | null) {
    const who = holder
      ? `process ${holder.pid} on ${holder.host} since ${holder.since}`
      : 'another process';
    super(
      `database folder ${folder}: in use by ${who}; stop that one, or give this one another service.dataDir`,
    );
    this.folder = folder;
    this.holderPid = holder?.pid ?? null;
  }
}

type Sign = { pattern: RegExp; reason: FailureReason; said: string };

const signs: readonly Sign[] = [
  {
    pattern: /No space left on device|ENOSPC|disk is full|Disk quota exceeded|EDQUOT/,
    reason: 'diskFull',
    said: 'the disk is full; free some space there or set service.dataDir to a larger disk',
  },
  {
    pattern: /could not look up effective user ID/,
    reason: 'failed',
    said: 'the account this runs under has no name in /etc/passwd, which PostgreSQL needs; add one or set DATABASE_URL',
  },
  {
    pattern: /database files are incompatible with server/,
    reason: 'otherVersion',
    said: 'made by another version of PostgreSQL; dump it with that version, or set DATABASE_URL',
  },
  {
    pattern: /pre-existing shared memory block|lock file "[^"]*postmaster\.pid" already exists/,
    reason: 'failed',
    said: 'an earlier PostgreSQL still works on it; wait until it is gone, or stop it with SIGINT',
  },
  {
    pattern: /Cannot allocate memory|could not (create|map) (anonymous )?shared memory/,
    reason: 'failed',
    said: 'not enough memory for PostgreSQL; free about 200 MB',
  },
  {
    pattern:
      /error while loading shared libraries|ENOEXEC|GLIBC_|not found \(required by|spawn \S+ ENOENT/,
    reason: 'noBinaries',
    said: 'the bundled PostgreSQL does not run on this system (it needs glibc); set DATABASE_URL to another server',
  },
  {
    pattern: /Permission denied|Operation not permitted|Read-only file system|EACCES|EPERM|EROFS/,
    reason: 'unwritable',
    said: 'may not be written; give it to the user that runs Packhorse, or set service.dataDir to another folder',
  },
  {
    pattern: /ENOTDIR|EEXIST|File exists/,
    reason: 'unwritable',
    said: 'a file stands where a folder is needed; set service.dataDir to another folder',
  },
];

/** Turns what a command wrote, or the error of a system call, into a DatabaseFailed.
 *  Unknown text is passed on: its last lines, or `action` alone when nothing was written. */
export function explainFailure(fact: {
  folder: string;
  /** What was tried, such as `initdb ended with code 1`. */
  action: string;
  output?: string;
  cause?: unknown;
}): DatabaseFailed {
  if (fact.cause instanceof DatabaseFailed) return fact.cause;
  const text = [fact.output?.trim(), fact.cause === undefined ? '' : messageOf(fact.cause)]
    .filter(Boolean)
    .join('\n');
  const detail = text ? `${fact.action}: ${lastLines(text)}` : `${fact.action} and wrote nothing`;
  const sign = signs.find((s) => s.pattern.test(text));
  return sign
    ? new DatabaseFailed(sign.reason, fact.folder, `${sign.said} (${detail})`, fact.cause)
    : new DatabaseFailed('failed', fact.folder, detail, fact.cause);
}

function messageOf(cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string };
  return message?.includes(code ?? '') ? message : `${code ?? ''} ${message ?? cause}`.trim();
}

/** The end of a log is where the reason stands; bounded so that one error stays one screen. */
function lastLines(text: string): string {
  return text.split('\n').slice(-6).join('\n').slice(-1200);
}
