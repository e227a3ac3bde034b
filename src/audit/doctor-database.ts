/** Checks on the database, from facts that the caller gathered. Pure. */
import { type Check, fail, ok, unchecked, warn } from './finding.ts';

export type DatabaseFacts = {
  /** Started by the service, not configured. */
  isEmbedded: boolean;
  /** Where it is, without a password. */
  place: string;
  /** A running service has it open. */
  isServiceRunning: boolean;
  /** PostgreSQL's version, such as `18.4`. */
  version: string;
  /** Names of migrations that are missing; `isEmpty`: none of ours was ever applied. */
  missing: readonly string[];
  isEmpty: boolean;
  /** Bytes free where the data are; null when they are on another machine. */
  freeBytes: number | null;
  /** Bytes that the database takes. */
  sizeBytes: number;
};

/** What pg-boss and our SQL need. */
const oldestMajor = 14;
const gigabyte = 1_000_000_000;
/** Below this a busy week may fill the disk; below the second the service is about to stop. */
const littleBytes = 5 * gigabyte;
const tooLittleBytes = gigabyte / 2;

/** Checks of a database that answers. */
export function examineDatabase(facts: DatabaseFacts): Check[] {
  const kind = facts.isEmbedded ? 'embedded' : 'configured';
  const running = facts.isServiceRunning ? '; a service runs on it' : '; no service runs on it';
  return [
    ok('reachable', `${kind}, ${facts.place}${running}`),
    examineVersion(facts.version),
    examineSchema(facts),
    examineDisk(facts),
  ];
}

/** The one check of a database that does not answer. */
export function examineAbsence(message: string): Check {
  return fail('reachable', message, 'the service cannot start before this is solved');
}

function examineVersion(version: string): Check {
  const fact = `PostgreSQL ${version}`;
  if (Number.parseInt(version, 10) >= oldestMajor) return ok('version', fact);
  return fail('version', fact, `use PostgreSQL ${oldestMajor} or newer`);
}

function examineSchema(facts: DatabaseFacts): Check {
  if (facts.missing.length === 0) return ok('schema', 'up to date');
  if (facts.isEmpty) return ok('schema', 'none yet; packhorse run makes it');
  return warn(
    'schema',
    `${facts.missing.join(', ')} not applied yet`,
    'packhorse migrate, or the next start of packhorse run',
  );
}

function examineDisk(facts: DatabaseFacts): Check {
  const size = `the data take ${sizeText(facts.sizeBytes)}`;
  if (facts.freeBytes === null) {
    return unchecked('disk', `${size}; how much is free on its machine is not known here`);
  }
  const fact = `${sizeText(facts.freeBytes)} free, ${size}`;
  if (facts.freeBytes >= littleBytes) return ok('disk', fact);
  const remedy = 'free some space, or set service.dataDir to a larger disk';
  return (facts.freeBytes < tooLittleBytes ? fail : warn)('disk', fact, remedy);
}

function sizeText(bytes: number): string {
  return bytes >= gigabyte
    ? `${(bytes / gigabyte).toFixed(1)} GB`
    : `${Math.ceil(bytes / 1_000_000)} MB`;
}
