import { describe, expect, it } from 'vitest';
import { type Answered, formOf, openTestShop } from '../test-shop.ts';

const target = '/api/offers/stock/imports';
const header = 'offer-sku;quantity;warehouse-code;update-delete';
const doneMs = 6_000;

function stockShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop(options);
  for (const shopSku of ['A', 'B', 'C']) shop.simulator.setOffer({ shopSku, quantity: 10 });
  const send = (...lines: string[]) => shop.upload(target, [header, ...lines].join('\n'));
  const idOf = (answer: Answered) => answer.json['import_id'] as string;
  const status = (answer: Answered) => shop.get(`${target}/${idOf(answer)}/status`);
  const report = (answer: Answered) => shop.get(`${target}/${idOf(answer)}/error_report`);
  const quantity = (sku: string) => shop.simulator.offer(sku)?.quantity;
  /** Sends and waits for the end. */
  const imported = (...lines: string[]) => {
    const answer = send(...lines);
    shop.wait(doneMs);
    return { answer, status: status(answer).json, report: String(report(answer).body) };
  };
  return { shop, send, status, report, quantity, imported };
}

describe('STO01 to STO03', () => {
  it('take a file, and apply it when the import is COMPLETE', () => {
    const { shop, send, status, quantity } = stockShop();
    const answer = send('A;4;;update', '"B";"7";"";""');
    expect(answer.status).toBe(201);
    const id = answer.json['import_id'] as string;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['location']).toBe(`http://shop.example.test${target}/${id}/status`);
    expect(status(answer).json).toMatchObject({ status: 'WAITING', has_error_report: false });
    shop.wait(2_000);
    expect(status(answer).json).toMatchObject({ status: 'RUNNING' });
    expect(quantity('A')).toBe(10);
    shop.wait(4_000);
    expect(status(answer).json).toMatchObject({
      status: 'COMPLETE',
      lines_in_success: 2,
      lines_in_error: 0,
      has_error_report: false,
      shop_id: 2000,
    });
    expect([quantity('A'), quantity('B'), quantity('C')]).toEqual([4, 7, 10]);
    expect(shop.offerShown('B')).toMatchObject({ quantity: 7, active: true });
  });

  it.each([
    ['an unknown SKU', 'X;1;;', 'does not exist'],
    ['a negative quantity', 'A;-1;;', 'whole number'],
    ['a fraction', 'A;1.5;;', 'whole number'],
    ['no quantity', 'A;;;', 'whole number'],
    ['a quantity no 32 bits hold', 'A;2147483648;;', 'whole number'],
    ['no SKU', ';1;;', 'required'],
    ['a SKU that is too long', `${'S'.repeat(41)};1;;`, 'too long'],
    ['a missing column', 'A;1', 'columns'],
    ['a column too many', 'A;1;;;', 'columns'],
    ['an unknown verb', 'A;1;;remove', 'update-delete'],
    ['an unknown warehouse', 'A;1;WH1;', 'Unknown warehouse'],
  ])('refuse a line with %s, and no other', (_rule, line, reason) => {
    const { imported, quantity } = stockShop();
    const { status, report } = imported('B;3;;', line);
    expect(status).toMatchObject({
      status: 'COMPLETE',
      lines_in_success: 1,
      lines_in_error: 1,
      has_error_report: true,
    });
    const [names, row, end] = report.split('\n');
    expect(names).toMatch(/^"error-line";"error-message";"offer-sku"/);
    expect(row).toContain(reason);
    expect(row?.startsWith('3;"')).toBe(true);
    expect(row?.endsWith(`";${line}`)).toBe(true);
    expect(end).toBe('');
    expect([quantity('A'), quantity('B')]).toEqual([10, 3]);
  });

  it('take a mended report back as it is', () => {
    const { imported, quantity, shop } = stockShop();
    const { report } = imported('A;-1;;', 'B;x;;');
    const again = shop.upload(target, report.replace('A;-1', 'A;1').replace('B;x', 'B;2'));
    shop.wait(doneMs);
    expect(again.status).toBe(201);
    expect([quantity('A'), quantity('B')]).toEqual([1, 2]);
  });

  it('write no column names into the report where the operator does not', () => {
    const { imported } = stockShop({ stockReportHeader: false });
    expect(imported('X;1;;').report).toMatch(/^2;"[^"]+";X;1;;\n$/);
  });

  it('have no report while the import runs, none without errors, and none for an unknown import', () => {
    const { shop, send, report, imported } = stockShop();
    const answer = send('X;1;;');
    shop.wait(2_000);
    expect(report(answer).status).toBe(404);
    shop.wait(4_000);
    expect(report(answer).headers['content-type']).toMatch(/^text\/csv/);
    expect(report(imported('A;1;;').answer).status).toBe(404);
    expect(shop.get(`${target}/none/status`).status).toBe(404);
    expect(shop.get(`${target}/none/error_report`).status).toBe(404);
  });

  it('fail as a whole for a file that cannot be read', () => {
    const { imported, quantity } = stockShop();
    expect(imported('A;1;;', '"B;2;;').status).toMatchObject({ status: 'FAILED' });
    expect(quantity('A')).toBe(10);
  });

  it('show another shop nothing of an import', () => {
    const { shop, send } = stockShop({ shops: [{ shopId: 2000 }, { shopId: 3, apiKey: 'other' }] });
    const id = send('A;1;;').json['import_id'];
    const other = { authorization: 'other' };
    expect(shop.call('GET', `${target}/${id}/status`, undefined, other).status).toBe(404);
  });

  it.each([
    ['JSON', '{"offers":[]}', 'application/json'],
    ['bare CSV', `${header}\nA;1;;`, 'text/csv'],
    ['a body that is not what it says', 'A;1;;', 'multipart/form-data; boundary=b'],
    ['no part named file', formOf('x').replace('name="file"', 'name="stock"'), null],
    ['a plain field named file', formOf(`${header}\n`).replace('; filename="stock.csv"', ''), null],
    ['a form field it does not know', formOf(`${header}\nA;1;;`, { import_mode: 'NORMAL' }), null],
    ['an empty file', formOf(''), null],
    ['commas in place of semicolons', formOf('offer-sku,quantity\nA,1'), null],
    ['no column for the SKU', formOf('sku;quantity\nA;1'), null],
    ['a column it does not know', formOf('offer-sku;quantity;price\nA;1;2'), null],
    ['a column twice', formOf('offer-sku;quantity;quantity\nA;1;2'), null],
  ])('answer 400 to %s and keep the breach', (_rule, body, type) => {
    const { shop } = stockShop();
    const headers = {
      'content-type': type ?? 'multipart/form-data; boundary=boundary-of-the-test',
    };
    expect(shop.call('POST', target, body, headers).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toMatchObject([{ operation: 'STO01' }]);
    expect(shop.simulator.truth.imports).toEqual([]);
  });

  it.each([[404], [403]] as const)('answer %d where the operator has none', (stockImports) => {
    const { send, status } = stockShop({ stockImports });
    const answer = send('A;1;;');
    expect([answer.status, status(answer).status]).toEqual([stockImports, stockImports]);
  });
});

describe('stock by warehouse', () => {
  const options = { warehouses: ['N', 'S'] };

  it('adds up to the quantity of the offer', () => {
    const { shop, imported, quantity } = stockShop(options);
    shop.simulator.setOffer({ shopSku: 'A', quantity: 0 });
    imported('A;3;N;', 'A;4;S;');
    expect(quantity('A')).toBe(7);
    expect(shop.offerShown('A')?.['warehouses']).toEqual([
      { code: 'N', quantity: 3 },
      { code: 'S', quantity: 4 },
    ]);
    imported('A;;N;delete');
    expect(quantity('A')).toBe(4);
  });

  it('is sold from one warehouse after the other', () => {
    const { shop } = stockShop();
    shop.simulator.setOffer({ shopSku: 'A', warehouses: { N: 1, S: 4 } });
    shop.anOrder(['A']);
    expect([...(shop.simulator.offer('A')?.warehouses ?? [])]).toEqual([
      ['N', 0],
      ['S', 3],
    ]);
  });

  it.each([
    ['a global line', 'A;9;;', 7],
    ['a warehouse line for a global offer', 'B;9;N;', 10],
  ])('refuses %s unless the operator lets it replace', (_rule, line, before) => {
    for (const mixedStock of ['refused', 'replaced'] as const) {
      const { shop, imported, quantity } = stockShop({ ...options, mixedStock });
      shop.simulator.setOffer({ shopSku: 'A', warehouses: { N: 3, S: 4 } });
      imported(line);
      expect(quantity(line[0] as string)).toBe(mixedStock === 'refused' ? before : 9);
    }
  });
});

describe('the queue of imports', () => {
  it('applies one import of a shop after the other, as they came', () => {
    const { shop, send, status, quantity } = stockShop();
    const first = send('A;1;;');
    const second = send('A;2;;');
    shop.wait(doneMs);
    expect(status(first).json['status']).toBe('COMPLETE');
    expect(status(second).json['status']).toBe('RUNNING');
    expect(quantity('A')).toBe(1);
    shop.wait(4_000);
    expect(quantity('A')).toBe(2);
  });

  it('lets a later one overtake where the operator keeps no order', () => {
    const { shop, send, status, quantity } = stockShop({ importOrder: 'any' });
    shop.simulator.faults.next('importSlow');
    const slow = send('A;1;;');
    const quick = send('A;2;;');
    shop.wait(doneMs);
    expect([slow, quick].map((one) => status(one).json['status'])).toEqual(['WAITING', 'COMPLETE']);
    shop.wait(doneMs * 20);
    expect(quantity('A')).toBe(1);
  });

  it('can apply line by line while it runs', () => {
    const { shop, send, quantity } = stockShop({ importApplies: 'lineByLine' });
    send('A;1;;', 'B;1;;', 'C;1;;');
    shop.wait(2_000 + 2_100);
    expect(['A', 'B', 'C'].map(quantity)).toEqual([1, 1, 10]);
    shop.wait(2_000);
    expect(['A', 'B', 'C'].map(quantity)).toEqual([1, 1, 1]);
  });

  // Measured at 0.2 s; the limit is for a simulator that became slower with the square of it.
  it('takes 20,000 lines twice, and a thousand look-ups, in a moment', { timeout: 5_000 }, () => {
    const shop = openTestShop();
    const skus = Array.from({ length: 20_000 }, (_, index) => `SKU-${index}`);
    for (const shopSku of skus) shop.simulator.setOffer({ shopSku, quantity: 1 });
    const file = [header, ...skus.map((sku) => `${sku};5;;`)].join('\n');
    shop.upload(target, file);
    shop.upload(target, file.replaceAll(';5;', ';6;'));
    shop.wait(60_000);
    for (let index = 0; index < 1000; index++) {
      expect(shop.offerShown(`SKU-${index}`)?.['quantity']).toBe(6);
    }
    expect(shop.simulator.truth.quantityChanges).toHaveLength(60_000);
  });
});
