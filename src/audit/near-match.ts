/** Which of some names somebody may have meant. Pure. */

/** What tenants call our fields, beyond spelling: lower case, letters and digits only. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  itemcode: [
    'sku',
    'item',
    'itemno',
    'itemnumber',
    'productcode',
    'stockcode',
    'code',
    'partnumber',
  ],
  salesordernumber: ['ordernumber', 'orderno', 'order', 'salesorder', 'sonumber', 'salesorderno'],
  quantityordered: ['qty', 'quantity', 'orderedqty', 'qtyordered', 'units', 'orderqty'],
  customerpurchaseorderreferencenumber: [
    'customerreference',
    'ponumber',
    'purchaseorder',
    'custref',
  ],
  saleprice: ['price', 'unitprice', 'sellingprice'],
  line: ['lineno', 'linenumber', 'orderline'],
  servicetype: ['service', 'shippingservice', 'deliveryservice'],
  channelname: ['channel', 'saleschannel'],
  requesteddeliverydate: ['deliverydate', 'duedate', 'requireddate', 'despatchby'],
  createddate: ['orderdate', 'created', 'date'],
  totalsale: ['total', 'ordertotal', 'grandtotal'],
  taxpaid: ['tax', 'vat'],
  shippingcost: ['shipping', 'delivery', 'carriage', 'postage'],
  contactname: ['contact', 'name', 'deliveryname', 'recipient'],
  reference: ['code', 'id', 'ref'],
  sitereference: ['site', 'warehouse', 'location'],
  onhand: ['stock', 'instock', 'quantityonhand', 'soh'],
  allocated: ['reserved', 'committed'],
  available: ['free', 'freestock', 'availablequantity', 'atp'],
};

/** Least likeness (0 to 1) at which a name is suggested. Lower: far-fetched suggestions. */
const leastLikeness = 0.6;

/** The candidate that most likely stands for `wanted`; null when none is like it. */
export function nearMatch(wanted: string, candidates: readonly string[]): string | null {
  let best: { name: string; likeness: number } | null = null;
  for (const name of candidates) {
    const likeness = likenessOf(wanted, name);
    if (likeness >= leastLikeness && likeness > (best?.likeness ?? 0)) best = { name, likeness };
  }
  return best?.name ?? null;
}

function likenessOf(wanted: string, name: string): number {
  const a = bare(wanted);
  const b = bare(name);
  if (a === '' || b === '') return 0;
  if (a === b) return 1;
  if (synonyms[a]?.includes(b)) return 0.9;
  return 1 - distance(a, b) / Math.max(a.length, b.length);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Levenshtein: letters to insert, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
