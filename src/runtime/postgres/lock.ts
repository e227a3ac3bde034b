/** One service per data folder. The lock is an exclusive SQLite transaction on `service.lock`: Node has no
 *  flock, and SQLite takes a real file lock that the operating system releases when its holder dies, so
 *  nothing goes stale and two starters cannot both win. The holder's name stands beside it, for the message only. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../clock.ts';
import { DatabaseInUse, explainFailure } from './failure.ts';

/** Call once, after the last write to the folder. */
export type FolderLock = { release(): void };

const sqliteBusy = 5;

/** Takes the lock at once or throws: DatabaseInUse when a living process holds it (this one counts too),
 *  DatabaseFailed when the folder cannot be written. */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'service.json');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'service.lock'), { timeout: 0 });
    // Nothing is ever written into it, and a full disk must not keep anybody from taking the lock.
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
    const holder = {
      pid: process.pid,
      host: hostname(),
      since: systemClock.now().toISOString(),
    };
    writeFileSync(holderFile, `${JSON.stringify(holder)}\n`);
  } catch (cause) {
    lock?.close();
    if ((cause as { errcode?: number }).errcode === sqliteBusy) {
      throw new DatabaseInUse(folder, readHolder(holderFile));
    }
    throw explainFailure({ folder, action: 'locking it failed', cause });
  }
  const held = lock;
  return {
    release() {
      rmSync(holderFile, { force: true });
      held.close();
    },
  };
}

function readHolder(file: string): { pid: number; host: string; since: string } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The holder has the lock but has not written its name yet, or the disk was full when it tried.
    return null;
  }
}
