/** Orders: a marketplace order becomes a warehouse sales order. The steps in order, and the flows that run
 *  them. */
import type { MiraklClient } from '../mirakl/client.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import type { Flow } from '../runtime/flow.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from '../settings.ts';
import { accept } from './accept.ts';
import { cancelDue } from './cancel.ts';
import { exportDue, restartDue } from './export.ts';
import { intake, intakeFlow } from './intake.ts';
import { writeReferences } from './reference.ts';
import { rescan } from './rescan.ts';
import { isAnythingDue } from './sales-order-store.ts';
import { stage } from './stage.ts';
import { verifyDue } from './verify.ts';

export const exportFlow = 'orders.export';
export const acceptFlow = 'orders.accept';
export const referenceFlow = 'orders.reference';
export const rescanFlow = 'orders.rescan';

export type OrdersDeps = {
  settings: Settings;
  channels: readonly { settings: ChannelSettings; mirakl: MiraklClient }[];
  warehouses: readonly { settings: WarehouseSettings; peoplevox: PeoplevoxClient }[];
};

/** Orders are the most urgent thing that calls a vendor. */
const urgency = 0;
/** External partners may poll every 15 minutes only. Source: marketplace-mirakl.md section 4. */
const externalPollSeconds = 900;

/** The flows of this capability, for the runtime to drive. */
export function orderFlows(deps: OrdersDeps): Flow[] {
  return [
    ...deps.channels.flatMap((channel) => channelFlows(deps, channel)),
    ...deps.warehouses.map((warehouse) => warehouseFlow(deps, warehouse)),
  ];
}

function channelFlows(deps: OrdersDeps, one: OrdersDeps['channels'][number]): Flow[] {
  const { settings: channel, mirakl } = one;
  const { cadences, policies } = deps.settings;
  const house = deps.warehouses.find((w) => w.settings.id === channel.warehouse)!;
  const base = { connection: channel.id, urgency };
  const pollSeconds =
    channel.partnerClass === 'external'
      ? Math.max(externalPollSeconds, channel.pollSeconds)
      : channel.pollSeconds;
  return [
    {
      ...base,
      name: intakeFlow,
      everyMs: pollSeconds * 1_000,
      run: async (context) => {
        const result = await intake(context, { channel, mirakl });
        if (!result.hasWork) return;
        await context.wake(exportFlow, channel.warehouse);
        await context.wake(acceptFlow, channel.id);
      },
    },
    {
      ...base,
      name: acceptFlow,
      everyMs: cadences.acceptSeconds * 1_000,
      run: (context) =>
        accept(context, {
          channel,
          mirakl,
          warehouse: house.settings,
          peoplevox: house.peoplevox,
          policies,
        }),
    },
    {
      ...base,
      name: referenceFlow,
      everyMs: cadences.referenceSeconds * 1_000,
      run: async (context) => {
        await writeReferences(context, { channel, mirakl, policies });
      },
    },
    {
      ...base,
      name: rescanFlow,
      everyMs: cadences.rescanSeconds * 1_000,
      run: async (context) => {
        const hasWork = await rescan(context, { channel, mirakl });
        if (hasWork) await context.wake(exportFlow, channel.warehouse);
      },
    },
  ];
}

/** One run for all that the warehouse is told about orders: it takes one call at a time anyway. Cancellations
 *  first, since every minute brings their picking nearer. */
function warehouseFlow(deps: OrdersDeps, one: OrdersDeps['warehouses'][number]): Flow {
  const { settings: warehouse, peoplevox } = one;
  const { cadences, policies } = deps.settings;
  const channels = deps.channels.filter((channel) => channel.settings.warehouse === warehouse.id);
  const exportDeps = { warehouse, peoplevox, policies };
  return {
    name: exportFlow,
    connection: warehouse.id,
    everyMs: cadences.exportSeconds * 1_000,
    urgency,
    run: async (context) => {
      const ids = channels.map((channel) => channel.settings.id);
      // Most runs find nothing: one question in place of one for each step.
      if (!(await isAnythingDue(context.db, warehouse.id, ids, context.clock.now()))) return;
      for (const channel of channels) {
        await stage(context, { channel: channel.settings, warehouse, peoplevox, policies });
      }
      await cancelDue(context, exportDeps);
      await restartDue(context, exportDeps);
      await exportDue(context, exportDeps);
      await verifyDue(context, exportDeps);
    },
  };
}
