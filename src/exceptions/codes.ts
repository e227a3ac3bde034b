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
  'stock-feed-late': {
    title: 'The warehouse has not told its stock for longer than it should',
    owner: 'integration',
    severity: 'high',
  },
  'stock-feed-dark': {
    title: 'The warehouse has not told its stock for so long that less is offered',
    owner: 'warehouse',
    severity: 'critical',
  },
  'stock-report-unusable': {
    title: 'The stock report has not the columns that are needed',
    owner: 'integration',
    severity: 'critical',
  },
  'stock-mass-change': {
    title: 'So many items would go to zero that a person must look first',
    owner: 'warehouse',
    severity: 'critical',
  },
  'stock-figure-unreadable': {
    title: 'A stock figure is not a whole number',
    owner: 'warehouse',
    severity: 'high',
  },
  'stock-item-twice': {
    title: 'The stock report shows one item twice with different figures',
    owner: 'warehouse',
    severity: 'high',
  },
  'kit-incomplete': {
    title: 'A kit has a part that the warehouse does not stock',
    owner: 'warehouse',
    severity: 'medium',
  },
  'offer-without-item': {
    title: 'The marketplace lists a SKU that the warehouse does not have',
    owner: 'ecommerce',
    severity: 'high',
  },
  'offer-missing': {
    title: 'The marketplace no longer lists a SKU that the warehouse has',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'offer-inactive': {
    title: 'An offer with stock cannot be bought',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'offer-unreadable': {
    title: 'An offer does not have the agreed shape',
    owner: 'integration',
    severity: 'high',
  },
  'stock-line-refused': {
    title: 'The marketplace refused the quantity of a SKU',
    owner: 'ecommerce',
    severity: 'high',
  },
  'stock-import-failed': {
    title: 'The marketplace did not take a file of quantities',
    owner: 'integration',
    severity: 'critical',
  },
  'stock-not-applied': {
    title: 'The marketplace took a quantity but does not show it',
    owner: 'integration',
    severity: 'high',
  },
  'stock-changed-outside': {
    title: 'Somebody else changes a quantity on the marketplace',
    owner: 'ecommerce',
    severity: 'high',
  },
  'stock-method-missing': {
    title: 'The marketplace offers no safe way to send quantities',
    owner: 'integration',
    severity: 'critical',
  },
  'stock-reservation-stuck': {
    title: 'The warehouse has not reserved stock for an order for too long',
    owner: 'warehouse',
    severity: 'medium',
  },
  'despatch-unreadable': {
    title: 'A row of the despatch report cannot be read',
    owner: 'warehouse',
    severity: 'high',
  },
  'despatch-dates-swapped': {
    title: 'Despatch dates only make sense with day and month the other way round',
    owner: 'integration',
    severity: 'critical',
  },
  'despatch-not-ordered': {
    title: 'The warehouse despatched an item that the order does not have',
    owner: 'warehouse',
    severity: 'high',
  },
  'despatch-too-many': {
    title: 'The warehouse despatched more units than were ordered',
    owner: 'warehouse',
    severity: 'high',
  },
  'despatch-kit-unknown': {
    title: 'How many kits left cannot be told from the despatch report',
    owner: 'warehouse',
    severity: 'high',
  },
  'despatch-date-unknown': {
    title: 'A despatch has no date',
    owner: 'warehouse',
    severity: 'medium',
  },
  'despatch-after-cancel': {
    title: 'The warehouse despatched what the marketplace had cancelled',
    owner: 'warehouse',
    severity: 'critical',
  },
  'despatch-by-hand': {
    title: 'Somebody shipped the order in the marketplace with another tracking number',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'carrier-unmapped': {
    title: 'A carrier of the warehouse is mapped to none of the marketplace',
    owner: 'warehouse',
    severity: 'critical',
  },
  'tracking-doubtful': {
    title: 'A tracking number does not look like one',
    owner: 'warehouse',
    severity: 'high',
  },
  'tracking-correction-refused': {
    title: 'The marketplace does not take a changed tracking number',
    owner: 'ecommerce',
    severity: 'medium',
  },
  'confirmation-refused': {
    title: 'The marketplace does not take a despatch',
    owner: 'integration',
    severity: 'high',
  },
  'despatch-not-applied': {
    title: 'The marketplace took a despatch but does not show it',
    owner: 'integration',
    severity: 'critical',
  },
  'despatch-unconfirmed': {
    title: 'Despatched in the warehouse, and the marketplace does not show it',
    owner: 'integration',
    severity: 'critical',
  },
  'sla-despatch': {
    title: 'An order has not left and its deadline is near or past',
    owner: 'warehouse',
    severity: 'critical',
  },
  'sla-forecast': {
    title: "At the warehouse's pace an order will leave too late",
    owner: 'warehouse',
    severity: 'high',
  },
  'withdrawal-proposed': {
    title: 'The warehouse will not send units that the marketplace waits for',
    owner: 'ecommerce',
    severity: 'high',
  },
  'withdrawal-refused': {
    title: 'The marketplace does not take a cancellation or refund',
    owner: 'ecommerce',
    severity: 'high',
  },
} as const satisfies Record<string, CodeFacts>;

export type Code = keyof typeof codes;

export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}
