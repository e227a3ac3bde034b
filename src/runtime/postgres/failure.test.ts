import { describe, expect, it } from 'vitest';
import { DatabaseFailed, DatabaseInUse, explainFailure, type FailureReason } from './failure.ts';

const rows: { name: string; output: string; reason: FailureReason; said: string }[] = [
  {
    name: 'a full disk says where to free space',
    output: 'initdb: error: could not write file "x": No space left on device',
    reason: 'diskFull',
    said: 'the disk is full; free some space there',
  },
  {
    name: 'a folder of somebody else says whose it has to be',
    output: "EACCES: permission denied, mkdir '/srv/data'",
    reason: 'unwritable',
    said: 'may not be written; give it to the user',
  },
  {
    name: 'a read-only disk is a folder that may not be written',
    output: "EROFS: read-only file system, mkdir '/srv/data'",
    reason: 'unwritable',
    said: 'may not be written',
  },
  {
    name: 'an account without a name is told about /etc/passwd',
    output: 'initdb: error: could not look up effective user ID 1000680000: user does not exist',
    reason: 'failed',
    said: 'has no name in /etc/passwd',
  },
  {
    name: 'workers of a killed server are waited for',
    output: 'FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use',
    reason: 'failed',
    said: 'an earlier PostgreSQL still works on it',
  },
  {
    name: 'a system without glibc needs another server',
    output: 'spawn /srv/bin/postgres ENOENT',
    reason: 'noBinaries',
    said: 'does not run on this system',
  },
  {
    name: 'text that nobody foresaw is passed on',
    output: 'FATAL:  could not load the moon',
    reason: 'failed',
    said: 'FATAL:  could not load the moon',
  },
  {
    name: 'silence is said to be silence',
    output: '',
    reason: 'failed',
    said: 'PostgreSQL ended with code 1 and wrote nothing',
  },
];

describe('a failure of the embedded database', () => {
  it.each(rows)('$name', ({ output, reason, said }) => {
    const action = 'PostgreSQL ended with code 1';
    const failure = explainFailure({ folder: '/srv/data', action, output });
    expect(failure).toMatchObject({ name: 'DatabaseFailed', reason, folder: '/srv/data' });
    expect(failure.message).toContain(`database folder /srv/data: `);
    expect(failure.message).toContain(said);
  });

  it('keeps the cause, and reads its words', () => {
    const cause = Object.assign(new Error('write failed'), { code: 'ENOSPC' });
    const failure = explainFailure({ folder: '/srv/data', action: 'copying failed', cause });
    expect(failure).toMatchObject({ reason: 'diskFull', cause });
  });

  it('that is explained already is not explained again', () => {
    const cause = new DatabaseFailed('missing', '/srv/data', 'is not there');
    expect(explainFailure({ folder: '/srv/other', action: 'starting failed', cause })).toBe(cause);
  });

  it('shows at most the last lines of a long log', () => {
    const output = Array.from({ length: 1000 }, (_, line) => `line ${line}`).join('\n');
    const { message } = explainFailure({ folder: '/srv/data', action: 'it ended', output });
    expect(message).toContain('line 999');
    expect(message.length).toBeLessThan(2_000);
  });
});

describe('a folder in use', () => {
  it('is reported even when its holder left no name', () => {
    expect(new DatabaseInUse('/srv/data', null)).toMatchObject({
      holderPid: null,
      message: expect.stringContaining('in use by another process; stop that one'),
    });
  });
});
