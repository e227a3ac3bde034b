/** Doctor: everything that must be right before going live, asked of the vendors themselves. Reads only; each
 *  check says what was found and, when it is wrong, what to do. */
import type { Clock } from '../clock.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import type { Settings, WarehouseSettings } from '../settings.ts';
import { examineChannel } from './doctor-channel.ts';
import { examineWarehouse } from './doctor-warehouse.ts';
import { type Examination, unchecked } from './finding.ts';

/** What a vendor allows to be asked once a day, kept between two examinations. `mark` tells which credentials
 *  it was read with. */
export type KeptAnswer = { at: string; mark: string; value: unknown };
export type Answers = {
  read(connection: string, kind: string): Promise<KeptAnswer | null>;
  keep(connection: string, kind: string, answer: KeptAnswer): Promise<void>;
};

/** A sales order that we sent: the moment by our clock, and the CreatedDate that we wrote. */
export type SentOrder = { salesOrderNumber: string; sentAt: Date; createdText: string };

export type DoctorDeps = {
  settings: Settings;
  clock: Clock;
  marketplaces: ReadonlyMap<string, MiraklClient>;
  warehouses: ReadonlyMap<
    string,
    {
      peoplevox: PeoplevoxClient;
      logIn(): Promise<void>;
      withEncoding(encoding: WarehouseSettings['passwordEncoding']): PeoplevoxClient;
    }
  >;
  answers: Answers;
  /** The newest first; empty when none is known. */
  sentOrders(warehouse: string): Promise<SentOrder[]>;
  /** Only these channels and warehouses; empty for all. */
  only: readonly string[];
  /** Told before each thing that is examined. */
  onBegin(subject: string): void;
};

/** Examines every channel and warehouse that is enabled, one after the other. Never throws for what a vendor
 *  does: that is a finding. */
export async function examineVendors(deps: DoctorDeps): Promise<Examination[]> {
  const { settings } = deps;
  const isWanted = (id: string) => deps.only.length === 0 || deps.only.includes(id);
  const found: Examination[] = [];
  for (const [index, channel] of settings.channels.entries()) {
    if (!isWanted(channel.id)) continue;
    const subject = `channel ${channel.id}`;
    deps.onBegin(subject);
    const checks = channel.enabled
      ? await examineChannel(deps, channel, `channels[${index}]`)
      : [unchecked('enabled', 'switched off in the configuration')];
    found.push({ subject, checks });
  }
  for (const [index, warehouse] of settings.warehouses.entries()) {
    if (!isWanted(warehouse.id)) continue;
    const subject = `warehouse ${warehouse.id}`;
    deps.onBegin(subject);
    const checks = warehouse.enabled
      ? await examineWarehouse(deps, warehouse, `warehouses[${index}]`)
      : [unchecked('enabled', 'switched off in the configuration')];
    found.push({ subject, checks });
  }
  return found;
}
