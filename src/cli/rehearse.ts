/** `packhorse demo` and `packhorse rehearse`: start the programs of rehearsal/ in a process of their own and
 *  hand everything on. The command line itself knows no simulator. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from './exit.ts';

/** Adds `demo` and `rehearse`. The programs read their options themselves, `--help` included. */
export function addRehearse(program: Command): void {
  passThrough(program, 'demo')
    .description('the service, its database and both vendors simulated: a trading day in progress')
    .action(async () => {
      await handOn('demo', fileURLToPath(new URL('../../rehearsal/demo.ts', import.meta.url)));
    });
  passThrough(program, 'rehearse')
    .description(
      'a seeded trading day in virtual time against both simulators; exit 1 when anything is lost or wrong',
    )
    .action(async () => {
      await handOn('rehearse', fileURLToPath(new URL('../../rehearsal/main.ts', import.meta.url)));
    });
}

function passThrough(program: Command, name: string): Command {
  return program
    .command(name)
    .usage('[options] (--help lists them)')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments();
}

async function handOn(name: string, program: string): Promise<void> {
  if (!existsSync(program)) throw new Failure('notFound', `${name}: ${program} is not there`);
  const args = process.argv.slice(process.argv.indexOf(name, 2) + 1);
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well; a second one would mean "at once" to it.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1));
    });
  });
}
