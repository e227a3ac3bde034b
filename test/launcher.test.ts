/** bin/packhorse.cjs, copied beside a stand-in for the command line, so that only the launcher is at work. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repository } from './node-script.ts';

describe('the launcher', () => {
  it('hands on arguments and exit code', async () => {
    const launcher = await install('console.log(JSON.stringify(process.argv.slice(2)));', 7);
    expect(await run(launcher, ['demo', '--days', 'two words'])).toEqual({
      code: 7,
      output: '["demo","--days","two words"]\n',
      errors: '',
    });
  });

  it('works through a symbolic link, as npx and npm link make them', async () => {
    const launcher = await install("const text: string = 'here'; console.log(text);", 0);
    const link = join(await freshFolder(), 'packhorse');
    await symlink(launcher, link);
    expect(await run(link, [])).toMatchObject({ code: 0, output: 'here\n' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('hands on %s', async (signal) => {
    const launcher = await install(
      `process.once('${signal}', () => { console.log('told'); process.exit(3); });
       setInterval(() => {}, 1000);
       console.log('ready');`,
      0,
    );
    const child = start(launcher, []);
    child.stdout?.once('data', () => child.kill(signal));
    expect(await outcome(child)).toMatchObject({ code: 3, output: 'ready\ntold\n' });
  });

  it('ends as a shell would when the command was killed', async () => {
    const launcher = await install("process.kill(process.pid, 'SIGKILL');", 0);
    expect(await run(launcher, [])).toMatchObject({ code: 128 + 9 });
  });

  it('takes the package "node" when the Node it runs under is too old', async () => {
    const launcher = await install("console.log('newer');", 0);
    await symlink(join(repository, 'node_modules'), join(launcher, '../../node_modules'));
    expect(await runUnderOldNode(launcher)).toMatchObject({ code: 0, output: 'newer\n' });
  });

  it('says what to do when there is no Node that will do', async () => {
    const { code, errors } = await runUnderOldNode(await install('', 0));
    expect(code).toBe(1);
    expect(errors).toMatch(/^packhorse: needs Node 24 or newer and found v24.*\nRun npm ci in/);
  });

  it('says that it cannot run from inside node_modules', async () => {
    const folder = join(await freshFolder(), 'node_modules', 'packhorse');
    const { code, errors } = await run(await install('', 0, folder), []);
    expect(code).toBe(1);
    expect(errors).toContain('is inside node_modules, where Node runs no TypeScript');
  });
});

/** Returns the launcher's path. The command runs `code`, then ends with `exitCode` when nothing is left to do. */
async function install(code: string, exitCode: number, folder?: string): Promise<string> {
  const root = folder ?? (await freshFolder());
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'src', 'cli'), { recursive: true });
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await writeFile(join(root, 'src', 'cli', 'main.ts'), `process.exitCode = ${exitCode};\n${code}`);
  const launcher = join(root, 'bin', 'packhorse.cjs');
  await copyFile(join(repository, 'bin', 'packhorse.cjs'), launcher);
  return launcher;
}

async function freshFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'packhorse-launcher-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function start(launcher: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function run(launcher: string, args: readonly string[]) {
  return outcome(start(launcher, args));
}

/** No old Node is at hand here: this one says that it is 20. */
function runUnderOldNode(launcher: string) {
  const disguise = `Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
    require(${JSON.stringify(launcher)});`;
  return outcome(spawn(process.execPath, ['-e', disguise], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function outcome(child: ChildProcess) {
  const said = { output: '', errors: '' };
  child.stdout?.on('data', (bytes) => (said.output += bytes));
  child.stderr?.on('data', (bytes) => (said.errors += bytes));
  const code = await new Promise<number | null>((settle) => child.once('close', settle));
  return { code, ...said };
}
