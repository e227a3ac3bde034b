/** The JSON of OF24: its shape, and each offer as the cells of a line of OF01. */
import { isRecord, type Shape } from '../body.ts';

const volumePrice: Shape = {
  fields: {
    quantity_threshold: 'integer',
    unit_discount_price: 'unknown',
    unit_origin_price: 'unknown',
  },
  required: ['quantity_threshold', 'unit_origin_price'],
};
const price: Record<string, Shape> = {
  discount_end_date: 'text',
  discount_start_date: 'text',
  unit_discount_price: 'unknown',
  unit_origin_price: 'unknown',
};
const discount: Shape = {
  fields: {
    end_date: 'text',
    price: 'number',
    ranges: {
      list: {
        fields: { price: 'number', quantity_threshold: 'integer' },
        required: ['price', 'quantity_threshold'],
      },
    },
    start_date: 'text',
  },
  required: [],
};
const contribution: Shape = {
  fields: { eco_contribution_amount: 'number', epr_category_code: 'text', producer_id: 'text' },
  required: ['epr_category_code'],
};
const customField: Shape = {
  fields: { code: 'text', type: 'text', value: 'unknown' },
  required: ['code'],
};

/** Body of OF24. Quantities may be text, as in the documented example. */
export const offersShape: Shape = {
  fields: {
    offers: {
      list: {
        fields: {
          all_prices: {
            list: {
              fields: { ...price, channel_code: 'text', volume_prices: { list: volumePrice } },
              required: [],
            },
          },
          allow_quote_requests: 'boolean',
          available_ended: 'text',
          available_started: 'text',
          description: 'text',
          discount,
          eco_contributions: { list: contribution },
          internal_description: 'text',
          leadtime_to_ship: 'integer',
          logistic_class: 'text',
          max_order_quantity: 'integer',
          min_order_quantity: 'integer',
          min_quantity_alert: 'integer',
          msrp: 'number',
          offer_additional_fields: { list: customField },
          package_quantity: 'unknown',
          price: 'number',
          price_additional_info: 'text',
          pricing_unit: 'text',
          product_id: 'text',
          product_id_type: 'text',
          product_tax_code: 'text',
          quantity: 'unknown',
          retail_prices: { list: { fields: price, required: [] } },
          shop_sku: 'text',
          state_code: 'text',
          update_delete: 'text',
        },
        required: [
          'price',
          'product_id',
          'product_id_type',
          'shop_sku',
          'state_code',
          'update_delete',
        ],
      },
      min: 1,
    },
  },
  required: ['offers'],
};

const columnOf: Readonly<Record<string, string>> = {
  shop_sku: 'sku',
  product_id: 'product-id',
  product_id_type: 'product-id-type',
  update_delete: 'update-delete',
  price: 'price',
  quantity: 'quantity',
  state_code: 'state',
  leadtime_to_ship: 'leadtime-to-ship',
  description: 'description',
  internal_description: 'internal-description',
  price_additional_info: 'price-additional-info',
  logistic_class: 'logistic-class',
  min_quantity_alert: 'min-quantity-alert',
  min_order_quantity: 'min-order-quantity',
  max_order_quantity: 'max-order-quantity',
  package_quantity: 'package-quantity',
  available_started: 'available-start-date',
  available_ended: 'available-end-date',
};
const discountColumnOf: Readonly<Record<string, string>> = {
  price: 'discount-price',
  start_date: 'discount-start-date',
  end_date: 'discount-end-date',
};

/** What the offer says, by column; null and what is not kept are left out. */
export function cellsOf(offer: Readonly<Record<string, unknown>>): Map<string, string> {
  const cells = new Map<string, string>();
  collect(offer, columnOf, cells);
  if (isRecord(offer['discount'])) collect(offer['discount'], discountColumnOf, cells);
  return cells;
}

function collect(
  from: Readonly<Record<string, unknown>>,
  columns: Readonly<Record<string, string>>,
  into: Map<string, string>,
): void {
  for (const [field, column] of Object.entries(columns)) {
    const value = from[field];
    if (value !== undefined && value !== null) into.set(column, String(value));
  }
}
