import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configJsonSchema, loadConfig, parseConfig } from './config.ts';
import { ConfigError } from './errors.ts';

const environment = { JL_KEY: 'key-123', PVX_PASSWORD: 'pass-456' };

function config(own: { channel?: string; warehouse?: string; rest?: string } = {}): string {
  return `
channels:
  - id: jl
    name: John Lewis
    url: https://mirakl.example.test/
    apiKey: \${JL_KEY}
    warehouse: main
    ${own.channel ?? ''}
warehouses:
  - id: main
    url: https://peoplevox.example.test
    clientId: client
    username: user
    password: \${PVX_PASSWORD}
    ${own.warehouse ?? ''}
${own.rest ?? ''}
`;
}

function problemsOf(text: string, env: Record<string, string> = environment) {
  try {
    parseConfig(text, env);
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.problems;
    throw cause;
  }
  return [];
}

describe('a good file', () => {
  it('gives the settings with secrets filled in and defaults for the rest', () => {
    const settings = parseConfig(config(), environment);
    expect(settings.channels[0]).toMatchObject({
      apiKey: 'key-123',
      url: 'https://mirakl.example.test',
      pollSeconds: 60,
      overlapSeconds: 300,
      rescanDays: 3,
      sameSku: 'separate',
      countries: ['GBR', 'IMN', 'JEY', 'GGY'],
      acceptance: { policy: 'auto', priceTolerancePercent: 5, onShortStock: 'refuse' },
    });
    expect(settings.warehouses[0]).toMatchObject({
      password: 'pass-456',
      passwordEncoding: 'base64',
      rowsPerCall: 100,
      callsPerSecond: 1,
      timeZone: 'Europe/London',
      templates: { salesOrders: { name: 'Sales orders', columns: {} } },
      customer: { mode: 'channel', create: false },
    });
    expect(settings).toMatchObject({
      service: { logLevel: 'info', dataDir: '.packhorse' },
      database: { poolSize: 12 },
      cadences: { exportSeconds: 30 },
      policies: { retryFirstSeconds: 30, retryMostSeconds: 1800 },
    });
    expect(settings.database.url).toBeUndefined();
  });

  it('takes a reference in the middle of a value', () => {
    const settings = parseConfig(config({ channel: 'salesOrderPrefix: "X${PART}-"' }), {
      ...environment,
      PART: '$&7',
    });
    expect(settings.channels[0]?.salesOrderPrefix).toBe('X$&7-');
  });

  it('may write one attribute and leave the others', () => {
    const own = { warehouse: 'attributes: { Attribute2: channelId }' };
    expect(parseConfig(config(own), environment).warehouses[0]?.attributes).toEqual({
      Attribute2: 'channelId',
    });
  });
});

describe('the database', () => {
  const inFile = config({ rest: 'database: { url: "postgres://file.example.test/a" }' });
  it.each([
    ['the file wins', inFile, 'postgres://env.example.test/b', 'postgres://file.example.test/a'],
    [
      'DATABASE_URL is used without one in the file',
      config(),
      'postgresql://env.example.test/b',
      'postgresql://env.example.test/b',
    ],
    ['an empty DATABASE_URL is none', config(), '', undefined],
  ])('%s', (_rule, text, url, used) => {
    expect(parseConfig(text, { ...environment, DATABASE_URL: url }).database.url).toBe(used);
  });

  it('a DATABASE_URL that is no PostgreSQL URL is named', () => {
    const found = problemsOf(config(), { ...environment, DATABASE_URL: 'mysql://u:hidden@host/x' });
    expect(found).toMatchObject([{ path: 'DATABASE_URL', allowed: 'a postgresql:// URL' }]);
    expect(JSON.stringify(found)).not.toContain('hidden');
  });

  it('a password in a wrong URL is not repeated', () => {
    const found = problemsOf(config({ rest: 'database: { url: "mysql://u:hidden@host/x" }' }));
    expect(found).toMatchObject([{ path: 'database.url' }]);
    expect(JSON.stringify(found)).not.toContain('hidden');
  });
});

describe('a wrong value stops the start', () => {
  it.each([
    [
      'a typo in a key',
      config({ channel: 'polSeconds: 30' }),
      'channels[0].polSeconds',
      'an unknown key',
      'correct its spelling',
    ],
    [
      'a typo at the top',
      config({ rest: 'polices: {}' }),
      'polices',
      'an unknown key',
      'docs/config.md',
    ],
    [
      'too small',
      config({ channel: 'pollSeconds: 1' }),
      'channels[0].pollSeconds',
      '1',
      'at least 15',
    ],
    [
      'too big',
      config({ warehouse: 'sessionMinutes: 60' }),
      'warehouses[0].sessionMinutes',
      '60',
      'at most 29',
    ],
    [
      'another type',
      config({ warehouse: 'rowsPerCall: many' }),
      'warehouses[0].rowsPerCall',
      '"many"',
      'number',
    ],
    [
      'not one of the words',
      config({ warehouse: 'passwordEncoding: rot13' }),
      'warehouses[0].passwordEncoding',
      '"rot13"',
      'base64, plain',
    ],
    [
      'not a time zone',
      config({ warehouse: 'timeZone: London' }),
      'warehouses[0].timeZone',
      '"London"',
      'Europe/London',
    ],
    [
      'a warehouse that is not there',
      config().replace('warehouse: main', 'warehouse: north'),
      'channels[0].warehouse',
      '"north"',
      'one of: main',
    ],
    [
      'a site whose stock is never for sale',
      config({ warehouse: 'sites: [SystemSite]' }),
      'warehouses[0].sites[0]',
      '"SystemSite"',
      'never for sale',
    ],
    [
      'an attribute that does not exist',
      config({ warehouse: 'attributes: { Attribute9: channelId }' }),
      'warehouses[0].attributes.Attribute9',
      'an unknown key',
      'correct its spelling',
    ],
    [
      'neither key nor OAuth2',
      config().replace(/ +apiKey.*\n/, ''),
      'channels[0]',
      '',
      'exactly one of apiKey and oauth2',
    ],
    [
      'a secret written out',
      config().replace('${JL_KEY}', 'key-in-clear'),
      'channels[0].apiKey',
      'a secret written out in the file',
      '${NAME}',
    ],
    [
      'a secret written out around a reference',
      config().replace('${JL_KEY}', 'x${JL_KEY}'),
      'channels[0].apiKey',
      'a secret written out in the file',
      '${NAME}',
    ],
    [
      'a variable that is not set',
      config().replace('${JL_KEY}', '${NO_KEY}'),
      'channels[0].apiKey',
      '${NO_KEY}, but the environment variable NO_KEY is not set',
      'set NO_KEY',
    ],
    ['not YAML', 'channels: [', '(file)', '', 'YAML'],
    [
      'a key given twice',
      config({ rest: 'cadences: {}\ncadences: {}' }),
      '(file)',
      'unique',
      'YAML',
    ],
    ['an alias of nothing', config({ rest: 'cadences: *nothing' }), '(file)', '', 'YAML'],
    ['a list instead of keys', '- 1', '(file)', '[1]', 'object'],
  ])('%s', (_rule, text, path, found, allowed) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toBe(path);
    expect(problems[0]?.found).toContain(found);
    expect(problems[0]?.allowed).toContain(allowed);
  });

  it('an empty file names what is missing', () => {
    expect(problemsOf('').map((one) => one.path)).toEqual(['channels', 'warehouses']);
    expect(problemsOf('')[0]?.found).toBe('nothing');
  });

  it('a variable that is empty is as good as not set', () => {
    const [problem] = problemsOf(config(), { ...environment, JL_KEY: '' });
    expect(problem?.found).toContain('JL_KEY is empty');
  });

  it('every problem is named at once, and no secret with it', () => {
    const text = config({
      channel: 'polSeconds: 1\n    rescanDays: 0',
      warehouse: 'callsPerSecond: 99',
    })
      .replace('${JL_KEY}', 'key-in-clear')
      .replace('${PVX_PASSWORD}', '12345678');
    const problems = problemsOf(text);
    expect(problems.map((one) => one.path).sort()).toEqual([
      'channels[0].apiKey',
      'channels[0].polSeconds',
      'channels[0].rescanDays',
      'warehouses[0].callsPerSecond',
      'warehouses[0].password',
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/key-in-clear|12345678|key-123|pass-456/);
  });

  it('two channels of one id are told apart from their warehouse', () => {
    const twice = config().replace(/(channels:\n)([\s\S]*)(warehouses:)/, '$1$2$2$3');
    expect(problemsOf(twice).map((one) => one.path)).toEqual(['channels[1].id']);
  });
});

describe('loadConfig', () => {
  async function folder() {
    const made = await mkdtemp(join(tmpdir(), 'packhorse-config-'));
    onTestFinished(() => rm(made, { recursive: true }));
    return made;
  }

  it('reads the file', async () => {
    const path = join(await folder(), 'packhorse.yaml');
    await writeFile(path, config());
    expect((await loadConfig(path, environment)).channels[0]?.id).toBe('jl');
  });

  it('a file that is not there is named with the next move', async () => {
    const path = join(await folder(), 'none.yaml');
    await expect(loadConfig(path, environment)).rejects.toMatchObject({
      problems: [
        { path, found: 'no such file', allowed: expect.stringContaining('packhorse init') },
      ],
    });
  });
});

describe('the JSON Schema', () => {
  it('refuses unknown keys and knows every top key of a full configuration', () => {
    const schema = configJsonSchema() as { additionalProperties: boolean; properties: object };
    expect(schema.additionalProperties).toBe(false);
    const settings = parseConfig(config(), environment);
    for (const key of Object.keys(settings)) expect(schema.properties).toHaveProperty(key);
  });
});
