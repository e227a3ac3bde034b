/** Ids that must not be mixed up, as branded strings. */

/** An item of the warehouse, exactly as Peoplevox writes it; leading zeros and case count. Never a shop SKU:
 *  what makes one of the other is the cross-reference table, or that both are the same text. */
export type ItemCode = string & { readonly __brand: 'ItemCode' };
