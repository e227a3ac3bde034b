/** Where the embedded database lives and under which account it runs.
 *
 *  A home folder holds: `cluster/` (the data, mode 0700, owned by the account), `socket/` (0700, the same),
 *  `postgres.log`, `pg_hba.conf`, `pg_ident.conf`, `service.lock` and, where needed, a copy of the binaries.
 *  For root the home itself stays root's (0711), so that the account cannot replace what root reads.
 *  The home is the wanted folder. Only when root wants it inside a folder that the account cannot enter
 *  (a checkout under /root) is it `/var/lib/packhorse/<hash of the wanted path>`, and the wanted folder
 *  holds the file `moved-to` with that path. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatabaseFailed, explainFailure } from './failure.ts';

/** User and group that PostgreSQL runs under, numeric. */
export type Account = { uid: number; gid: number };

export type Place = {
  /** Absolute, without symbolic links. */
  home: string;
  cluster: string;
  /** Folder of the Unix socket; short enough for a socket address. */
  sockets: string;
  /** null: this process's own account. */
  account: Account | null;
};

/** `nobody`: PostgreSQL refuses to run as root, and initdb wants an account that has a name. */
const nobody: Account =
  process.platform === 'darwin' ? { uid: 4294967294, gid: 4294967294 } : { uid: 65534, gid: 65534 };

/** Socket addresses hold 104 bytes on macOS and 108 on Linux; `/.s.PGSQL.5432` takes 14 of them. */
const longestSocketFolder = 85;

/** Decides the place and makes its folders, except the cluster. The same answer at every start.
 *  `elsewhere`: absolute bases to try in order when the account cannot enter `dataDir`.
 *  Throws DatabaseFailed (unwritable, diskFull, unreachable, missing). */
export async function settlePlace(options: {
  dataDir: string;
  elsewhere: readonly string[];
}): Promise<Place> {
  const { home, account } = await settleHome(options);
  try {
    return {
      home,
      cluster: join(home, 'cluster'),
      sockets: await makeSocketFolder(home, account),
      account,
    };
  } catch (cause) {
    throw explainFailure({ folder: home, action: 'making its folders failed', cause });
  }
}

/** Where the data of `dataDir` are, for looking only: makes nothing. Null when the folder is not there.
 *  Throws DatabaseFailed when its pointer leads nowhere. */
export async function findPlace(dataDir: string): Promise<Place | null> {
  const wanted = await realpath(resolve(dataDir)).catch(ignoreAbsence);
  if (wanted === null) return null;
  const home = (await readPointer(wanted)) ?? wanted;
  return { home, cluster: join(home, 'cluster'), sockets: socketFolderOf(home), account: null };
}

/** Hands a folder or file that we made to the account. */
export async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

async function settleHome(options: {
  dataDir: string;
  elsewhere: readonly string[];
}): Promise<{ home: string; account: Account | null }> {
  const isRoot = process.getuid?.() === 0;
  const wanted = await makeFolder(resolve(options.dataDir), isRoot ? 0o711 : 0o700);
  const pointed = await readPointer(wanted);
  const home = pointed ?? wanted;
  if (!isRoot) return { home, account: null };

  const owner = await ownerOf(join(home, 'cluster'));
  if (owner) {
    const account = owner.uid === 0 ? nobody : owner;
    if (await canEnter(account, home)) return { home, account };
    throw new DatabaseFailed(
      'unreachable',
      home,
      `its data cannot be reached by user ${account.uid}, under which PostgreSQL runs; ` +
        'let others enter every folder above it (chmod o+x), or move it to one they can enter',
    );
  }
  if (pointed || (await canEnter(nobody, home))) return { home, account: nobody };
  return { home: await moveElsewhere(wanted, options.elsewhere), account: nobody };
}

/** Makes the folder with all above it; returns its path without symbolic links. A folder that exists
 *  keeps its mode. */
async function makeFolder(folder: string, mode: number): Promise<string> {
  try {
    if (await makeWithParents(folder)) await chmod(folder, mode);
    return await realpath(folder);
  } catch (cause) {
    throw explainFailure({ folder, action: 'making it failed', cause });
  }
}

/** Whether the folder was not there before. Not Node's recursive mkdir: on a read-only disk that one
 *  says "no such file", and under /proc it never returns. */
async function makeWithParents(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o755 });
    return true;
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === 'ENOENT' && (await makeWithParents(dirname(folder)))) {
      return makeWithParents(folder);
    }
    const isThere = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return false;
    throw cause;
  }
}

async function readPointer(wanted: string): Promise<string | null> {
  const text = await readFile(join(wanted, 'moved-to'), 'utf8').catch(ignoreAbsence);
  if (text === null) return null;
  const home = text.split('\n')[0]?.trim() ?? '';
  if (home.startsWith('/') && (await ownerOf(home))) return home;
  throw new DatabaseFailed(
    'missing',
    wanted,
    `its file moved-to says that the data are in ${home || '(nothing)'}, which is not there; ` +
      'put them back, or delete the file moved-to to start with an empty database',
  );
}

async function moveElsewhere(wanted: string, bases: readonly string[]): Promise<string> {
  const key = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  let refusal: unknown;
  for (const base of bases) {
    try {
      await makeFolder(base, 0o711);
      const home = await makeFolder(join(base, key), 0o711);
      const { uid } = await lstat(home);
      if (uid !== 0 || !(await canEnter(nobody, home))) {
        throw new Error(`${home} is not root's or cannot be entered by others (EACCES)`);
      }
      await writeFile(join(home, 'belongs-to'), `${wanted}\n`);
      await writeFile(
        join(wanted, 'moved-to'),
        `${home}\n\nThe database runs under an account that cannot enter this folder; its data are there.\n`,
      );
      return home;
    } catch (cause) {
      refusal = cause;
    }
  }
  throw explainFailure({
    folder: wanted,
    action: `user ${nobody.uid} cannot enter it, and no other place was to be had`,
    cause: refusal,
  });
}

/** Beside the data when its path is short enough, else under /tmp (a fixed name, whatever TMPDIR says). */
function socketFolderOf(home: string): string {
  const key = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const beside = join(home, 'socket');
  return Buffer.byteLength(beside) <= longestSocketFolder ? beside : `/tmp/packhorse-${key}`;
}

async function makeSocketFolder(home: string, account: Account | null): Promise<string> {
  const folder = socketFolderOf(home);
  const made = await mkdir(folder, { mode: 0o700 }).then(
    () => true,
    (cause: { code?: string }) => {
      if (cause.code === 'EEXIST') return false;
      throw cause;
    },
  );
  if (made) await giveTo(account, folder);
  // Anybody may have made a folder of this name under /tmp before us.
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== (account?.uid ?? process.getuid?.())) {
    throw new DatabaseFailed(
      'unwritable',
      home,
      `the socket folder ${folder} belongs to user ${found.uid}; remove it`,
    );
  }
  if ((found.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
  return folder;
}

async function ownerOf(path: string): Promise<Account | null> {
  const found = await stat(path).catch(ignoreAbsence);
  return found && { uid: found.uid, gid: found.gid };
}

/** Asks the system itself, as the account: modes, groups, access lists and mounts all have a say. */
function canEnter(account: Account, folder: string): Promise<boolean> {
  return new Promise((settle) => {
    const options = { ...account, cwd: '/', env: {} };
    execFile('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], options, (error) => settle(!error));
  });
}

function ignoreAbsence(cause: { code?: string }): null {
  if (cause.code === 'ENOENT') return null;
  throw cause;
}
