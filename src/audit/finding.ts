/** What one check found, and how it is said. Pure. */

/** `unchecked`: there was nothing to judge by, or an earlier failure stands before it; never taken for ok. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unchecked';

/** One check. `remedy` is there when somebody has something to do. */
export type Check = { name: string; status: CheckStatus; fact: string; remedy?: string };

/** The checks of one thing, such as `channel john-lewis`. */
export type Examination = { subject: string; checks: Check[] };

export function ok(name: string, fact: string): Check {
  return { name, status: 'ok', fact };
}

export function warn(name: string, fact: string, remedy: string): Check {
  return { name, status: 'warn', fact, remedy };
}

export function fail(name: string, fact: string, remedy: string): Check {
  return { name, status: 'fail', fact, remedy };
}

export function unchecked(name: string, why: string, remedy?: string): Check {
  return { name, status: 'unchecked', fact: why, ...(remedy === undefined ? {} : { remedy }) };
}
