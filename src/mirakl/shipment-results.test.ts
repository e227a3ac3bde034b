import { describe, expect, it } from 'vitest';
import { changesOf, creationsOf, type NewShipment, type SaidError } from './shipment-results.ts';
import type { Shipment } from './shipment-schema.ts';

const orderId = 'A';

function parcel(changes: Partial<NewShipment> & { number?: string; units?: number } = {}) {
  const { number, units = 1, ...rest } = changes;
  const shipment: NewShipment = {
    marketplaceOrderId: orderId,
    lines: [{ orderLineId: 'A-1', quantity: units }],
    isShipped: true,
    ...(number === undefined
      ? {}
      : { tracking: { carrier: { code: 'DPD' }, trackingNumber: number } }),
    ...rest,
  };
  return shipment;
}

function made(shipmentId: string, like: NewShipment, changes: Partial<Shipment> = {}): Shipment {
  const trackingNumber = like.tracking?.trackingNumber ?? null;
  return {
    shipmentId,
    marketplaceOrderId: like.marketplaceOrderId,
    state: 'SHIPPED',
    customerDebitState: null,
    lines: like.lines.map(({ orderLineId, quantity, packageReference = null }) => {
      return { orderLineId, offerSku: null, packageReference, quantity };
    }),
    tracking: { ...noTracking, trackingNumber },
    invoiceReference: like.invoiceReference ?? null,
    warehouseCode: null,
    createdAt: new Date('2026-03-02T09:00:00Z'),
    updatedAt: null,
    shippedAt: null,
    customerDebitedAt: null,
    ...changes,
  };
}

const noTracking = {
  carrierCode: null,
  carrierStandardCode: null,
  carrierName: null,
  trackingNumber: null,
  trackingUrl: null,
  validityStatus: null,
  milestones: [],
};
const t1 = parcel({ number: 'T1' });
const t2 = parcel({ number: 'T2' });
const twoUnits = parcel({ units: 2, number: 'T1' });
const elsewhere = parcel({ marketplaceOrderId: 'B' });
const silent = { tracking: null, lines: [], invoiceReference: null };

/** What became of each, in one word: the created shipment's id, `no: message`, or `? messages`. */
function words(
  sent: NewShipment[],
  answer: { created?: Shipment[]; errors?: [id: string | null, message: string | null][] },
): string[] {
  const errors = (answer.errors ?? []).map(([id, message]): SaidError => ({ id, message }));
  const given = { shipments: answer.created ?? [], unreadable: [], errors };
  return creationsOf(sent, given).map((creation) => {
    const said = creation.messages.join('; ');
    if (creation.outcome === 'created')
      return creation.shipment.shipmentId + (said === '' ? '' : `, but ${said}`);
    return `${creation.outcome === 'refused' ? 'no:' : '?'} ${said}`.trim();
  });
}

describe('creationsOf', () => {
  type Row = [rule: string, sent: NewShipment[], answer: Parameters<typeof words>[1], to: string[]];
  const rows: Row[] = [
    [
      'one shipment per order goes by the order id, in whatever order they come',
      [t1, elsewhere],
      { created: [made('b', elsewhere), made('a', t1)] },
      ['a', 'b'],
    ],
    [
      'an error goes by the order id',
      [t1, elsewhere],
      { created: [made('a', t1)], errors: [['B', 'no B']] },
      ['a', 'no: no B'],
    ],
    [
      'two of one order are told apart by tracking number',
      [t1, t2],
      { created: [made('2', t2), made('1', t1)] },
      ['1', '2'],
    ],
    ['by lines', [t1, twoUnits], { created: [made('2', twoUnits), made('1', t1)] }, ['1', '2']],
    [
      'by invoice reference',
      [parcel({ invoiceReference: 'D1' }), parcel({ invoiceReference: 'D2' })],
      {
        created: [
          made('2', parcel({ invoiceReference: 'D2' })),
          made('1', parcel({ invoiceReference: 'D1' })),
        ],
      },
      ['1', '2'],
    ],
    [
      'by package reference',
      ['P1', 'P2'].map((packageReference) =>
        parcel({ lines: [{ orderLineId: 'A-1', quantity: 1, packageReference }] }),
      ),
      {
        created: ['P2', 'P1'].map((packageReference) =>
          made(
            packageReference,
            parcel({ lines: [{ orderLineId: 'A-1', quantity: 1, packageReference }] }),
          ),
        ),
      },
      ['P1', 'P2'],
    ],
    [
      'equal ones are interchangeable',
      [parcel(), parcel()],
      { created: [made('1', parcel()), made('2', parcel())] },
      ['1', '2'],
    ],
    [
      'one created and one refused of an order: the error is for the one left',
      [t1, t2],
      { created: [made('2', t2)], errors: [['A', 'no T1']] },
      ['no: no T1', '2'],
    ],
    [
      'what the answer leaves out speaks against nobody',
      [t1, twoUnits],
      { created: [made('2', twoUnits, { tracking: null })], errors: [['A', 'no T1']] },
      ['no: no T1', '2'],
    ],
    [
      'when all were created and the answer says little, place decides',
      [t1, t2],
      { created: [made('1', t1, silent), made('2', t2, silent)] },
      ['1', '2'],
    ],
    [
      'one of two created, and nothing tells which: nobody is called created or refused',
      [t1, t2],
      { created: [made('1', t1, silent)], errors: [['A', 'one is wrong']] },
      ['? one is wrong', '? one is wrong'],
    ],
    [
      'errors of one order go by place when each has one',
      [t1, t2],
      {
        errors: [
          ['A', 'no T1'],
          ['A', 'no T2'],
        ],
      },
      ['no: no T1', 'no: no T2'],
    ],
    [
      'one error for two shipments refuses neither for sure',
      [t1, t2],
      { errors: [['A', 'not in SHIPPING']] },
      ['? not in SHIPPING', '? not in SHIPPING'],
    ],
    [
      'an error without an order goes to the only one left',
      [t1, elsewhere],
      { created: [made('a', t1)], errors: [[null, 'no']] },
      ['a', 'no: no'],
    ],
    [
      'errors without an order go by place when there are as many as shipments left',
      [t1, elsewhere],
      {
        errors: [
          [null, 'no A'],
          [null, null],
        ],
      },
      ['no: no A', 'no:'],
    ],
    [
      'an error beside a created shipment is not swallowed',
      [t1, elsewhere],
      { created: [made('a', t1), made('b', elsewhere)], errors: [['A', 'not shipped']] },
      ['a, but not shipped', 'b'],
    ],
    ['a silent answer says nothing', [t1], {}, ['?']],
    [
      'a shipment of an order that was not sent is nobody’s',
      [t1],
      { created: [made('b', elsewhere)] },
      ['?'],
    ],
  ];
  it.each(rows)('%s', (_rule, sent, answer, to) => expect(words(sent, answer)).toEqual(to));

  it('an unreadable shipment leaves its order open, and no other', () => {
    const results = creationsOf([t1, elsewhere], {
      shipments: [made('b', elsewhere)],
      unreadable: [{ id: 'A', index: 0, problem: 'id: missing' }],
      errors: [],
    });
    expect(results.map(({ outcome, messages }) => [outcome, messages])).toEqual([
      ['unmentioned', ['unreadable: id: missing']],
      ['created', []],
    ]);
  });
});

describe('changesOf', () => {
  type Row = [rule: string, succeeded: string[], errors: [string | null, string][], to: string[]];
  const rows: Row[] = [
    ['by id, in the order sent', ['b'], [['a', 'no']], ['a refused no', 'b done -']],
    ['silence is unmentioned', ['a'], [], ['a done -', 'b unmentioned -']],
    [
      'a nameless error goes to the only one left',
      ['b'],
      [[null, 'no']],
      ['a refused no', 'b done -'],
    ],
    [
      'one nameless error for two refuses neither for sure',
      [],
      [[null, 'no']],
      ['a unmentioned no', 'b unmentioned no'],
    ],
    [
      'both done and refused is neither',
      ['a', 'b'],
      [['a', 'no']],
      ['a unmentioned no', 'b done -'],
    ],
  ];
  it.each(rows)('%s', (_rule, succeeded, errors, to) => {
    const said = errors.map(([id, message]) => ({ id, message }));
    const changes = changesOf(['a', 'b'], { succeeded, errors: said });
    expect(changes.map((c) => `${c.shipmentId} ${c.outcome} ${c.message ?? '-'}`)).toEqual(to);
  });
});
