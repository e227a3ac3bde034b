/** `packhorse init`: a commented configuration to fill in, its schema for editors, and the list of secrets. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { configJsonSchema, defaultConfigFile } from '../config.ts';
import { schemaFile, schemaText } from './config.ts';
import { Failure } from './exit.ts';
import { type Globals, print, show } from './output.ts';

/** Adds `init`. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('write packhorse.yaml with comments, its JSON Schema and .env.example')
    .option('--dir <folder>', 'where to write', '.')
    .option('--force', 'overwrite files that are there')
    .action(async (_options, command: Command) => {
      await init(command.optsWithGlobals<Globals & { dir: string; force?: boolean }>());
    });
}

async function init(options: Globals & { dir: string; force?: boolean }): Promise<void> {
  const folder = resolve(options.dir);
  const files = [
    { path: join(folder, defaultConfigFile), text: await template() },
    { path: join(folder, schemaFile), text: schemaText(configJsonSchema()) },
    { path: join(folder, '.env.example'), text: environmentExample },
  ];
  const there = files.filter((file) => existsSync(file.path)).map((file) => file.path);
  if (there.length > 0 && !options.force) {
    throw new Failure(
      'failed',
      `${there.join(', ')} exists; --force overwrites it, --dir writes elsewhere`,
    );
  }
  if (!options.dryRun) {
    await mkdir(folder, { recursive: true });
    for (const file of files) await writeFile(file.path, file.text);
  }
  const written = files.map((file) => file.path);
  show(options, { isDryRun: Boolean(options.dryRun), written, overwritten: there }, () => {
    for (const path of written) print(`${options.dryRun ? 'would write' : 'wrote'} ${path}`);
    print('');
    print(nextSteps);
  });
}

function template(): Promise<string> {
  return readFile(new URL('./packhorse.example.yaml', import.meta.url), 'utf8');
}

const nextSteps = `Next:
  1. Fill in packhorse.yaml: the marketplace's url and the warehouse's url, clientId and username.
  2. Copy .env.example to .env beside it, put the secrets in, and keep it out of version control.
  3. packhorse config check   are all values allowed?
  4. packhorse doctor         do both vendors accept us, and is everything set up there?
  5. packhorse run            start the service.
To see it work without any vendor: packhorse demo.`;

const environmentExample = `# Secrets of packhorse.yaml. Copy this file to .env beside it; never commit that one.
# Variables that are set in the environment win over the file.

# API key of the marketplace's shop user (its back office, user menu, API key).
JOHN_LEWIS_API_KEY=

# Password of the Peoplevox API user.
PEOPLEVOX_PASSWORD=

# A PostgreSQL of your own. Without it the service starts one by itself.
#DATABASE_URL=postgresql://packhorse@db.example.test:5432/packhorse
`;
