/** The command line: `packhorse <noun> <verb>`. Each file beside this one adds the commands of one noun. */
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { defaultConfigFile } from '../config.ts';
import { addCarriers } from './carriers.ts';
import { addConfig } from './config.ts';
import { addDespatch } from './despatch.ts';
import { addDespatchActions } from './despatch-actions.ts';
import { addDespatchShow } from './despatch-show.ts';
import { addDoctor } from './doctor.ts';
import { addExceptions } from './exceptions.ts';
import { type Explained, exitCodes, explain } from './exit.ts';
import { addFlows } from './flows.ts';
import { addInit } from './init.ts';
import { addMappings } from './mappings.ts';
import { addOrderActions } from './order-actions.ts';
import { addOrders } from './orders.ts';
import { type Globals, note, printJson } from './output.ts';
import { addRehearse } from './rehearse.ts';
import { addMigrate, addRun } from './run.ts';
import { addSla } from './sla.ts';
import { addStock } from './stock.ts';
import { addStockDiff } from './stock-diff.ts';
import { addStockExplain } from './stock-explain.ts';
import { addStockExposure } from './stock-exposure.ts';
import { addStockRules } from './stock-rules.ts';
import { addStockStatus } from './stock-status.ts';

// A reader that closes early, as `head` does, is no error of ours.
process.stdout.on('error', (error: { code?: string }) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok.code);
});

const program = createProgram();
try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error, program.opts<Globals>());
}

/** The whole command line, ready to parse. */
function createProgram(): Command {
  const command = new Command('packhorse')
    .description('Connects John Lewis Marketplace (Mirakl) with the Peoplevox warehouse.')
    .version(manifest.version)
    .option('-c, --config <file>', 'configuration file', defaultConfigFile)
    .option('--json', 'write data as JSON')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--verbose', 'log everything to standard error; stack traces of errors')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for what is allowed)')
    .addHelpText('after', `\nExit codes:\n${exitCodeText()}`)
    .exitOverride();
  addInit(command);
  addRun(command);
  addDoctor(command);
  const orders = addOrders(command);
  addOrderActions(orders);
  addExceptions(command);
  addMappings(command);
  const stock = addStock(command);
  addStockStatus(stock);
  addStockExplain(stock);
  addStockDiff(stock);
  addStockRules(stock);
  addStockExposure(stock);
  const despatch = addDespatch(command);
  addDespatchShow(despatch);
  addDespatchActions(despatch);
  addCarriers(command);
  addSla(command);
  addFlows(command);
  addConfig(command);
  addMigrate(command);
  addRehearse(command);
  return command;
}

function exitCodeText(): string {
  return Object.values(exitCodes)
    .map((one) => `  ${one.code}  ${one.means}`)
    .join('\n');
}

/** Says what went wrong and returns the exit code. */
function report(error: unknown, globals: Globals): number {
  // Commander has printed its own message already; help that was asked for is no error.
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
  }
  const said: Explained = explain(error);
  const { code } = exitCodes[said.exit];
  note(`packhorse: ${said.message}`);
  if (globals.verbose && error instanceof Error) note(traceOf(error));
  if (globals.json) {
    const { message, problems } = said;
    printJson({ error: { exitCode: code, message, ...(problems ? { problems } : {}) } });
  }
  return code;
}

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${traceOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
