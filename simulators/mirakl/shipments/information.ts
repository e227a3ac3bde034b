/** What a shop writes on a shipment beside the goods: ST01 and ST31. */
import { isRecord, type Shape } from '../body.ts';
import { msOf } from '../dates.ts';
import type { Market } from '../market.ts';
import type { ShipmentInformation } from './state.ts';

export const informationShape: Shape = {
  fields: { code: 'text', type: 'text', value: 'unknown' },
  required: ['code', 'type', 'value'],
};

type Problem = { code: string; field: string; message: string };

/** The values, and what is wrong with the others. A value is text or an ISO date; the published
 *  file also says "object", which is read as `{ "value": ... }`. */
export function readInformation(
  market: Market,
  given: readonly Record<string, unknown>[] | null | undefined,
): { values: ShipmentInformation[]; problems: Problem[] } {
  const values: ShipmentInformation[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of (given ?? []).entries()) {
    const at = `shipment_additional_information[${index}]`;
    const field = market.settings.shipmentFields.find((one) => one.code === item['code']);
    const value = isRecord(item['value']) ? item['value']['value'] : item['value'];
    if (!field) {
      const message = `Unknown shipment information ${String(item['code'])}`;
      problems.push({ code: 'SHIPMENT_INFORMATION_NOT_FOUND', field: `${at}.code`, message });
    } else if (field.type !== item['type']) {
      const message = `${field.code} is of type ${field.type}`;
      problems.push({ code: 'SHIPMENT_INFORMATION_INVALID_TYPE', field: `${at}.type`, message });
    } else if (!isGood(field.type, value)) {
      const message = `Invalid value for ${field.code}`;
      problems.push({ code: 'SHIPMENT_INFORMATION_INVALID_VALUE', field: `${at}.value`, message });
    } else values.push({ code: field.code, type: field.type, value: value as string });
  }
  return { values, problems };
}

function isGood(type: ShipmentInformation['type'], value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false;
  return type === 'STRING' || msOf(value) !== undefined;
}
