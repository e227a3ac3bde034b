/** What the marketplace says about itself and our shop: settings, lists of codes, and whether it is up. */
import { z } from 'zod';
import type { DecimalText } from '../money.ts';
import type { MiraklClient } from './client.ts';
import { httpDateMs } from './error-from.ts';
import { Unreadable } from './exchange.ts';
import {
  dateOrNull,
  decimalOrNull,
  flag,
  flagOrNull,
  list,
  objectOrNull,
  required,
  shape,
  text,
  unitsOrNull,
  valueAt,
} from './fields.ts';

/** Our shop. Null where the operator does not say. */
export type Shop = {
  shopId: string;
  name: string | null;
  /** `OPEN`, `CLOSE`, `SUSPENDED`, `TERMINATED`. */
  state: string;
  suspensionType: string | null;
  /** `MARKETPLACE`, `DROPSHIP`, `ONE_CREDITOR`. Under dropship, prices are what the operator pays us. */
  model: string | null;
  /** ISO 4217. */
  currency: string | null;
  channelCodes: string[];
  /** Holidays, when the shop sells nothing. */
  closedFrom: Date | null;
  closedUntil: Date | null;
  shippings: { typeCode: string; typeLabel: string | null; zoneCode: string | null }[];
  /** ISO 3166-1 alpha-3. */
  shipsFromCountry: string | null;
  leadTimeToShipDays: number | null;
  kycStatus: string | null;
  balances: {
    paid: DecimalText | null;
    payable: DecimalText | null;
    pending: DecimalText | null;
  } | null;
};

/** The operator's switches that change how we must work; null where this operator does not tell. */
export type Platform = {
  name: string | null;
  tenantName: string | null;
  timezone: string | null;
  models: { marketplace: boolean; dropShip: boolean; oneCreditor: boolean };
  /** `AUTOMATIC`: orders never wait. `NOT_AUTOMATIC`: we decide. `BOTH`: either may happen. */
  orderAcceptance: string | null;
  /** Whether addresses come before acceptance. */
  showsAddressesBeforeAcceptance: boolean | null;
  isPayOnShipment: boolean | null;
  isPayOnDueDate: boolean | null;
  /** True: parcels by ST01 and ST24. False: whole orders by OR23 and OR24. */
  isMultiShipment: boolean | null;
  isMultiPartItemShipment: boolean | null;
  /** True: only carriers of `readCarriers` may be named. */
  allowsRegisteredCarriersOnly: boolean | null;
  orderTaxMode: string | null;
  isTaxCollectedByOperator: boolean | null;
  /** Decimals of an offer's price as text, such as `2`. */
  offerPriceDecimals: string | null;
  /** `COMMA` or `SEMICOLON`. */
  csvDelimiter: string | null;
  channelPricing: string | null;
  isRetailPricingEnabled: boolean | null;
  isMultiCurrency: boolean | null;
  /** Whether returns exist as such, per model of the shop. */
  returns: { marketplace: boolean; dropShip: boolean; oneCreditor: boolean };
};

/** Our shop's profile. Once a day is enough. Throws VendorError. Source: A01. */
export async function readShop(client: MiraklClient): Promise<Shop> {
  const { value } = await client.call({
    operation: 'A01',
    method: 'GET',
    path: '/api/account',
    read: shape(shopSchema),
  });
  return value;
}

/** The operator's switches. Once a day is enough. Throws VendorError. Source: PC01. */
export async function readPlatform(client: MiraklClient): Promise<Platform> {
  const { value } = await client.call({
    operation: 'PC01',
    method: 'GET',
    path: '/api/platform/configuration',
    read: shape(platformSchema),
  });
  return value;
}

/** Whether the marketplace answers us at all. `date` is its clock when it answered, to the second, or null
 *  when it sent none. Throws VendorError. Source: V01. */
export async function checkVersion(
  client: MiraklClient,
): Promise<{ status: number; date: Date | null }> {
  const { status, headers } = await client.call({
    operation: 'V01',
    method: 'GET',
    path: '/api/version',
    read: null,
  });
  const instantMs = httpDateMs(headers['date']);
  return { status, date: instantMs === undefined ? null : new Date(instantMs) };
}

/** A reason that refunds, cancelations, returns or incidents must name. Codes differ per operator. */
export type Reason = {
  code: string;
  label: string | null;
  /** `REFUND`, `CANCELATION`, `RETURN`, `INCIDENT_CLOSE`, ... */
  type: string;
  /** Only such a reason may be used by a shop. */
  isShopRight: boolean;
};

/** All reasons of all types together; filter by `type` and `isShopRight`. Throws VendorError. Source: RE01. */
export async function readReasons(client: MiraklClient): Promise<Reason[]> {
  const row = z
    .object({ code: required, label: text, type: required, is_shop_right: flag })
    .transform(({ is_shop_right, ...rest }): Reason => ({ ...rest, isShopRight: is_shop_right }));
  return readCodes(client, { operation: 'RE01', path: '/api/reasons', key: 'reasons', row });
}

/** A shipping method that a shopper may choose. */
export type ShippingType = {
  code: string;
  label: string | null;
  standardCode: string | null;
  /** True: despatch fails without a tracking number. */
  isTrackingMandatory: boolean;
  isClickAndCollect: boolean;
  isDeliveredByOperator: boolean;
};

/** The operator's shipping methods. Throws VendorError. Source: SH12. */
export async function readShippingTypes(client: MiraklClient): Promise<ShippingType[]> {
  const row = z
    .object({
      code: required,
      label: text,
      standard_code: text,
      mandatory_tracking: flag,
      click_and_collect: flag,
      delivery_by_operator: flag,
    })
    .transform((wire): ShippingType => {
      return {
        code: wire.code,
        label: wire.label,
        standardCode: wire.standard_code,
        isTrackingMandatory: wire.mandatory_tracking,
        isClickAndCollect: wire.click_and_collect,
        isDeliveredByOperator: wire.delivery_by_operator,
      };
    });
  return readCodes(client, {
    operation: 'SH12',
    path: '/api/shipping/types',
    key: 'shipping_types',
    row,
  });
}

/** A carrier the operator has registered. With `trackingUrl` it computes the tracking page by itself. */
export type Carrier = {
  code: string;
  label: string | null;
  standardCode: string | null;
  trackingUrl: string | null;
};

/** The operator's carriers. Throws VendorError. Source: SH21. */
export async function readCarriers(client: MiraklClient): Promise<Carrier[]> {
  const row = z
    .object({ code: required, label: text, standard_code: text, tracking_url: text })
    .transform(({ standard_code, tracking_url, ...rest }): Carrier => {
      return { ...rest, standardCode: standard_code, trackingUrl: tracking_url };
    });
  return readCodes(client, {
    operation: 'SH21',
    path: '/api/shipping/carriers',
    key: 'carriers',
    row,
    isLocalised: false,
  });
}

/** A sales channel of the marketplace. */
export type SalesChannel = { code: string; label: string | null; description: string | null };

/** The operator's channels; empty when it uses none. Throws VendorError. Source: CH11. */
export async function readChannels(client: MiraklClient): Promise<SalesChannel[]> {
  const row = z.object({ code: required, label: text, description: text });
  return readCodes(client, { operation: 'CH11', path: '/api/channels', key: 'channels', row });
}

/** A short unpaged list of codes. */
async function readCodes<T>(
  client: MiraklClient,
  asked: {
    operation: string;
    path: string;
    key: string;
    row: z.ZodType<T>;
    isLocalised?: boolean;
  },
): Promise<T[]> {
  const { value } = await client.call({
    operation: asked.operation,
    method: 'GET',
    path: asked.path,
    isLocalised: asked.isLocalised ?? true,
    read: (body): T[] => {
      if (body === null || typeof body !== 'object') throw new Unreadable('an object is due');
      return shape(z.array(asked.row))(valueAt(body, asked.key) ?? []);
    },
    rows: (rows) => rows.length,
  });
  return value;
}

const shopSchema = z
  .object({
    shop_id: required,
    shop_name: text,
    shop_state: required,
    suspension_type: text,
    model: text,
    currency_iso_code: text,
    channels: list(required),
    closed_from: dateOrNull,
    closed_to: dateOrNull,
    shippings: list(
      z.object({
        shipping_type_code: required,
        shipping_type_label: text,
        shipping_zone_code: text,
      }),
    ),
    shipping_country: text,
    shipping: objectOrNull(z.object({ lead_time_to_ship: unitsOrNull })),
    kyc: objectOrNull(z.object({ status: text })),
    payment_details: objectOrNull(
      z.object({
        paid_balance: decimalOrNull,
        payable_balance: decimalOrNull,
        pending_balance: decimalOrNull,
      }),
    ),
  })
  .transform((wire): Shop => {
    const details = wire.payment_details;
    return {
      shopId: wire.shop_id,
      name: wire.shop_name,
      state: wire.shop_state,
      suspensionType: wire.suspension_type,
      model: wire.model,
      currency: wire.currency_iso_code,
      channelCodes: wire.channels,
      closedFrom: wire.closed_from,
      closedUntil: wire.closed_to,
      shippings: wire.shippings.map((entry) => ({
        typeCode: entry.shipping_type_code,
        typeLabel: entry.shipping_type_label,
        zoneCode: entry.shipping_zone_code,
      })),
      shipsFromCountry: wire.shipping_country,
      leadTimeToShipDays: wire.shipping?.lead_time_to_ship ?? null,
      kycStatus: wire.kyc?.status ?? null,
      balances: details && {
        paid: details.paid_balance,
        payable: details.payable_balance,
        pending: details.pending_balance,
      },
    };
  });

const perModel = objectOrNull(z.object({ marketplace: flag, drop_ship: flag, one_creditor: flag }));

const platformSchema = z
  .object({
    platform_name: text,
    tenant_name: text,
    timezone: text,
    platform_configuration: objectOrNull(z.object({ platform_model: perModel })),
    features: z.object({
      order_workflows: objectOrNull(
        z.object({
          order_acceptance: text,
          shipping_and_billing_details_before_acceptance: flagOrNull,
          pay_on_shipment: flagOrNull,
          pay_on_due_date: flagOrNull,
        }),
      ),
      shipment: objectOrNull(
        z.object({ multi_shipment: flagOrNull, multi_part_item_shipment: flagOrNull }),
      ),
      disable_seller_alternative_carrier: flagOrNull,
      order_tax_mode: text,
      tax_collection: objectOrNull(z.object({ tax_collection_by_operator: flagOrNull })),
      offer_prices_decimals: text,
      operator_csv_delimiter: text,
      pricing: objectOrNull(z.object({ channel_pricing: text })),
      dropship: objectOrNull(z.object({ retail_pricing_enabled: flagOrNull })),
      multi_currency: flagOrNull,
      returns: perModel,
    }),
  })
  .transform((wire): Platform => {
    const { features } = wire;
    return {
      name: wire.platform_name,
      tenantName: wire.tenant_name,
      timezone: wire.timezone,
      models: toModels(wire.platform_configuration?.platform_model ?? null),
      orderAcceptance: features.order_workflows?.order_acceptance ?? null,
      showsAddressesBeforeAcceptance:
        features.order_workflows?.shipping_and_billing_details_before_acceptance ?? null,
      isPayOnShipment: features.order_workflows?.pay_on_shipment ?? null,
      isPayOnDueDate: features.order_workflows?.pay_on_due_date ?? null,
      isMultiShipment: features.shipment?.multi_shipment ?? null,
      isMultiPartItemShipment: features.shipment?.multi_part_item_shipment ?? null,
      allowsRegisteredCarriersOnly: features.disable_seller_alternative_carrier,
      orderTaxMode: features.order_tax_mode,
      isTaxCollectedByOperator: features.tax_collection?.tax_collection_by_operator ?? null,
      offerPriceDecimals: features.offer_prices_decimals,
      csvDelimiter: features.operator_csv_delimiter,
      channelPricing: features.pricing?.channel_pricing ?? null,
      isRetailPricingEnabled: features.dropship?.retail_pricing_enabled ?? null,
      isMultiCurrency: features.multi_currency,
      returns: toModels(features.returns),
    };
  });

function toModels(wire: z.output<typeof perModel>) {
  return {
    marketplace: wire?.marketplace ?? false,
    dropShip: wire?.drop_ship ?? false,
    oneCreditor: wire?.one_creditor ?? false,
  };
}
