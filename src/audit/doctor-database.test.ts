import { describe, expect, it } from 'vitest';
import { type DatabaseFacts, examineDatabase } from './doctor-database.ts';

const healthy: DatabaseFacts = {
  isEmbedded: true,
  place: '/srv/packhorse/postgres',
  isServiceRunning: false,
  version: '18.4',
  missing: [],
  isEmpty: false,
  freeBytes: 50e9,
  sizeBytes: 12e6,
};

describe('the database', () => {
  const rows: [rule: string, facts: Partial<DatabaseFacts>, name: string, status: string][] = [
    ['an old PostgreSQL fails', { version: '13.9' }, 'version', 'fail'],
    ['a new one is fine', { version: '18.4' }, 'version', 'ok'],
    ['missing migrations are a warning', { missing: ['000002-orders.sql'] }, 'schema', 'warn'],
    ['an empty one is fine', { missing: ['000001-x.sql'], isEmpty: true }, 'schema', 'ok'],
    ['a full disk fails', { freeBytes: 1e8 }, 'disk', 'fail'],
    ['a disk that fills is a warning', { freeBytes: 2e9 }, 'disk', 'warn'],
    ['a disk on another machine is not checked', { freeBytes: null }, 'disk', 'unchecked'],
  ];
  it.for(rows)('%s', ([, facts, name, status]) => {
    const found = examineDatabase({ ...healthy, ...facts }).find((one) => one.name === name);
    expect(found?.status).toBe(status);
  });
});
