import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { NoAnswer, Refused } from '../errors.ts';
import { exitCodes, explain, Failure } from './exit.ts';

const call = { vendor: 'mirakl', connection: 'jl', operation: 'OR11', effect: 'none' } as const;
const withCode = (code: string, message = 'said') => Object.assign(new Error(message), { code });

describe('exit codes', () => {
  const rows: [rule: string, error: unknown, code: number][] = [
    ['wrong usage', new CommanderError(1, 'commander.unknownOption', 'unknown option'), 2],
    ['a failure of our own', new Failure('notFound', 'no order'), 4],
    ['a refused connection', withCode('ECONNREFUSED'), 3],
    ['a refused password', withCode('28P01'), 3],
    ['a database that is not there', withCode('3D000'), 3],
    ['a database that is shutting down', withCode('57P01'), 3],
    ['a connection that was cut', new Error('Connection terminated unexpectedly'), 3],
    ["a full disk under the database's data", withCode('53100'), 6],
    ['a full disk here', withCode('ENOSPC'), 6],
    ['a missing right', withCode('42501'), 1],
    ['a vendor that does not answer', new NoAnswer('gone', call), 3],
    ['a vendor that refuses', new Refused('no', call, { message: 'no' }), 1],
    ['anything else', new Error('odd'), 1],
  ];
  it.for(rows)('%s', ([, error, code]) => {
    const said = explain(error);
    expect(exitCodes[said.exit].code).toBe(code);
    expect(said.message).not.toBe('');
  });

  it('a connection refused at every address is said by the first', () => {
    const refused = withCode('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5432');
    const error = Object.assign(new AggregateError([refused], ''), { code: 'ECONNREFUSED' });
    expect(explain(error).message).toContain('127.0.0.1:5432');
  });
});
