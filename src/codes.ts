/** Ids that must not be mixed up, as branded strings. */

/** An item of the warehouse, exactly as Peoplevox writes it; leading zeros and case count. */
export type ItemCode = string & { readonly __brand: 'ItemCode' };
/** Our SKU on a marketplace (`shop_sku`, `offer_sku`), exactly as the marketplace writes it. */
export type ShopSku = string & { readonly __brand: 'ShopSku' };
/** The marketplace's `order_id`. */
export type MarketplaceOrderId = string & { readonly __brand: 'MarketplaceOrderId' };
/** The warehouse's key of a sales order, at most 30 characters. */
export type SalesOrderNumber = string & { readonly __brand: 'SalesOrderNumber' };
