import { describe, expect, it } from 'vitest';
import { isNotConfigured } from './failures.ts';
import { elementOf, fakeWire, refusalXml, replyXml } from './fake-transport.ts';
import { type KitPage, readKits } from './kits.ts';

const header = 'ParentItemCode,ChildItemCode,Quantity\n';

function kitWire(details: string[], totalCount: number, settings = {}) {
  let page = 0;
  return fakeWire(
    (operation) =>
      operation === 'GetData'
        ? replyXml(operation, { totalCount, detail: details[page++] ?? '' })
        : null,
    settings,
  );
}

async function read(wire: ReturnType<typeof fakeWire>) {
  const pages: KitPage[] = [];
  for await (const page of readKits(wire.client)) pages.push(page);
  return {
    parts: pages.flatMap((page) => page.parts),
    unreadable: pages.flatMap((page) => page.unreadable),
    complete: pages.map((page) => page.isComplete),
  };
}

describe('readKits', () => {
  it('reads parts page by page, codes as sent, under the names the tenant gave', async () => {
    const own = 'Kit,ChildItemCode,Quantity\n';
    const wire = kitWire([`${own}007,A,1\n007, B ,2.00\n`, `${own}SET,007,3\n`], 3, {
      pageSize: 2,
      templates: { 'Item type kittings': { name: 'Kits', columns: { ParentItemCode: 'Kit' } } },
    });
    expect(await read(wire)).toEqual({
      parts: [
        { parent: '007', child: 'A', quantity: 1 },
        { parent: '007', child: ' B ', quantity: 2 },
        { parent: 'SET', child: '007', quantity: 3 },
      ],
      unreadable: [],
      complete: [false, true],
    });
    expect(elementOf(wire.requests[1]!, 'TemplateName')).toBe('Kits');
  });

  it.each([
    ['no quantity', 'SET,A,', 'SET', "quantity is not a whole number above 0: ''"],
    ['a quantity of nothing', 'SET,A,0', 'SET', "quantity is not a whole number above 0: '0'"],
    ['a negative one', 'SET,A,-1', 'SET', "quantity is not a whole number above 0: '-1'"],
    ['half a unit', 'SET,A,0.5', 'SET', "quantity is not a whole number above 0: '0.5'"],
    ['no child', 'SET,,1', 'SET', 'a row without ChildItemCode'],
    ['no parent', ' ,A,1', null, 'a row without ParentItemCode'],
    ['a value too many', 'SET,A,1,9', null, 'line 2 (SET) has 4 values for 3 columns'],
  ])('names a row with %s, and is then not complete', async (_, row, parent, why) => {
    const result = await read(kitWire([`${header}${row}\nBOX,B,2\n`], 2));
    expect(result).toEqual({
      parts: [{ parent: 'BOX', child: 'B', quantity: 2 }],
      unreadable: [{ parent, why }],
      complete: [false],
    });
  });

  it('hands out both of two rows of one pair', async () => {
    const { parts, complete } = await read(kitWire([`${header}SET,A,1\nSET,A,2\n`], 2));
    expect([parts.map((part) => part.quantity), complete]).toEqual([[1, 2], [true]]);
  });

  it('has no kits when the table is empty', async () => {
    expect(await read(kitWire([header], 0))).toEqual({
      parts: [],
      unreadable: [],
      complete: [true],
    });
  });

  it.each([
    ['a refusal', refusalXml('GetData', 'Template Item type kittings is not configured')],
    ['a negative TotalCount', replyXml('GetData', { totalCount: -1 })],
  ])('says by %s that the template is not configured', async (_, reply) => {
    const wire = fakeWire((operation) => (operation === 'GetData' ? reply : null));
    const error = await read(wire).catch((cause: unknown) => cause);
    expect(isNotConfigured(error)).toBe(true);
    expect(error).toMatchObject({
      operation: 'GetData Item type kittings',
      isRetried: false,
      message: expect.stringContaining('configure the template in Peoplevox under Integration'),
    });
  });

  it('calls a missing column a bad answer', async () => {
    const wire = kitWire(['ParentItemCode,Quantity\nSET,1\n'], 1);
    await expect(read(wire)).rejects.toMatchObject({
      name: 'BadAnswer',
      message: expect.stringContaining('column ChildItemCode is missing'),
    });
  });
});
