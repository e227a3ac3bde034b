/** `packhorse flows list|pause|resume|run-now`: what the service does on its own, and stopping it piece by
 *  piece. */
import type { Command } from 'commander';
import {
  type FlowFilter,
  type FlowStatus,
  listFlows,
  pauseFlow,
  resumeFlow,
} from '../runtime/flow-control.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { agoText, counted, type Globals, print, show, tableOf } from './output.ts';

type Options = Globals & { connection?: string; why?: string };

/** Adds `flows` and its verbs. */
export function addFlows(program: Command): void {
  const flows = program.command('flows').description('the repeated work of the service');
  flows
    .command('list')
    .description('each flow: its cadence, when it last went well, failures, pauses')
    .option('--connection <id>', 'only of this channel or warehouse')
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<Options>());
    });
  const verb = (name: string, does: string) =>
    flows
      .command(name)
      .description(does)
      .argument('<flow>', 'such as orders.intake')
      .option('--connection <id>', 'only of this channel or warehouse');
  verb('pause', 'stop a flow until it is resumed; a run under way writes nothing more')
    .option('--why <text>', 'shown to whoever looks next')
    .action(async (flow: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      await change(flow, options, 'paused', (store, one) => {
        const why = options.why ?? 'no reason given';
        return pauseFlow(store.db, store.clock, one, `${why} (${store.who})`);
      });
    });
  verb('resume', 'let a paused flow run again').action(
    async (flow: string, _options, command: Command) => {
      await change(flow, command.optsWithGlobals<Options>(), 'resumed', (store, one) =>
        resumeFlow(store.db, store.clock, one),
      );
    },
  );
  verb('run-now', 'make a flow due now instead of at its next turn').action(
    async (flow: string, _options, command: Command) => {
      await change(flow, command.optsWithGlobals<Options>(), 'due now', (store, one) =>
        wakeFlow(store.db, store.clock, one.flow, one.connection),
      );
    },
  );
}

async function list(options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const flows = await listFlows(store.db, { connection: options.connection });
    show(options, { flows }, () => {
      if (flows.length === 0) return print('no flows yet; the service has not run');
      const nowMs = store.clock.nowMs();
      const rows = flows.map((one) => [
        one.flow,
        one.connection,
        `${one.everySeconds} s`,
        stateOf(one),
        agoText(one.lastOkAt, nowMs),
        one.failures || '',
        (one.pausedWhy ?? one.lastError ?? '').replace(/\s+/g, ' ').slice(0, 100),
      ]);
      print(tableOf(['flow', 'connection', 'every', 'state', 'last ok', 'failures', 'why'], rows));
    });
  });
}

function stateOf(flow: FlowStatus): string {
  if (flow.pausedAt) return 'paused';
  if (flow.runningSince) return 'running';
  return flow.failures > 0 ? 'failing' : 'waiting';
}

async function change(
  flow: string,
  options: Options,
  did: string,
  act: (store: Store, one: FlowStatus) => Promise<void>,
): Promise<void> {
  await withStore(options, async (store) => {
    const filter: FlowFilter = { flow, connection: options.connection };
    const found = await listFlows(store.db, filter);
    if (found.length === 0) {
      const names = [...new Set((await listFlows(store.db, {})).map((one) => one.flow))];
      const known = names.length > 0 ? `there are ${names.join(', ')}` : 'the service has not run';
      const where = options.connection === undefined ? '' : ` on ${options.connection}`;
      throw new Failure('notFound', `no flow ${flow}${where}; ${known}`);
    }
    if (!options.dryRun) for (const one of found) await act(store, one);
    const flows = found.map(({ flow: name, connection }) => ({ flow: name, connection }));
    show(options, { isDryRun: Boolean(options.dryRun), did, flows }, () => {
      const on = found.map((one) => one.connection).join(', ');
      const does = options.dryRun ? `would be ${did}` : did;
      print(`${flow} ${does} on ${counted(found.length, 'connection')}: ${on}`);
      if (did === 'due now' && found.some((one) => one.pausedAt)) {
        print('A paused flow stays paused: packhorse flows resume.');
      }
    });
  });
}
