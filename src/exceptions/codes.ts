/** Every reason why work can stop and wait for a person. docs/runbook.md has a heading for each; a test
 *  compares the two. Imports nothing. */

/** Who acts: the retailer's teams, or whoever runs this service for them. */
export type Owner = 'warehouse' | 'ecommerce' | 'finance' | 'integration';
export type Severity = 'low' | 'medium' | 'high' | 'critical';
export type CodeFacts = { title: string; owner: Owner; severity: Severity };

export const codes = {
  'order-unreadable': {
    title: 'A marketplace order does not have the agreed shape',
    owner: 'integration',
    severity: 'high',
  },
  'unknown-item': {
    title: 'No ItemCode in the warehouse is exactly the SKU sold',
    owner: 'ecommerce',
    severity: 'high',
  },
  'retired-item': {
    title: 'The ItemCode is retired in the warehouse',
    owner: 'ecommerce',
    severity: 'high',
  },
  'sku-unusable': {
    title: 'The SKU sold cannot be an ItemCode (empty, too long, or not searchable)',
    owner: 'ecommerce',
    severity: 'high',
  },
  'address-missing': {
    title: 'The order is to be shipped but has no delivery address',
    owner: 'ecommerce',
    severity: 'high',
  },
  'address-incomplete': {
    title: 'The delivery address lacks a part that the carrier needs',
    owner: 'ecommerce',
    severity: 'high',
  },
  'country-unknown': {
    title: 'The delivery country cannot be told',
    owner: 'ecommerce',
    severity: 'high',
  },
  'country-not-served': {
    title: 'The delivery country is not one that this channel delivers to',
    owner: 'ecommerce',
    severity: 'high',
  },
  'number-too-long': {
    title: 'The SalesOrderNumber would be longer than 30 characters',
    owner: 'integration',
    severity: 'high',
  },
  'number-unusable': {
    title: 'The SalesOrderNumber holds a character that the warehouse cannot search for',
    owner: 'integration',
    severity: 'high',
  },
  'number-taken': {
    title: 'The SalesOrderNumber belongs to another order',
    owner: 'integration',
    severity: 'high',
  },
  'field-too-long': {
    title: 'A field of the order is longer than the warehouse takes',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'service-type-unmapped': {
    title: 'The shipping type has no ServiceType in the configuration',
    owner: 'warehouse',
    severity: 'high',
  },
  'totals-differ': {
    title: "The order's total is not the sum of its lines",
    owner: 'finance',
    severity: 'medium',
  },
  'quantity-invalid': {
    title: 'A line to ship has no whole positive quantity',
    owner: 'ecommerce',
    severity: 'high',
  },
  'acceptance-held': {
    title: 'The order waits for somebody to accept or refuse it',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'acceptance-window-closing': {
    title: 'The acceptance window of the marketplace is about to run out',
    owner: 'ecommerce',
    severity: 'critical',
  },
  'acceptance-refused': {
    title: 'The marketplace did not take our acceptance decision',
    owner: 'integration',
    severity: 'high',
  },
  'export-refused': {
    title: 'The warehouse refused the sales order or one of its lines',
    owner: 'warehouse',
    severity: 'high',
  },
  'export-not-visible': {
    title: 'The warehouse took the sales order but does not show it',
    owner: 'warehouse',
    severity: 'critical',
  },
  'export-differs': {
    title: 'The warehouse shows other lines or quantities than were sent',
    owner: 'warehouse',
    severity: 'critical',
  },
  'template-refused': {
    title: 'The warehouse refuses every row of a template',
    owner: 'integration',
    severity: 'critical',
  },
  'cancel-too-late': {
    title: 'Cancelled on the marketplace after picking began',
    owner: 'warehouse',
    severity: 'critical',
  },
  'cancel-not-applied': {
    title: 'The warehouse took the cancellation but does not show it',
    owner: 'warehouse',
    severity: 'high',
  },
  'changed-after-export': {
    title: 'The order changed on the marketplace after it went to the warehouse',
    owner: 'warehouse',
    severity: 'high',
  },
  'reference-refused': {
    title: 'The marketplace did not take the SalesOrderNumber as reference',
    owner: 'integration',
    severity: 'low',
  },
  'incident-open': {
    title: 'The customer or the operator opened an incident before despatch',
    owner: 'ecommerce',
    severity: 'high',
  },
  'connection-refused': {
    title: 'A vendor does not accept our credentials',
    owner: 'integration',
    severity: 'critical',
  },
  'connection-failing': {
    title: 'A flow has failed several times in a row',
    owner: 'integration',
    severity: 'critical',
  },
} as const satisfies Record<string, CodeFacts>;

export type Code = keyof typeof codes;

export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}
