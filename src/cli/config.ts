/** `packhorse config check|schema|docs`: the configuration itself. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { configJsonSchema } from '../config.ts';
import { configDocs } from './config-docs.ts';
import { readSettings } from './open-store.ts';
import { counted, type Globals, print, show } from './output.ts';

/** Name of the published JSON Schema, in the repository's root and beside each configuration. */
export const schemaFile = 'packhorse.schema.json';

/** The committed form of the schema. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Adds `config` and its verbs. */
export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('check the configuration; its schema and docs');
  config
    .command('check')
    .description('read the configuration and name every problem in it')
    .action(async (_options, command: Command) => {
      await check(command.optsWithGlobals<Globals>());
    });
  config
    .command('schema')
    .description('print the JSON Schema of packhorse.yaml')
    .option('--write', `write it to ${schemaFile} of this repository`)
    .action(async (_options, command: Command) => {
      const text = schemaText(configJsonSchema());
      await printOrWrite(text, schemaFile, command.optsWithGlobals());
    });
  config
    .command('docs')
    .description('print docs/config.md, made from the schema')
    .option('--write', 'write it to docs/config.md of this repository')
    .action(async (_options, command: Command) => {
      await printOrWrite(configDocs(), 'docs/config.md', command.optsWithGlobals());
    });
}

async function check(globals: Globals): Promise<void> {
  const settings = await readSettings(globals);
  const channels = settings.channels.map((one) => one.id);
  const warehouses = settings.warehouses.map((one) => one.id);
  const database = settings.database.url ? 'configured' : 'embedded';
  show(globals, { isValid: true, file: globals.config, channels, warehouses, database }, () => {
    print(`${globals.config} is valid.`);
    print(`${counted(channels.length, 'channel')}: ${channels.join(', ')}`);
    print(`${counted(warehouses.length, 'warehouse')}: ${warehouses.join(', ')}`);
    print(`database: ${database}`);
    print('Next: packhorse doctor, which asks the vendors.');
  });
}

async function printOrWrite(
  text: string,
  path: string,
  options: Globals & { write?: boolean },
): Promise<void> {
  if (!options.write || options.dryRun) {
    process.stdout.write(text);
    return;
  }
  await writeFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), text);
  print(`wrote ${path}`);
}
