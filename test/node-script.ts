/** Runs a few lines of JavaScript in a Node process of their own: to be killed, or to be somebody else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export type ScriptOptions = {
  /** Where `./src/...` is imported from. Unset: this repository. */
  cwd?: string;
  /** Unset: the account of the tests. Only root may set it. */
  account?: { uid: number; gid: number };
};

export const repository = fileURLToPath(new URL('..', import.meta.url));

/** Starts the lines as an ES module, without any environment. Killed when the test is over. */
export function spawnScript(code: string, script: ScriptOptions): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    ...script.account,
    cwd: script.cwd ?? repository,
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the lines to their end and returns what they wrote. */
export async function runScript(
  code: string,
  script: ScriptOptions,
): Promise<{ output: string; errors: string }> {
  const child = spawnScript(code, script);
  const said = { output: '', errors: '' };
  child.stdout?.on('data', (bytes) => (said.output += bytes));
  child.stderr?.on('data', (bytes) => (said.errors += bytes));
  await new Promise((settle) => child.once('close', settle));
  return said;
}

/** Resolves when the process has ended, at once when it has already. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((settle) => child.once('exit', settle));
}
