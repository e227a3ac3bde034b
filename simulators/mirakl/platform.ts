/** A01, PC01, V01, RE01, SH12 and SH21: what the shop is and how the operator works. */
import { balanceOf } from './balance.ts';
import { isoOf } from './dates.ts';
import { type Json, Money, write } from './json.ts';
import { type Market, shelfOf } from './market.ts';
import { penFor } from './offers.ts';
import type { Call, Result } from './wire.ts';

const contact: Json = {
  city: 'Exampleton',
  civility: undefined,
  country: 'GBR',
  email: 'shop@example.test',
  firstname: 'Ann',
  lastname: 'Example',
  street1: '1 High Street',
  street2: undefined,
  zip_code: 'XX1 1ZZ',
};

/** A01. */
export function account(market: Market, call: Call): Result {
  const { shop } = call;
  const offers = [...market.offers.values()].filter(
    (offer) => offer.shopId === shop.shopId && !offer.isDeleted,
  );
  const balance = balanceOf(market, shop.shopId);
  const body: Json = {
    applicable_taxes: [],
    approval_delay: undefined,
    approval_rate: undefined,
    banner: undefined,
    billing_info: { bank_name: 'Example Bank', owner: 'Example Trading Ltd' },
    channels: [],
    closed_from: undefined,
    closed_to: undefined,
    contact_informations: contact,
    currency_iso_code: market.settings.currency,
    date_created: isoOf(shop.openedMs),
    default_billing_information: {
      default_language: 'en_GB',
      id: shop.uuid,
      registration_address: {
        city: 'Exampleton',
        country_iso_code: 'GBR',
        street_1: '1 High Street',
      },
    },
    description: undefined,
    domains: ['PRODUCT'],
    evaluations_count: 0,
    free_shipping: false,
    grade: undefined,
    is_professional: true,
    kyc: { reason: undefined, status: 'APPROVED' },
    last_updated_date: isoOf(shop.openedMs),
    model: shop.model,
    offers_count: offers.length,
    orders_count: shelfOf(market, shop.shopId).size,
    payment_details: {
      paid_balance: new Money(balance.paidPence),
      payable_balance: new Money(balance.payablePence),
      pending_balance: new Money(balance.pendingPence),
    },
    payment_method_mandatory: false,
    premium: false,
    pro_details: { corporate_name: 'Example Trading Ltd' },
    shipping: { lead_time_to_ship: market.settings.leadTimeDays },
    shipping_country: 'GBR',
    shipping_types: market.settings.shippingTypes.map((type) => type.code),
    shipping_zones: ['UK'],
    shippings: market.settings.shippingTypes.map((type) => ({
      additional_fields: [],
      shipping_free_amount: undefined,
      shipping_type_code: type.code,
      shipping_type_label: type.label,
      shipping_type_standard_code: type.standardCode ?? undefined,
      shipping_zone_code: 'UK',
      shipping_zone_label: 'United Kingdom',
    })),
    shop_additional_fields: [],
    shop_id: shop.shopId,
    shop_name: shop.name,
    shop_state: shop.state,
    suspension_type: shop.state === 'SUSPENDED' ? 'MANUAL' : undefined,
  };
  return { status: 200, body: write(body, penFor(market, 'platform')) };
}

/** PC01. */
export function platformConfiguration(market: Market): Result {
  const body: Json = {
    features: { ...orderFeatures(market), ...otherFeatures },
    modules,
    platform_configuration: {
      customer_model: { b2b: false, b2c: true },
      enhanced_seller_invoicing: { enabled: false },
      platform_model: {
        drop_ship: [...market.shops.values()].some((shop) => shop.model === 'DROPSHIP'),
        marketplace: true,
        one_creditor: false,
      },
    },
    platform_name: 'Simulated marketplace',
    tenant_name: 'simulated-prod',
    timezone: 'UTC',
  };
  return { status: 200, body: write(body, penFor(market, 'platform')) };
}

/** V01: the status code is the answer. */
export function version(): Result {
  return { status: 200, body: '' };
}

/** RE01. All types in one list, sorted by type. */
export function listReasons(market: Market): Result {
  const reasons = market.settings.reasons
    .toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0))
    .map(({ code, isShopRight, label, type }) => ({
      code,
      is_shop_right: isShopRight,
      label,
      type,
    }));
  return listed(market, { reasons, total_count: reasons.length });
}

/** SH12. */
export function listShippingTypes(market: Market): Result {
  const types = market.settings.shippingTypes.map((type) => ({
    click_and_collect: type.clickAndCollect,
    code: type.code,
    delivery_by_operator: false,
    description: type.description,
    ignore_lead_time_to_ship: false,
    label: type.label,
    mandatory_tracking: type.mandatoryTracking,
    standard_code: type.standardCode ?? undefined,
  }));
  return listed(market, { shipping_types: types });
}

/** SH21. Sorted by label. */
export function listCarriers(market: Market): Result {
  const carriers = market.settings.carriers
    .toSorted((a, b) => (a.label < b.label ? -1 : 1))
    .map((carrier) => ({
      code: carrier.code,
      label: carrier.label,
      standard_code: carrier.standardCode ?? undefined,
      tracking_url: carrier.trackingUrl ?? undefined,
    }));
  return listed(market, { carriers });
}

function listed(market: Market, body: Json): Result {
  return { status: 200, body: write(body, penFor(market, 'platform')) };
}

function orderFeatures(market: Market): { [field: string]: Json } {
  const { settings } = market;
  return {
    disable_seller_alternative_carrier: !settings.alternativeCarriers,
    offer_prices_decimals: '2',
    order_tax_mode: settings.taxMode,
    order_workflows: {
      no_customer_payment_confirmation:
        settings.paymentWorkflow === 'NO_CUSTOMER_PAYMENT_CONFIRMATION',
      order_acceptance: settings.acceptance,
      pause_debit_workflow: false,
      pay_on_due_date: settings.paymentWorkflow === 'PAY_ON_DUE_DATE',
      pay_on_shipment: settings.paymentWorkflow === 'PAY_ON_SHIPMENT',
      sellers_edit_shipping_origin: false,
      shipping_and_billing_details_before_acceptance: settings.detailsBeforeAcceptance,
    },
    shipment: {
      multi_part_item_shipment: settings.multiPartItemShipment,
      multi_shipment: settings.multiShipment,
    },
  };
}

const taxNumber = { mandatory: false, validation_regex: undefined };
const otherFeatures: { [field: string]: Json } = {
  catalog: {
    allow_shop_contribution_to_all_channels: false,
    exclude_invalid_products: true,
    list_of_multiple_values_separator: '|',
    product_acceptance_by_channel: false,
    product_data_validation_by_channel: false,
    product_import_only_on_leaf: true,
  },
  circular_economy_data_collection: false,
  competitive_pricing_tool: false,
  direct_payment_customer_store: { activated: false, refund_cancel_authorized: false },
  dropship: { retail_pricing_edition_enabled: 'NO', retail_pricing_enabled: false },
  kyc_status_per_seller: false,
  lead_time_to_ship_by_sellers_enabled: 'YES',
  multi_currency: false,
  multi_payout_psp_per_seller: false,
  no_reply_needed: false,
  operator_csv_delimiter: 'SEMICOLON',
  order_conditions: {
    lead_time_to_ship: true,
    maximum_order_quantity: false,
    minimum_order_quantity: false,
    package_order_quantity: false,
  },
  payment_confirmation: true,
  pricing: {
    channel_pricing: 'DISABLED',
    discount_period_required: false,
    discount_price_creation_in_the_past_blocked: false,
    scheduled_pricing: false,
    volume_discount: false,
    volume_pricing: false,
  },
  product_data_validation_by_channel: false,
  promotion: { cart_promotion_campaign: false, discount_campaign: false, seller_promotion: false },
  returns: { drop_ship: true, marketplace: true, one_creditor: false },
  shop_tax_options: { local_tax_number: taxNumber, tax_identification_number: taxNumber },
  tax_collection: {
    activated: 'NO',
    product_tax_code_mandatory: false,
    tax_collection_by_operator: false,
  },
  tax_id_number: taxNumber,
  warehouses: { geolocation: false, restricted_countries: [] },
};
const modules: Json = {
  mirakl_catalog_integrator: true,
  mirakl_catalog_manager: false,
  mirakl_catalog_transformer: false,
  mirakl_platform_services: false,
  offer_management: true,
  offer_management_mode: undefined,
  order_management: true,
  order_management_mode: undefined,
  promotions: false,
  quotes: false,
  tax_manager: { activated: false, tax_provider: { avalara: false, vertex: false } },
};
