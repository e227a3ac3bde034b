/** `packhorse carriers list|map|unmap|check`: what the warehouse's carriers are called on a channel. */
import type { Command } from 'commander';
import { mapCarrier, unmapCarrier } from '../despatch/by-hand.ts';
import { readCarrierMappings, readUsedCarriers } from '../despatch/carrier-store.ts';
import {
  type CarrierChoice,
  type CarrierMapping,
  chooseCarrier,
  doubtTracking,
  trackingUrlOf,
} from '../despatch/carriers.ts';
import { type KeptFacts, readKeptFacts } from '../despatch/facts.ts';
import type { ChannelSettings } from '../settings.ts';
import { exitCodes, Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { agoText, counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { channelsOf } from './stock-scope.ts';

type ServiceOptions = Globals & { service?: string };
type MapOptions = ServiceOptions & { name?: string; url?: string };

/** How far back `lately` goes. */
const usedDays = 30;
const longestName = 255;

/** Adds `carriers` and its verbs. */
export function addCarriers(program: Command): void {
  const carriers = program
    .command('carriers')
    .description("the warehouse's carriers and what a marketplace calls them");
  carriers
    .command('list')
    .description('mappings, registered carriers, and carriers used lately that map to nothing')
    .option('--channel <id>', 'only of this channel')
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<Globals & { channel?: string }>());
    });
  const verb = (name: string, does: string) =>
    carriers
      .command(name)
      .description(does)
      .argument('<channel>', 'which channel')
      .argument('<carrier>', 'as the warehouse writes it; "" for none')
      .option('--service <name>', 'only for this service of the carrier');
  verb('map', 'map a carrier; parcels that wait for it are planned again')
    .argument('[code]', 'code of a registered carrier')
    .option('--name <name>', 'instead of a code: a name that the marketplace does not know')
    .option('--url <template>', 'with --name: page to track at, {number} for the tracking number')
    .action(async (channel: string, carrier: string, code: string | undefined, _options, command) =>
      map({ channel, carrier, code }, command.optsWithGlobals()),
    );
  verb('unmap', 'forget a mapping').action(
    async (channel: string, carrier: string, _options, command: Command) => {
      await unmap({ channel, carrier }, command.optsWithGlobals<ServiceOptions>());
    },
  );
  verb('check', 'what would be told of a tracking number, and what speaks against it')
    .argument('<number>', 'the tracking number as the warehouse shows it')
    .action(async (channel: string, carrier: string, number: string, _options, command) =>
      check({ channel, carrier, number }, command.optsWithGlobals()),
    );
}

/** What a channel's carriers are known to be. `facts` null: not read yet. */
type Table = {
  channel: string;
  mappings: Awaited<ReturnType<typeof readCarrierMappings>>;
  facts: KeptFacts | null;
  used: (Awaited<ReturnType<typeof readUsedCarriers>>[number] & { choice: CarrierChoice })[];
};

async function list(options: Globals & { channel?: string }): Promise<void> {
  await withStore(options, async (store) => {
    const channels: Table[] = [];
    for (const one of channelsOf(store, options.channel))
      channels.push(await tableOfChannel(store, one));
    const data = channels.map(({ facts, ...one }) => ({
      ...one,
      readAt: facts && new Date(facts.readMs),
      registeredOnly: facts?.registeredOnly ?? null,
      registered: facts?.registered ?? null,
    }));
    show(options, { channels: data }, () => {
      for (const [index, one] of channels.entries()) {
        if (index > 0) print();
        printTable(one, store.clock.nowMs());
      }
    });
  });
}

async function tableOfChannel(store: Store, { id: channel }: ChannelSettings): Promise<Table> {
  const mappings = await readCarrierMappings(store.db, channel);
  const facts = await readKeptFacts(store.db, channel);
  const since = new Date(store.clock.nowMs() - usedDays * 86_400_000);
  const used = await readUsedCarriers(store.db, channel, since);
  const rules = { registeredOnly: facts?.registeredOnly ?? false };
  const choose = (one: { carrier: string; service: string }) =>
    chooseCarrier(one, mappings, facts?.registered ?? [], rules);
  return { channel, mappings, facts, used: used.map((one) => ({ ...one, choice: choose(one) })) };
}

function printTable({ channel, mappings, facts, used }: Table, nowMs: number): void {
  print(`Channel ${channel}`);
  if (mappings.length === 0) print('  no mappings; carriers of the same name need none');
  else {
    const rows = mappings.map((one) => [
      `  ${one.carrier || '(none)'}`,
      one.service || 'any',
      one.code ?? '',
      one.name,
      one.url,
      ukTime(one.madeAt),
      one.madeBy,
    ]);
    const headings = ['  carrier', 'service', 'code', 'name', 'tracking page', 'made (UK)', 'by'];
    print(tableOf(headings, rows));
  }
  if (used.length > 0) {
    print(`\n  Used in the last ${usedDays} days`);
    const rows = used.map((one) => [
      `  ${one.carrier || '(none)'}`,
      one.service,
      one.count,
      ukTime(one.lastAt),
      facts ? choiceText(one.choice) : '',
    ]);
    print(tableOf(['  carrier', 'service', 'despatches', 'last (UK)', 'is told as'], rows));
  }
  if (!facts) {
    print('\n  its registered carriers are not read yet; packhorse run reads them once a day');
    return;
  }
  const only = facts.registeredOnly ? '; no others are taken' : '';
  const read = `${ukTime(new Date(facts.readMs))} (${agoText(new Date(facts.readMs), nowMs)} ago)`;
  print(`\n  ${counted(facts.registered.length, 'registered carrier')}, read ${read}${only}`);
  if (facts.registered.length === 0) return;
  const rows = facts.registered.map((one) => [`  ${one.code}`, one.label, one.trackingUrl]);
  print(tableOf(['  code', 'label', 'tracking page'], rows));
}

function choiceText(choice: CarrierChoice): string {
  if (choice.kind === 'unmapped') return `nothing: ${reasons[choice.reason]}${nearText(choice)}`;
  const told = 'code' in choice.carrier ? choice.carrier.code : choice.carrier.name;
  return choice.from === 'sameName' ? `${told} (the same name)` : told;
}

const reasons = {
  noMapping: 'map it',
  notRegistered: 'its mapping leads to a code that is not registered',
  onlyRegistered: 'its mapping leads to a name, and registered carriers only are taken',
  ambiguous: 'several registered carriers are called so; map it',
} as const;

function nearText({ nearest }: { nearest: readonly { code: string; label: string | null }[] }) {
  if (nearest.length === 0) return '';
  const shown = nearest.map((one) =>
    one.label && one.label !== one.code ? `${one.code} (${one.label})` : one.code,
  );
  return `; nearest: ${shown.join(', ')}`;
}

async function map(
  given: { channel: string; carrier: string; code: string | undefined },
  options: MapOptions,
): Promise<void> {
  const mapping = mappingOf(given, options);
  await withStore(options, async (store) => {
    const [channel] = channelsOf(store, given.channel);
    const { id, warehouse } = channel!;
    await requireTaken(store, id, mapping);
    const { carrier, service } = mapping;
    const known = await readCarrierMappings(store.db, id);
    const before = known.find((m) => m.carrier === carrier && m.service === service) ?? null;
    const isDryRun = Boolean(options.dryRun);
    const again = isDryRun
      ? []
      : await store.db
          .transaction()
          .execute((trx) =>
            mapCarrier(trx, store.clock, { channel: id, warehouse, mapping, who: store.who }),
          );
    const data = { isDryRun, channel: id, mapping, before, plannedAgain: again };
    show(options, data, () => {
      const was = before ? ` (was ${before.code ?? before.name})` : '';
      const does = isDryRun ? 'would map' : 'mapped';
      const told = mapping.code ?? mapping.name;
      print(`${does} ${shownCarrier(mapping)} to ${told} on channel ${id}${was}`);
      if (again.length > 0) print(`${counted(again.length, 'order')} will be planned again`);
    });
  });
}

/** What was typed as a mapping. Throws Failure for one that makes no sense. */
function mappingOf(
  given: { carrier: string; code: string | undefined },
  options: MapOptions,
): CarrierMapping {
  const { name, url } = options;
  if ((given.code === undefined) === (name === undefined)) {
    throw new Failure('usage', 'name a registered code, or a --name that the marketplace is told');
  }
  if (url !== undefined && name === undefined) {
    throw new Failure(
      'usage',
      '--url goes with --name; a registered carrier has a page of its own',
    );
  }
  if (name !== undefined && (name.trim() === '' || name.length > longestName)) {
    throw new Failure('usage', `--name is 1 to ${longestName} characters`);
  }
  if (url !== undefined) requireTemplate(url);
  return {
    carrier: given.carrier.trim(),
    service: options.service?.trim() ?? '',
    code: given.code ?? null,
    name: name ?? null,
    url: url ?? null,
  };
}

function requireTemplate(url: string): void {
  const isPage = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isPage && url.includes('{number}')) return;
  throw new Failure(
    'usage',
    `"${url}" is no page to track at: an http or https address with {number} where the tracking number goes`,
  );
}

/** Throws Failure for a mapping that the marketplace would not take. */
async function requireTaken(store: Store, channel: string, mapping: CarrierMapping) {
  const facts = await readFacts(store, channel);
  const choice = chooseCarrier(mapping, [mapping], facts.registered, facts);
  if (choice.kind === 'mapped') return;
  throw new Failure(
    'notFound',
    `nothing was changed: on channel ${channel} ${choice.what}${nearText(choice)}; packhorse carriers list --channel ${channel} shows all`,
  );
}

async function readFacts(store: Store, channel: string): Promise<KeptFacts> {
  const facts = await readKeptFacts(store.db, channel);
  if (facts) return facts;
  throw new Failure(
    'failed',
    `the registered carriers of channel ${channel} are not read yet; packhorse run reads them within a minute`,
  );
}

function shownCarrier({ carrier, service }: { carrier: string; service: string }): string {
  return service === '' ? carrier || '(none)' : `${carrier || '(none)'} / ${service}`;
}

async function unmap(
  given: { channel: string; carrier: string },
  options: ServiceOptions,
): Promise<void> {
  await withStore(options, async (store) => {
    const [channel] = channelsOf(store, given.channel);
    const { id, warehouse } = channel!;
    const key = { carrier: given.carrier.trim(), service: options.service?.trim() ?? '' };
    const known = await readCarrierMappings(store.db, id);
    const before = known.find((m) => m.carrier === key.carrier && m.service === key.service);
    if (!before) {
      const others = known.map(shownCarrier).join(', ') || 'none';
      throw new Failure(
        'notFound',
        `channel ${id} has no mapping of carrier ${shownCarrier(key)}; there are: ${others}`,
      );
    }
    const isDryRun = Boolean(options.dryRun);
    const again = isDryRun
      ? []
      : await store.db
          .transaction()
          .execute((trx) => unmapCarrier(trx, store.clock, { channel: id, warehouse, ...key }));
    show(options, { isDryRun, channel: id, ...key, before, plannedAgain: again ?? [] }, () => {
      const does = isDryRun ? 'would forget' : 'forgot';
      print(`${does} ${shownCarrier(key)} to ${before.code ?? before.name} on channel ${id}`);
    });
  });
}

async function check(
  given: { channel: string; carrier: string; number: string },
  options: ServiceOptions,
): Promise<void> {
  await withStore(options, async (store) => {
    const [channel] = channelsOf(store, given.channel);
    const facts = await readFacts(store, channel!.id);
    const shown = { carrier: given.carrier.trim(), service: options.service?.trim() ?? '' };
    const mappings = await readCarrierMappings(store.db, channel!.id);
    const choice = chooseCarrier(shown, mappings, facts.registered, facts);
    const doubt = doubtTracking({
      trackingNumber: given.number,
      carrier: shown.carrier,
      orderNumbers: [],
      shapes: channel!.despatch.trackingShapes,
    });
    const trackingUrl = urlOf(choice, facts, given.number);
    const isSent = choice.kind === 'mapped' && doubt === null;
    const data = { channel: channel!.id, ...shown, isSent, choice, doubt, trackingUrl };
    show(options, data, () => {
      print(`carrier   ${shownCarrier(shown)} is told as ${choiceText(choice)}`);
      print(`tracking  ${given.number.trim()}${doubt ? `: held back, ${doubt.what}` : ''}`);
      if (trackingUrl) print(`page      ${trackingUrl}`);
      print(isSent ? 'it would be told' : 'it would wait for a person');
    });
    if (!isSent) process.exitCode = exitCodes.failed.code;
  });
}

/** Where a shopper would track it: our template, or the marketplace's own. */
function urlOf(choice: CarrierChoice, facts: KeptFacts, number: string): string | null {
  if (choice.kind !== 'mapped') return null;
  const { carrier } = choice;
  if (!('code' in carrier)) return carrier.url && trackingUrlOf(carrier.url, number);
  return facts.registered.find((one) => one.code === carrier.code)?.trackingUrl ?? null;
}
