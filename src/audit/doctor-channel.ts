/** Checks on one marketplace connection. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refused, Throttled, Unauthorised, VendorError } from '../errors.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import {
  checkVersion,
  type Platform,
  readPlatform,
  readShippingTypes,
  readShop,
} from '../mirakl/platform.ts';
import type { ChannelSettings } from '../settings.ts';
import type { DoctorDeps } from './doctor.ts';
import { type Check, fail, ok, unchecked, warn } from './finding.ts';
import { nearMatch } from './near-match.ts';

/** A difference of clocks this large is said; at the second orders may be missed and tokens refused. */
const skewToSayMs = 30_000;
const skewTooLargeMs = 5 * 60_000;
/** A01 and SH12 may be called once a day. */
const answerLivesMs = 86_400_000;

/** All checks of one channel; `path` is its place in the configuration. */
export async function examineChannel(
  deps: DoctorDeps,
  channel: ChannelSettings,
  path: string,
): Promise<Check[]> {
  const client = deps.marketplaces.get(channel.id)!;
  const house = deps.settings.warehouses.find((one) => one.id === channel.warehouse);
  const checks: Check[] = [];
  if (!house?.enabled) {
    checks.push(
      fail(
        'warehouse',
        `warehouse ${channel.warehouse} is switched off, so nothing of this channel runs`,
        `enable it, or set ${path}.enabled: false`,
      ),
    );
  }
  const reach = await examineReach(deps, client, path);
  checks.push(...reach.checks);
  if (!reach.isReachable) {
    return [...checks, unchecked('everything else', 'the marketplace cannot be reached')];
  }
  const { platform, check } = await examineKey(client, channel, path);
  checks.push(check);
  if (!platform) {
    const why =
      check.status === 'fail'
        ? 'the credentials are not accepted'
        : 'the marketplace did not answer';
    return [...checks, unchecked('everything else', why)];
  }
  checks.push(await examineShop(deps, client, channel, path));
  checks.push(...examinePlatform(platform, channel, path));
  checks.push(await examineShippingTypes(deps, client, channel, path));
  return checks;
}

async function examineReach(
  deps: DoctorDeps,
  client: MiraklClient,
  path: string,
): Promise<{ isReachable: boolean; checks: Check[] }> {
  const beforeMs = deps.clock.nowMs();
  try {
    const { date } = await checkVersion(client);
    const middleMs = (beforeMs + deps.clock.nowMs()) / 2;
    return {
      isReachable: true,
      checks: [ok('reachable', `${client.connection.url} answers`), examineSkew(date, middleMs)],
    };
  } catch (cause) {
    if (!(cause instanceof VendorError)) throw cause;
    // An error with Mirakl's own code came from Mirakl; what it means shows at the next call.
    const isMirakl = cause instanceof Refused && cause.vendorCode !== undefined;
    if (isMirakl || cause instanceof Unauthorised || cause instanceof Throttled) {
      const skew = unchecked('clock', 'the answer told no time');
      return { isReachable: true, checks: [ok('reachable', 'it answers'), skew] };
    }
    const remedy = `look whether ${path}.url (${client.connection.url}) is the operator's host, and whether this machine may call it (proxy, firewall, DNS)`;
    return { isReachable: false, checks: [fail('reachable', cause.message, remedy)] };
  }
}

/** `Date` says whole seconds, rounded down: half a second is added. */
function examineSkew(date: Date | null, nowMs: number): Check {
  if (!date) return unchecked('clock', 'the marketplace sends no Date header');
  const skewMs = date.getTime() + 500 - nowMs;
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) <= skewToSayMs)
    return ok('clock', `within ${Math.max(1, seconds)} s of the marketplace's`);
  const fact = `this machine's clock is ${durationText(seconds)} ${skewMs > 0 ? 'behind' : 'ahead of'} the marketplace's`;
  const remedy = 'synchronise the clock of this machine (NTP; timedatectl set-ntp true)';
  return Math.abs(skewMs) > skewTooLargeMs
    ? fail('clock', fact, remedy)
    : warn('clock', fact, remedy);
}

function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

async function examineKey(
  client: MiraklClient,
  channel: ChannelSettings,
  path: string,
): Promise<{ platform: Platform | null; check: Check }> {
  const name = channel.oauth2 ? 'OAuth2 client' : 'API key';
  try {
    const platform = await readPlatform(client);
    const where = platform.name ?? 'the marketplace';
    return { platform, check: ok(name, `accepted by ${where}`) };
  } catch (cause) {
    if (!(cause instanceof VendorError)) throw cause;
    const isShop = channel.shopId !== undefined && (cause.status === 403 || cause.status === 404);
    if (isShop) {
      const fact = `shop ${channel.shopId} is not one of this user's (HTTP ${cause.status})`;
      const remedy = `correct ${path}.shopId; without it the user's first shop is used`;
      return { platform: null, check: fail('shop', fact, remedy) };
    }
    if (cause instanceof Unauthorised) {
      const remedy = channel.oauth2
        ? `check ${path}.oauth2: tokenUrl, clientId and the secret behind clientSecret`
        : `make a key for the shop user in the marketplace's back office (user menu, API key) and put it into the variable that ${path}.apiKey names, without "Bearer"; a new key ends the old one`;
      return { platform: null, check: fail(name, `refused: ${cause.message}`, remedy) };
    }
    if (cause instanceof Refused) {
      const remedy = `check that ${path}.url is the seller API of the operator`;
      return { platform: null, check: fail(name, cause.message, remedy) };
    }
    return {
      platform: null,
      check: unchecked(name, cause.message, 'run doctor again in a minute'),
    };
  }
}

const shopFacts = z.object({
  shopId: z.string(),
  name: z.string().nullable(),
  state: z.string(),
  suspensionType: z.string().nullable(),
  model: z.string().nullable(),
  currency: z.string().nullable(),
  closedFrom: z.string().nullable(),
  closedUntil: z.string().nullable(),
});

async function examineShop(
  deps: DoctorDeps,
  client: MiraklClient,
  channel: ChannelSettings,
  path: string,
): Promise<Check> {
  const answer = await onceADay(deps, channel, 'A01', shopFacts, async () => {
    const shop = await readShop(client);
    const closed = (at: Date | null) => at?.toISOString() ?? null;
    const { closedFrom, closedUntil } = shop;
    return shopFacts.parse({
      ...shop,
      closedFrom: closed(closedFrom),
      closedUntil: closed(closedUntil),
    });
  });
  if (answer.value === null) return unchecked('shop', answer.said);
  const shop = answer.value;
  const who = `${shop.name ?? 'shop'} (${shop.shopId}), ${shop.model ?? 'model not told'}, ${shop.currency ?? 'currency not told'}`;
  const fact = `${who}, ${shop.state}${answer.said}`;
  if (shop.state === 'SUSPENDED' || shop.state === 'TERMINATED') {
    const why = shop.suspensionType === null ? '' : ` (${shop.suspensionType})`;
    return fail('shop', `${fact}${why}: it sells nothing`, 'ask the operator what is missing');
  }
  if (shop.state !== 'OPEN') {
    const until = shop.closedUntil === null ? '' : ` until ${shop.closedUntil.slice(0, 10)}`;
    return warn('shop', `${fact}${until}`, "open the shop in the marketplace's back office");
  }
  if (shop.model === 'DROPSHIP') {
    const remedy = `prices of this shop are what the operator pays you; compare ${path}.acceptance.checkPrice`;
    return warn('shop', fact, remedy);
  }
  return ok('shop', fact);
}

function examinePlatform(platform: Platform, channel: ChannelSettings, path: string): Check[] {
  const addresses = platform.showsAddressesBeforeAcceptance;
  const parcels = platform.isMultiShipment;
  return [
    examineAcceptance(platform.orderAcceptance, channel, path),
    addresses === null
      ? unchecked('addresses', 'the marketplace does not tell when addresses are shown')
      : ok(
          'addresses',
          addresses
            ? 'shown before acceptance; orders are staged at SHIPPING all the same'
            : 'shown after acceptance; orders are staged at SHIPPING, when they are there',
        ),
    parcels === null
      ? unchecked('shipments', 'the marketplace does not tell whether an order may have several')
      : ok(
          'shipments',
          parcels ? 'an order may have several (multi-shipment)' : 'one for each order',
        ),
  ];
}

function examineAcceptance(found: string | null, channel: ChannelSettings, path: string): Check {
  const { policy } = channel.acceptance;
  const fact = `the marketplace says ${found ?? 'nothing'}, acceptance.policy is ${policy}`;
  if (found === null) {
    return unchecked('acceptance', fact, "look in the marketplace's settings who accepts orders");
  }
  if (found === 'AUTOMATIC') {
    return ok('acceptance', `${fact}: orders never wait, the policy is not used`);
  }
  if (policy !== 'off') return ok('acceptance', fact);
  return warn(
    'acceptance',
    `${fact}: orders wait, and another system must accept them before the window ends`,
    `set ${path}.acceptance.policy to auto or manual, unless another system does it`,
  );
}

const shippingFacts = z.array(z.object({ code: z.string(), label: z.string().nullable() }));

async function examineShippingTypes(
  deps: DoctorDeps,
  client: MiraklClient,
  channel: ChannelSettings,
  path: string,
): Promise<Check> {
  const name = 'shipping types';
  const answer = await onceADay(deps, channel, 'SH12', shippingFacts, async () =>
    (await readShippingTypes(client)).map(({ code, label }) => ({ code, label })),
  );
  if (answer.value === null) return unchecked(name, answer.said);
  const theirs = answer.value.map((one) => one.code);
  const mapped = Object.keys(channel.shippingTypes);
  const unmapped = answer.value.filter((one) => !mapped.includes(one.code));
  const foreign = mapped.filter((code) => !theirs.includes(code));
  const facts: string[] = [];
  const remedies: string[] = [];
  if (foreign.length > 0) {
    facts.push(`${path}.shippingTypes has ${foreign.join(', ')}, which the marketplace does not`);
    for (const code of foreign) {
      const near = nearMatch(
        code,
        unmapped.map((one) => one.code),
      );
      remedies.push(near === null ? `remove ${code}` : `write ${near} for ${code}`);
    }
  }
  if (unmapped.length > 0) {
    const list = unmapped.map((one) => (one.label ? `${one.code} (${one.label})` : one.code));
    const fallback = channel.defaultServiceType;
    facts.push(
      `not mapped: ${list.join(', ')}${fallback ? `; they become ${fallback}` : '; such orders wait for a person'}`,
    );
    const lines = unmapped.map((one) => `${path}.shippingTypes.${one.code}`).join(', ');
    if (!fallback)
      remedies.push(`set ${lines} to a Peoplevox service type, or ${path}.defaultServiceType`);
  }
  if (remedies.length > 0) {
    const isNoneMapped = unmapped.length === theirs.length && theirs.length > 0;
    const judge = isNoneMapped && !channel.defaultServiceType ? fail : warn;
    return judge(name, `${facts.join('; ')}${answer.said}`, remedies.join('; '));
  }
  const all = facts.length > 0 ? facts.join('; ') : `all ${theirs.length} are mapped`;
  return ok(name, `${all}${answer.said}`);
}

/** Asks at most once in 24 hours for these credentials; else gives the kept answer. `value` null: neither was
 *  to be had, and `said` says why. */
async function onceADay<T>(
  deps: DoctorDeps,
  channel: ChannelSettings,
  operation: 'A01' | 'SH12',
  shape: z.ZodType<T>,
  ask: () => Promise<T>,
): Promise<{ value: T; said: string } | { value: null; said: string }> {
  const kind = `doctor ${operation}`;
  const nowMs = deps.clock.nowMs();
  const mark = markOf(channel);
  const kept = await deps.answers.read(channel.id, kind);
  const known = kept?.mark === mark ? shape.safeParse(kept.value) : null;
  const ageMs = kept ? nowMs - Date.parse(kept.at) : 0;
  const keptSaid = ` (as of ${durationText(Math.round(ageMs / 1_000))} ago; ${operation} may be asked once a day)`;
  if (known?.success && ageMs < answerLivesMs) return { value: known.data, said: keptSaid };
  try {
    const value = await ask();
    await deps.answers.keep(channel.id, kind, { at: new Date(nowMs).toISOString(), mark, value });
    return { value, said: '' };
  } catch (cause) {
    if (!(cause instanceof VendorError)) throw cause;
    if (known?.success) return { value: known.data, said: keptSaid };
    const why = cause instanceof Throttled ? `${operation} was asked today already` : cause.message;
    return { value: null, said: why };
  }
}

/** Tells credentials apart without keeping them: an answer about one shop is not shown for another. */
function markOf(channel: ChannelSettings): string {
  const secret = channel.apiKey ?? channel.oauth2?.clientId ?? '';
  const text = JSON.stringify([channel.url, channel.shopId ?? null, secret]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
