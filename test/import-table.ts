/** Which file may import which: the table of ARCHITECTURE.md as code. What is not allowed here is refused. */
import { posix } from 'node:path';

/** Flows in the order in which an order meets them; flows of one rank do not know each other. */
const rankOfFlow: Readonly<Record<string, number>> = {
  'src/orders': 1,
  'src/stock': 2,
  'src/despatch': 2,
  'src/returns': 3,
  'src/settlements': 4,
};
const wires = ['src/mirakl', 'src/peoplevox'];

type Permission = (to: string) => boolean;

const leaves: Permission = (to) => areaOf(to) === 'leaf';
const under =
  (...areas: string[]): Permission =>
  (to) =>
    areas.includes(areaOf(to));
const file =
  (path: string): Permission =>
  (to) =>
    to === path;
const anyStore: Permission = (to) => /^src\/[^/]+\/store\.ts$/.test(to);
const anyFlow: Permission = (to) => areaOf(to) in rankOfFlow;
const anything: Permission = () => true;

/** Besides its own folder, which every area but the leaves may import freely. */
const table: Readonly<Record<string, readonly Permission[]>> = {
  leaf: [],
  'src/main.ts': [(to) => to.startsWith('src/')],
  'src/mirakl': [leaves],
  'src/peoplevox': [leaves],
  'src/runtime': [leaves],
  'src/exceptions': [leaves, file('src/runtime/db.ts')],
  'src/audit': [leaves, under(...wires), anyStore, file('src/runtime/db.ts')],
  'src/api': [leaves, anyFlow, under('src/exceptions', 'src/runtime', 'src/audit')],
  'src/cli': [
    leaves,
    anyFlow,
    under('src/exceptions', 'src/runtime', 'src/audit'),
    file('src/main.ts'),
  ],
  console: [],
  simulators: [],
  rehearsal: [leaves, under('simulators'), file('src/main.ts')],
  test: [anything],
  bench: [anything],
  bin: [],
};

/** Whether `from` may import `to`; both are paths from the repository's root. `isTypeOnly`: nothing of it
 *  is left at run time. */
export function mayImport(from: string, to: string, isTypeOnly: boolean): boolean {
  const area = areaOf(from);
  if (to === 'package.json') return true;
  // A test beside the code may import what it tests, and what test/ offers to tests.
  if (/\.test\.tsx?$/.test(from)) {
    if (areaOf(to) === 'test' || posix.dirname(from) === posix.dirname(to)) return true;
  }
  if (area === 'leaf') return from === 'src/config.ts' && leaves(to);
  if (area === areaOf(to)) return true;
  if (area === 'console') return isTypeOnly && areaOf(to) === 'src/api';
  const rank = rankOfFlow[area];
  if (rank !== undefined) return mayFlowImport(rank, to);
  return (table[area] ?? []).some((permits) => permits(to));
}

function mayFlowImport(rank: number, to: string): boolean {
  const other = rankOfFlow[areaOf(to)];
  if (other !== undefined) return other < rank && anyStore(to);
  return leaves(to) || under(...wires, 'src/runtime')(to) || to === 'src/exceptions/codes.ts';
}

/** `leaf` for a file right under src/ (main.ts is its own area), else the folder that the table speaks of. */
function areaOf(path: string): string {
  const [top = '', second = '', ...deeper] = path.split('/');
  if (top !== 'src') return top;
  if (deeper.length > 0) return `src/${second}`;
  return /^main(\.test)?\.ts$/.test(second) ? 'src/main.ts' : 'leaf';
}
