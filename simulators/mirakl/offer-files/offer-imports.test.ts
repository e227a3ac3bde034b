import { describe, expect, it } from 'vitest';
import { type Answered, openTestShop } from '../test-shop.ts';

const target = '/api/offers/imports';

/** Offer A with everything on it, offers B and C with little. */
function offerShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop(options);
  shop.simulator.setOffer({
    shopSku: 'A',
    price: '20.00',
    quantity: 10,
    leadTimeDays: 5,
    description: 'As new',
    minOrderQuantity: 2,
    discountPrice: '15.00',
  });
  for (const shopSku of ['B', 'C']) shop.simulator.setOffer({ shopSku, quantity: 10 });
  const send = (csv: string, mode = 'NORMAL') => shop.upload(target, csv, { import_mode: mode });
  const status = (answer: Answered) => shop.get(`${target}/${answer.json['import_id']}`);
  const report = (answer: Answered) =>
    String(shop.get(`${target}/${answer.json['import_id']}/error_report`).body);
  const ended = (answer: Answered) => {
    shop.wait(6_000);
    return { status: status(answer).json, report: report(answer) };
  };
  return { shop, send, status, report, ended };
}

const whole = {
  shop_sku: 'A',
  product_id: '5012345678900',
  product_id_type: 'EAN',
  price: 20,
  state_code: '11',
  update_delete: '',
};

describe('OF01 in mode NORMAL', () => {
  it('leaves alone what the file has no column for', () => {
    const { shop, send, ended } = offerShop();
    const { status } = ended(send('sku;quantity\nA;3\nB;4'));
    expect(status).toMatchObject({
      status: 'COMPLETE',
      mode: 'NORMAL',
      lines_read: 2,
      lines_in_success: 2,
      offer_updated: 2,
      offer_inserted: 0,
      offer_deleted: 0,
    });
    expect(shop.offerShown('A')).toMatchObject({
      quantity: 3,
      leadtime_to_ship: 5,
      description: 'As new',
      min_order_quantity: 2,
      price: 15,
    });
    expect(shop.offerShown('C')).toMatchObject({ quantity: 10 });
  });

  it('resets what an empty cell stands for', () => {
    const { shop, send, ended } = offerShop();
    ended(send('sku;quantity;description;discount-price;min-order-quantity\nA;;;;'));
    expect(shop.offerShown('A')).toMatchObject({
      quantity: 0,
      description: null,
      price: 20,
      min_order_quantity: null,
      leadtime_to_ship: 5,
    });
  });

  it('resets columns the file lacks where the operator does, and then needs a price', () => {
    const { shop, send, ended } = offerShop({ missingColumns: 'reset' });
    const { report } = ended(send('sku;quantity\nA;3'));
    expect(report).toBe(
      '"sku";"quantity";"error-line";"error-message"\nA;3;"2";"price is required and must be an amount"\n',
    );
    ended(send('sku;price\nA;20'));
    expect(shop.offerShown('A')).toMatchObject({
      quantity: 0,
      leadtime_to_ship: 2,
      description: null,
    });
  });

  it('deletes, creates and changes as each line says', () => {
    const { shop, send, ended } = offerShop();
    const file = [
      'sku;product-id;product-id-type;state;price;quantity;update-delete',
      'A;;;;;;delete',
      'N;5012345678900;EAN;11;9,50;4;',
      'B;;;;12;6;update',
    ].join('\n');
    const { status } = ended(send(file));
    expect(status).toMatchObject({ offer_deleted: 1, offer_inserted: 1, offer_updated: 1 });
    expect(shop.offerShown('A')).toBeUndefined();
    expect(shop.simulator.offer('A')).toMatchObject({ isDeleted: true, quantity: 0 });
    expect(shop.offerShown('N')).toMatchObject({ price: 9.5, quantity: 4 });
    expect(shop.offerShown('B')).toMatchObject({ price: 12, quantity: 6 });
  });

  it.each([
    ['a new offer without a product', 'sku;price;state\nN;1;11', 'product-id is required'],
    ['an unknown offer to delete', 'sku;update-delete\nN;delete', 'does not exist'],
    ['a price that is none', 'sku;price\nA;cheap', 'price'],
    ['a discount above the price', 'sku;discount-price\nA;21', 'lower than price'],
    ['a date that is none', 'sku;available-start-date\nA;soon', 'not valid'],
    ['half a unit', 'sku;quantity\nA;0.5', 'whole number'],
    ['an unknown verb', 'sku;update-delete\nA;drop', 'update-delete'],
  ])('refuses the line of %s', (_rule, csv, reason) => {
    const { send, ended, shop } = offerShop();
    const { status, report } = ended(send(csv));
    expect(status).toMatchObject({ status: 'COMPLETE', lines_in_error: 1, has_error_report: true });
    expect(report).toContain(reason);
    expect(shop.offerShown('A')).toMatchObject({ quantity: 10, price: 15 });
  });

  it('takes dates as the documented example writes them', () => {
    const { shop, send, ended } = offerShop();
    ended(send('sku;available-start-date;available-end-date\nA;2027-02-20T10:45:53+01;2027-04-30'));
    expect(shop.offerShown('A')).toMatchObject({
      active: false,
      inactivity_reasons: ['NOT_IN_AVAILABILITY_PERIOD'],
      available_start_date: '2027-02-20T09:45:53Z',
    });
  });
});

describe('OF01 in mode REPLACE', () => {
  it('deletes every offer the file does not name, but none whose line is in error', () => {
    const { shop, send, ended } = offerShop();
    const { status } = ended(send('sku;price;quantity\nA;20;3\nB;;1', 'REPLACE'));
    expect(status).toMatchObject({ mode: 'REPLACE', offer_deleted: 1, lines_in_error: 1 });
    expect(['A', 'B', 'C'].map((sku) => shop.offerShown(sku) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(shop.offerShown('A')).toMatchObject({ quantity: 3, leadtime_to_ship: 2 });
  });

  it('deletes nothing of another shop, and nothing when it fails', () => {
    const { shop, send, ended } = offerShop({ shops: [{ shopId: 2000 }, { shopId: 3 }] });
    shop.simulator.setOffer({ shopSku: 'A', shopId: 3, quantity: 1 });
    shop.simulator.faults.next('importFails');
    expect(ended(send('sku\n', 'REPLACE')).status).toMatchObject({ status: 'FAILED' });
    expect(shop.offerShown('A')).toBeDefined();
    ended(send('sku\n', 'REPLACE'));
    expect(shop.offerShown('A')).toBeUndefined();
    expect(shop.simulator.offer('A', 3)?.isDeleted).toBe(false);
  });
});

describe('OF24', () => {
  it('resets whatever it leaves out', () => {
    const { shop, ended } = offerShop();
    const answer = shop.post('/api/offers', { offers: [whole] });
    expect(answer.status).toBe(201);
    expect(answer.headers['location']).toBe(
      `http://shop.example.test${target}/${answer.json['import_id']}`,
    );
    expect(ended(answer).status).toMatchObject({ status: 'COMPLETE', offer_updated: 1 });
    expect(shop.offerShown('A')).toMatchObject({
      quantity: 0,
      leadtime_to_ship: 2,
      description: null,
      min_order_quantity: null,
      price: 20,
      active: false,
      inactivity_reasons: ['ZERO_QUANTITY'],
    });
  });

  it('keeps what it is given', () => {
    const { shop, ended } = offerShop();
    const offer = {
      ...whole,
      quantity: '7',
      leadtime_to_ship: 4,
      description: 'Boxed',
      discount: { price: 12.5, end_date: '2026-05-31T22:00:00Z' },
    };
    ended(shop.post('/api/offers', { offers: [offer] }));
    expect(shop.offerShown('A')).toMatchObject({
      quantity: 7,
      leadtime_to_ship: 4,
      description: 'Boxed',
      price: 12.5,
      discount: { discount_price: 12.5, origin_price: 20, end_date: '2026-05-31T22:00:00Z' },
    });
    expect(shop.offerShown('B')).toMatchObject({ quantity: 10 });
  });

  it.each([
    ['json', '{"offers":[{"shop_sku":"A","product_id":'],
    ['csv', 'sku;error-line;error-message\nA;1;'],
  ] as const)('reports errors as %s', (jsonImportReport, start) => {
    const { shop, ended } = offerShop({ jsonImportReport });
    const offers = [
      { ...whole, quantity: -1 },
      { ...whole, shop_sku: 'B' },
    ];
    const { report, status } = ended(shop.post('/api/offers', { offers }));
    expect(status).toMatchObject({ lines_in_error: 1, lines_in_success: 1 });
    expect(report.startsWith(start)).toBe(true);
    if (jsonImportReport === 'json') {
      expect(JSON.parse(report)).toMatchObject({ offers: [{ error_line: 1 }] });
    }
  });

  it.each([
    ['an offer without a price', { offers: [{ ...whole, price: undefined }] }],
    ['no offers', { offers: [] }],
    ['an unknown field', { offers: [{ ...whole, qty: 1 }] }],
    ['a price in words', { offers: [{ ...whole, price: '20' }] }],
  ])('answers 400 to %s', (_rule, body) => {
    const { shop } = offerShop();
    expect(shop.post('/api/offers', body).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });
});

describe('offer imports', () => {
  it.each([
    ['no mode', {}],
    ['an unknown mode', { import_mode: 'MERGE' }],
    ['the deprecated mode', { import_mode: 'PARTIAL_UPDATE' }],
    ['a mode in a wrong field', { import_mode: 'NORMAL', mode: 'NORMAL' }],
    ['a flag that is none', { import_mode: 'NORMAL', operator_format: 'yes' }],
    ['products', { import_mode: 'NORMAL', with_products: 'true' }],
  ])('refuse %s', (_rule, fields) => {
    expect(offerShop().shop.upload(target, 'sku\nA', fields).status).toBe(400);
  });

  it('take the deprecated mode where the operator still does, and keep what the file lacks', () => {
    const { shop, send, ended } = offerShop({ partialUpdate: true, missingColumns: 'reset' });
    ended(send('sku;quantity\nA;3', 'PARTIAL_UPDATE'));
    expect(shop.offerShown('A')).toMatchObject({ quantity: 3, leadtime_to_ship: 5 });
  });

  it('are known again within a minute where the operator does', () => {
    const { shop, send } = offerShop({ duplicateRequests: 'existing' });
    const [first, same, other] = ['A;1', 'A;1', 'A;2'].map((line) => send(`sku;quantity\n${line}`));
    expect(same?.json['import_id']).toBe(first?.json['import_id']);
    expect(other?.json['import_id']).not.toBe(first?.json['import_id']);
    shop.wait(61_000);
    const later = send('sku;quantity\nA;2');
    expect(later.json['import_id']).not.toBe(other?.json['import_id']);
    expect(shop.simulator.truth.imports.map((one) => one.submissions)).toEqual([2, 1, 1]);
  });

  it('are all new where the operator does not', () => {
    const { send } = offerShop();
    const ids = [1, 2].map(() => send('sku;quantity\nA;1').json['import_id']);
    expect(new Set(ids).size).toBe(2);
  });

  it('say why they failed', () => {
    const { send, ended } = offerShop();
    expect(ended(send('sku;quantity\n"A;1')).status).toMatchObject({
      status: 'FAILED',
      reason_status: 'A parsing error has occurred at line 2',
    });
  });

  it('are listed by OF04 in pages, newest first, and found by state', () => {
    const { shop, send } = offerShop();
    const ids = [1, 2, 3].map((units) => {
      shop.wait(7_000);
      return send(`sku;quantity\nA;${units}`).json['import_id'];
    });
    const idsOf = (answer: Answered) =>
      (answer.json['data'] as Record<string, unknown>[]).map((one) => one['import_id']);
    const page = shop.get(`${target}?limit=2`);
    expect(idsOf(page)).toEqual([ids[2], ids[1]]);
    const next = shop.get(`${target}?page_token=${page.json['next_page_token']}`);
    expect(idsOf(next)).toEqual([ids[0]]);
    expect(next.json['next_page_token']).toBeUndefined();
    expect(idsOf(shop.get(`${target}?status=WAITING`))).toEqual([ids[2]]);
    expect(idsOf(shop.get(`${target}?sort=dateCreated%2CASC&limit=1`))).toEqual([ids[0]]);
    expect(idsOf(shop.get(`${target}?origins=FTP`))).toEqual([]);
    expect(shop.get(`${target}?origins=POST`).status).toBe(400);
    expect(shop.get(`${target}?page_token=nonsense`).status).toBe(400);
  });

  it.each([
    ['a number nobody got', '99', 404],
    ['no number', 'latest', 400],
  ])('answer OF02 for %s', (_rule, id, status) => {
    expect(offerShop().shop.get(`${target}/${id}`).status).toBe(status);
  });
});
