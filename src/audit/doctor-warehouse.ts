/** Checks on one warehouse connection: login, templates, reports, sites, service types; dates in
 *  doctor-dates.ts. */
import { NoAnswer, Throttled, Unauthorised, VendorDown, VendorError } from '../errors.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { readTemplateRows } from '../peoplevox/paging.ts';
import { missingColumns, type TemplateKey, templateOf } from '../peoplevox/templates.ts';
import type { WarehouseSettings } from '../settings.ts';
import type { DoctorDeps } from './doctor.ts';
import { examineDates } from './doctor-dates.ts';
import { type Check, fail, ok, unchecked, warn } from './finding.ts';
import { nearMatch } from './near-match.ts';
import { type NeededTemplate, neededTemplates, type TemplateSetting } from './needed-columns.ts';

/** Our names of the templates, by their key in the configuration. */
const templateKeys = {
  salesOrders: 'Sales orders',
  salesOrderItems: 'Sales order items',
  itemTypes: 'Item types',
  customers: 'Customers',
  customerAddresses: 'Customer addresses',
  serviceTypes: 'Service types',
  sites: 'Sites',
  itemTypeKittings: 'Item type kittings',
} as const satisfies Record<TemplateSetting, TemplateKey>;

type Subject = {
  deps: DoctorDeps;
  warehouse: WarehouseSettings;
  client: PeoplevoxClient;
  /** Its place in the configuration, such as `warehouses[0]`. */
  path: string;
};

/** All checks of one warehouse; `path` is its place in the configuration. */
export async function examineWarehouse(
  deps: DoctorDeps,
  warehouse: WarehouseSettings,
  path: string,
): Promise<Check[]> {
  const { checks, client } = await examineLogin(deps, warehouse, path);
  if (!client) return [...checks, unchecked('everything else', 'there is no session')];
  const subject: Subject = { deps, warehouse, client, path };
  for (const needed of neededTemplates(warehouse)) {
    const name = `template ${warehouse.templates[needed.setting].name}`;
    checks.push(await guarded(name, () => examineTemplate(subject, needed)));
  }
  const report = `report ${warehouse.reports.itemInventory.name}`;
  checks.push(await guarded(report, () => examineReport(subject, report)));
  checks.push(await guarded('sites', () => examineSites(subject)));
  checks.push(await guarded('service types', () => examineServiceTypes(subject)));
  checks.push(...(await examineDates({ ...subject, client })));
  return checks;
}

/** A vendor's failure in the middle is one check that could not be made, not the end. */
async function guarded(name: string, examine: () => Promise<Check>): Promise<Check> {
  try {
    return await examine();
  } catch (cause) {
    if (!(cause instanceof VendorError)) throw cause;
    if (cause.isRetried) return unchecked(name, cause.message, 'run doctor again in a minute');
    return fail(
      name,
      cause.message,
      'look at it in Peoplevox, or at its name in the configuration',
    );
  }
}

/** Logs in as configured; when that is refused the other encoding is tried, once. */
async function examineLogin(
  deps: DoctorDeps,
  warehouse: WarehouseSettings,
  path: string,
): Promise<{ checks: Check[]; client: PeoplevoxClient | null }> {
  const access = deps.warehouses.get(warehouse.id)!;
  const { username, passwordEncoding: encoding } = warehouse;
  try {
    await access.logIn();
    // A login in the wrong encoding may succeed and give a session that is not accepted.
    await access.peoplevox.getSaveTemplate(warehouse.templates.salesOrders.name);
    const fact = `user ${username} is accepted, password as ${encoding}`;
    return {
      checks: [ok('reachable', `${warehouse.url} answers`), ok('login', fact)],
      client: access.peoplevox,
    };
  } catch (cause) {
    if (!(cause instanceof VendorError)) throw cause;
    if (!(cause instanceof Unauthorised))
      return { checks: [notReached(cause, warehouse, path)], client: null };
    const reached = ok('reachable', `${warehouse.url} answers`);
    const other = encoding === 'base64' ? 'plain' : 'base64';
    const client = access.withEncoding(other);
    if (await isAccepted(client, warehouse)) {
      const fact = `the password is refused as ${encoding} and accepted as ${other}`;
      const remedy = `set ${path}.passwordEncoding: ${other}`;
      return { checks: [reached, fail('login', fact, remedy)], client };
    }
    const remedy = `check ${path}.clientId, ${path}.username and the variable behind ${path}.password; both encodings of the password were tried`;
    return { checks: [reached, fail('login', cause.message, remedy)], client: null };
  }
}

async function isAccepted(client: PeoplevoxClient, warehouse: WarehouseSettings): Promise<boolean> {
  try {
    await client.getSaveTemplate(warehouse.templates.salesOrders.name);
    return true;
  } catch (cause) {
    if (cause instanceof VendorError) return false;
    throw cause;
  }
}

function notReached(cause: VendorError, warehouse: WarehouseSettings, path: string): Check {
  if (cause instanceof Throttled) {
    return unchecked('login', cause.message, 'run doctor again in a minute');
  }
  const isAway = cause instanceof NoAnswer || cause instanceof VendorDown;
  const remedy = isAway
    ? `look whether ${path}.url (${warehouse.url}) is the tenant's host, and whether this machine may call it (proxy, firewall, DNS)`
    : `check ${path}.url and ${path}.clientId`;
  return fail('reachable', cause.message, remedy);
}

async function examineTemplate(subject: Subject, needed: NeededTemplate): Promise<Check> {
  const { warehouse, client, path } = subject;
  const key = templateKeys[needed.setting];
  const own = warehouse.templates[needed.setting];
  const name = `template ${own.name}`;
  const setting = `${path}.templates.${needed.setting}`;
  const { isConfigured, fields: header } = await client.getSaveTemplate(own.name);
  if (!isConfigured) {
    const fact = `not configured in Peoplevox, and needed for ${needed.purpose}`;
    const remedy = `configure it there under Integration, or give its name there as ${setting}.name`;
    return fail(name, fact, remedy);
  }
  const template = templateOf({ [key]: own }, key);
  const columnOf = (field: string) => own.columns[field] ?? field;
  const missing = needed.fields.filter(
    (field) => missingColumns(header, [columnOf(field)]).length > 0,
  );
  if (missing.length === 0) return ok(name, `has every column needed (${needed.fields.length})`);
  // Columns that stand for no field of ours: one of them may be the one that is missed.
  const claimed = new Set(Object.keys(own.columns));
  const strange = header.filter((column) => {
    const field = template.fieldOf(column);
    return (
      field === column && !needed.fields.some((one) => isSame(one, column)) && !claimed.has(column)
    );
  });
  return fail(name, missingFact(missing, columnOf), columnRemedy(missing, strange, setting));
}

function isSame(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

function missingFact(missing: readonly string[], columnOf: (field: string) => string): string {
  const names = missing.map((field) => {
    const column = columnOf(field);
    return column === field ? field : `${column} (for ${field})`;
  });
  return `its header has no column ${names.join(', ')}`;
}

/** One setting for each column that has a likely name; the rest is to be added. */
function columnRemedy(
  missing: readonly string[],
  strange: readonly string[],
  setting: string,
): string {
  const left = [...strange];
  const settings: string[] = [];
  const absent: string[] = [];
  for (const name of missing) {
    const near = nearMatch(name, left);
    if (near === null) {
      absent.push(name);
      continue;
    }
    left.splice(left.indexOf(near), 1);
    settings.push(`${setting}.columns.${yamlKey(name)}: ${near}`);
  }
  const parts: string[] = [];
  if (settings.length > 0) parts.push(`set ${settings.join(' and ')}`);
  if (absent.length > 0) {
    const unknown = left.length > 0 ? ` (there are ${left.join(', ')})` : '';
    parts.push(
      `add ${absent.join(', ')} to it in Peoplevox, or set ${setting}.columns.${yamlKey(absent[0]!)} to its name there${unknown}`,
    );
  }
  return parts.join('; ');
}

function yamlKey(name: string): string {
  return /^\w+$/.test(name) ? name : `"${name}"`;
}

async function examineReport(subject: Subject, name: string): Promise<Check> {
  const { warehouse, client, path, deps } = subject;
  const own = warehouse.reports.itemInventory;
  const setting = `${path}.reports.itemInventory`;
  const isUsed = deps.settings.channels.some(
    (one) =>
      one.enabled &&
      one.warehouse === warehouse.id &&
      one.acceptance.policy === 'auto' &&
      one.acceptance.checkStock,
  );
  const judge = isUsed ? fail : warn;
  let found: string[];
  try {
    found = await client.getReportColumns(own.name);
  } catch (cause) {
    if (!(cause instanceof VendorError) || cause.isRetried) throw cause;
    const why = isUsed ? '; without it no stock is known and no order is accepted' : '';
    return judge(name, `${cause.message}${why}`, `give its name in Peoplevox as ${setting}.name`);
  }
  const columnOf = (column: string) => own.columns[column] ?? column;
  const isMissing = (column: string) => missingColumns(found, [columnOf(column)]).length > 0;
  const needed = ['Item code', 'Site reference', 'Available'].filter(isMissing);
  const wanted = ['On hand', 'Allocated'].filter(isMissing);
  if (needed.length + wanted.length === 0) return ok(name, 'has every column needed (5)');
  const standard = ['Item code', 'Site reference', 'Available', 'On hand', 'Allocated', 'Name'];
  const strange = found.filter((column) => !standard.some((one) => isSame(columnOf(one), column)));
  const missing = [...needed, ...wanted];
  const remedy = columnRemedy(missing, strange, setting);
  return (needed.length > 0 ? judge : warn)(name, missingFact(missing, columnOf), remedy);
}

/** Rows of a list that is only compared with; null when the tenant has not configured its template. */
async function readList(subject: Subject, setting: 'sites' | 'serviceTypes') {
  const { client, warehouse } = subject;
  const { isConfigured } = await client.getSaveTemplate(warehouse.templates[setting].name);
  if (!isConfigured) return null;
  const options = { search: null, neededFields: [] };
  return setting === 'sites'
    ? readTemplateRows(client, 'Sites', { ...options, keyFields: ['Reference'] })
    : readTemplateRows(client, 'Service types', { ...options, keyFields: ['Code', 'Name'] });
}

async function examineSites(subject: Subject): Promise<Check> {
  const { warehouse, path } = subject;
  const list = await readList(subject, 'sites');
  if (!list) {
    return unchecked('sites', `template ${warehouse.templates.sites.name} is not configured`);
  }
  const known = list.rows.map((row) => row['Reference'] ?? '').filter((one) => one !== '');
  const wanted = [
    ...warehouse.sites.map((site, at) => ({ site, setting: `${path}.sites[${at}]` })),
    ...(warehouse.orderSite === undefined
      ? []
      : [{ site: warehouse.orderSite, setting: `${path}.orderSite` }]),
  ];
  const absent = wanted.filter(({ site }) => !known.some((one) => isSame(one, site)));
  if (absent.length === 0) return ok('sites', wanted.map((one) => one.site).join(', '));
  if (!list.isComplete) return unchecked('sites', 'the list of sites could not be read whole');
  const remedies = absent.map(({ site, setting }) => {
    const near = nearMatch(site, known);
    return near === null
      ? `correct ${setting} (there are ${known.join(', ')})`
      : `set ${setting}: ${near}`;
  });
  const names = absent.map((one) => one.site).join(', ');
  return fail('sites', `Peoplevox has no site ${names}`, remedies.join('; '));
}

async function examineServiceTypes(subject: Subject): Promise<Check> {
  const { warehouse, deps } = subject;
  const name = 'service types';
  const wanted = deps.settings.channels.flatMap((channel, at) => {
    if (channel.warehouse !== warehouse.id || !channel.enabled) return [];
    const path = `channels[${at}]`;
    const mapped = Object.entries(channel.shippingTypes).map(([code, type]) => {
      return { type, setting: `${path}.shippingTypes.${yamlKey(code)}` };
    });
    const fallback = channel.defaultServiceType;
    return fallback === undefined
      ? mapped
      : [...mapped, { type: fallback, setting: `${path}.defaultServiceType` }];
  });
  if (wanted.length === 0) return unchecked(name, 'no channel of this warehouse names any');
  const list = await readList(subject, 'serviceTypes');
  if (!list) {
    return unchecked(name, `template ${warehouse.templates.serviceTypes.name} is not configured`);
  }
  const known = list.rows.flatMap((row) => [row['Code'] ?? '', row['Name'] ?? '']).filter(Boolean);
  if (known.length === 0) return unchecked(name, 'Peoplevox lists none');
  const absent = wanted.filter(({ type }) => !known.some((one) => isSame(one, type)));
  if (absent.length === 0) {
    return ok(name, [...new Set(wanted.map((one) => one.type))].join(', '));
  }
  if (!list.isComplete) return unchecked(name, 'the list could not be read whole');
  const remedies = [...Map.groupBy(absent, (one) => one.type)].map(([type, uses]) => {
    const settings = uses.map((one) => one.setting).join(', ');
    const near = nearMatch(type, known);
    return near === null
      ? `correct ${settings}, or add ${type} in Peoplevox`
      : `set ${settings}: ${near}`;
  });
  const names = [...new Set(absent.map((one) => one.type))].join(', ');
  return fail(name, `Peoplevox has no service type ${names}`, remedies.join('; '));
}
