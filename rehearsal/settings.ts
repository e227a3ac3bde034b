/** The configuration that rehearsals and the demo run the service with. */
import { type Settings, settingsShape } from '../src/settings.ts';

/** Ids of the simulated marketplaces, the first being John Lewis. */
export const channelIds = ['john-lewis', 'second-market', 'third-market', 'fourth-market'];
/** Sites of the simulated warehouse whose stock is sold, the first few of them as asked for. */
export const siteNames = ['PrimarySite', 'Overflow', 'Returns', 'Mezzanine'];
export const warehouseId = 'main';
export const rehearsalKey = 'rehearsal-key';
export const rehearsalPassword = 'rehearsal-password';

/** Settings for these origins. Not read from a file: secrets here open simulators only. */
export function rehearsalSettings(given: {
  marketplaces: readonly { id: string; url: string }[];
  warehouseUrl: string;
  dataDir?: string;
  pollSeconds?: number;
  /** Sites whose stock is sold; default: the product's own. */
  sites?: readonly string[];
  /** How often stock is read, and files of quantities are sent. */
  cadenceSeconds?: number;
  /** How long before a deadline an order is raised; default: the product's own, for deadlines of days. */
  slaStagesMinutes?: readonly number[];
}): Settings {
  const { sites, cadenceSeconds, slaStagesMinutes } = given;
  return settingsShape.parse({
    service: { logLevel: 'warn', ...(given.dataDir ? { dataDir: given.dataDir } : {}) },
    channels: given.marketplaces.map(({ id, url }) => ({
      id,
      name: id === 'john-lewis' ? 'John Lewis' : id,
      url,
      apiKey: rehearsalKey,
      shopId: '2000',
      // The third marketplace pages by token only; finding that out costs one refused call.
      ...(id === 'third-market' ? { paging: 'seek' } : {}),
      warehouse: warehouseId,
      shippingTypes: { STD: 'STD', EXP: 'EXP', LETTER: 'STD' },
      pollSeconds: given.pollSeconds ?? 60,
      ...(cadenceSeconds ? { stock: { publishSeconds: cadenceSeconds } } : {}),
      ...(slaStagesMinutes ? { despatch: { sla: { stagesMinutes: [...slaStagesMinutes] } } } : {}),
    })),
    warehouses: [
      {
        id: warehouseId,
        url: given.warehouseUrl,
        clientId: 'rehearsal1',
        username: 'packhorse',
        password: rehearsalPassword,
        // Its reports take seconds: one that is silent for so long is lost.
        reportTimeoutSeconds: 120,
        ...(sites ? { sites: [...sites] } : {}),
        ...(cadenceSeconds ? { stock: { readSeconds: cadenceSeconds } } : {}),
      },
    ],
  });
}
