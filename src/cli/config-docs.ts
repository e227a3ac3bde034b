/** docs/config.md, made from the JSON Schema of packhorse.yaml, so that it cannot fall behind. */
import { configJsonSchema } from '../config.ts';
import { secretKeys } from '../settings.ts';
import { exitCodes } from './exit.ts';

/** The parts of JSON Schema that the settings come to. */
type Schema = {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: readonly string[];
  const?: string;
  pattern?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema;
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
};

type Key = { path: string; schema: Schema; isRequired: boolean; within?: string };

/** The whole document. */
export function configDocs(): string {
  const root = configJsonSchema() as Schema;
  const sections = Object.entries(root.properties ?? {}).map(([name, schema]) => {
    const isRequired = root.required?.includes(name) ?? false;
    const keys = keysOf({ path: name, schema, isRequired });
    return `## ${name}\n\n${sectionIntro[name] ?? ''}\n\n${table(keys)}\n`.replace(
      '\n\n\n\n',
      '\n\n',
    );
  });
  return `${intro}\n${sections.join('\n')}\n${closing()}`;
}

/** Every key that can be set, by its path, such as `channels[].acceptance.policy`; lists and maps are one
 *  key each. */
export function configKeys(): string[] {
  const root = configJsonSchema() as Schema;
  return Object.entries(root.properties ?? {}).flatMap(([name, schema]) =>
    keysOf({ path: name, schema, isRequired: false }).map((key) => key.path),
  );
}

function keysOf(key: Key): Key[] {
  const { schema, path } = key;
  const holder = schema.type === 'array' ? schema.items : schema;
  const inner = holder?.properties;
  if (!holder || !inner) return [key];
  const start = schema.type === 'array' ? `${path}[]` : path;
  return Object.entries(inner).flatMap(([name, child]) =>
    keysOf({
      path: `${start}.${name}`,
      schema: child,
      isRequired: holder.required?.includes(name) ?? false,
      // A group without a default may be left out as a whole.
      ...(key.isRequired || schema.default !== undefined ? {} : { within: path }),
    }),
  );
}

function table(keys: readonly Key[]): string {
  const rows = keys.map(({ path, schema, isRequired, within }) => {
    const required = within === undefined ? '**required**' : `required with \`${within}\``;
    const standard = isRequired ? required : defaultText(schema);
    const meaning = (schema.description ?? '').replaceAll('|', '\\|');
    return [`\`${path}\``, meaning, standard, allowed(path, schema)];
  });
  return markdownTable(['key', 'meaning', 'default', 'allowed'], rows);
}

/** Columns are padded to one width, as the repository's formatter writes tables. */
function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) =>
    Math.max(3, heading.length, ...rows.map((row) => row[at]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [headings, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

function defaultText(schema: Schema): string {
  if (schema.default === undefined) return 'none';
  return schema.default === '' ? 'empty' : `\`${JSON.stringify(schema.default)}\``;
}

function allowed(path: string, schema: Schema): string {
  if (secretKeys.has(path.split('.').at(-1) ?? '')) return '`${NAME}` of an environment variable';
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${one}\``).join(', ');
  if (schema.type === 'array') {
    const least = schema.minItems ? `, at least ${schema.minItems}` : '';
    return `list of ${allowed('', schema.items ?? {})}${least}`;
  }
  if (schema.type === 'object') return mapText(schema);
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'integer' || schema.type === 'number') return rangeText(schema);
  const most = schema.maxLength === undefined ? '' : `, at most ${schema.maxLength} characters`;
  return `text${most}${schema.pattern ? ` like \`${schema.pattern.replaceAll('|', '\\|')}\`` : ''}`;
}

function mapText(schema: Schema): string {
  const names = schema.propertyNames?.enum?.map((one) => `\`${one}\``).join(', ') ?? 'name';
  const values = schema.additionalProperties;
  return `map of ${names} to ${typeof values === 'object' ? allowed('', values) : 'text'}`;
}

function rangeText(schema: Schema): string {
  const what = schema.type === 'integer' ? 'whole number' : 'number';
  const least =
    schema.exclusiveMinimum === undefined
      ? schema.minimum === undefined
        ? ''
        : ` from ${schema.minimum}`
      : ` above ${schema.exclusiveMinimum}`;
  // JSON Schema gives every whole number the largest that JavaScript can hold.
  const isBounded = schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER;
  return `${what}${least}${isBounded ? ` to ${schema.maximum}` : ''}`;
}

const sectionIntro: Readonly<Record<string, string>> = {
  service: 'The process itself.',
  database: 'Where orders, exceptions and histories are kept.',
  channels:
    'A list: one entry for each marketplace connection. Any number of marketplaces that run on Mirakl.',
  warehouses: 'A list: one entry for each Peoplevox tenant.',
  cadences:
    'How often the flows look for work, in seconds. Work that is known of wakes them sooner.',
  policies: 'How patient the service is.',
};

const intro = `# Configuration

<!-- Made by \`packhorse config docs --write\` from src/settings.ts; a test fails when it is not current. -->

One file, \`packhorse.yaml\` (YAML 1.2), or the one that \`--config\` names. \`packhorse init\` writes one with
comments and puts \`packhorse.schema.json\` beside it, by which editors complete and check it.
\`packhorse config check\` names every problem at once, with the key's path, what was found and what is allowed;
the service starts on nothing less than a valid file. \`packhorse doctor\` then asks the vendors whether what
the file says is true.

- **Secrets** (\`apiKey\`, \`password\`, \`clientSecret\`) are references to the environment and nothing else:
  \`apiKey: \${JOHN_LEWIS_API_KEY}\`. Any other value may hold references too.
- A file \`.env\` beside the configuration adds to the environment; what is set in the environment wins.
- \`DATABASE_URL\` names the database when \`database.url\` does not. With neither, the service starts a
  PostgreSQL of its own in \`service.dataDir\`.
- \`[]\` in a path stands for any entry of a list: \`channels[].id\` is \`channels[0].id\` for the first.
`;

function closing(): string {
  const rows = Object.values(exitCodes).map((one) => [String(one.code), one.means]);
  const codes = markdownTable(['code', 'meaning'], rows);
  return `## Exit codes of the command line\n\n${codes}\n`;
}
