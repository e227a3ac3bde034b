import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderToStage, sampleAddress, sampleLine, stageContext } from '../../test/sample-orders.ts';
import { toDecimal } from '../money.ts';
import { unitsToShip } from './from-mirakl.ts';
import { planSalesOrder } from './to-peoplevox.ts';

const anyText = fc.option(fc.string({ unit: 'binary', maxLength: 60 }), { nil: null });
const anyAddress = fc.option(
  fc.record({
    street1: anyText,
    street2: anyText,
    company: anyText,
    city: anyText,
    zipCode: fc.constantFrom('AB1 2CD', 'ab12cd', '', null, 'nonsense'),
    countryIsoCode: fc.constantFrom('GBR', 'DEU', null),
    firstName: anyText,
    lastName: anyText,
    additionalInfo: anyText,
  }),
  { nil: null },
);
const anyLine = fc.record({
  state: fc.constantFrom('SHIPPING', 'SHIPPING', 'CANCELED', 'SHIPPED', 'WAITING_DEBIT'),
  offerSku: fc.constantFrom('A', 'B', 'C', 'GONE', '"bad"'),
  quantity: fc.integer({ min: 0, max: 5 }),
  pence: fc.integer({ min: 0, max: 9_999 }),
});

describe('any order', () => {
  it('gives problems, or a plan of exactly the units to ship in cells that are all plain text', () => {
    const columns = Object.keys(planSalesOrder(orderToStage(), stageContext()).plan.row);
    fc.assert(
      fc.property(
        fc.record({
          shipping: anyAddress,
          billing: anyAddress,
          firstName: anyText,
          email: anyText,
          lines: fc.array(anyLine, { minLength: 1, maxLength: 5 }),
        }),
        fc.constantFrom('separate', 'merge'),
        fc.constantFrom('channel', 'each'),
        (drawn, sameSku, mode) => {
          const order = orderToStage({
            shippingAddress: drawn.shipping && sampleAddress(drawn.shipping),
            billingAddress: drawn.billing && sampleAddress(drawn.billing),
            lines: drawn.lines.map(({ pence, ...line }, at) =>
              sampleLine({
                ...line,
                orderLineId: `A-${at}`,
                index: at + 1,
                unitPrice: toDecimal((pence / 100).toFixed(2)),
                price: toDecimal(((pence * line.quantity) / 100).toFixed(2)),
              }),
            ),
          });
          order.people!.firstName = drawn.firstName;
          order.people!.notificationEmail = drawn.email;
          const context = stageContext({
            channel: { sameSku },
            warehouse: { customer: { mode } },
            itemFacts: (code) => ({ found: code !== 'GONE', retired: false }),
          });
          const { plan: made, problems } = planSalesOrder(order, context);
          const cells = [...Object.values(made.row), ...Object.values(made.customer ?? {})];
          for (const cell of cells) {
            expect(typeof cell).toBe('string');
            expect(cell).not.toMatch(/^(undefined|null|NaN|\[object Object\])$|[\p{Cc}\p{Cs}]/u);
          }
          expect(Object.keys(made.row)).toEqual(columns);
          for (const name of ['TotalSale', 'ShippingCost', 'TaxPaid', 'Discount']) {
            expect(made.row[name]).toMatch(/^\d+\.\d\d$/);
          }
          expect(new Set(problems.map((one) => one.code)).size).toBe(problems.length);
          if (problems.length > 0) return;
          for (const line of order.lines) {
            const planned = made.lines
              .flatMap((one) => one.parts)
              .filter((part) => part.orderLineId === line.order_line_id);
            expect(planned.reduce((sum, part) => sum + part.units, 0)).toBe(
              Math.max(0, unitsToShip(line)),
            );
          }
          for (const line of made.lines) {
            expect(line.parts.reduce((sum, part) => sum + part.units, 0)).toBe(line.quantity);
            expect(line.salePrice).toMatch(/^\d+\.\d\d$/);
          }
          expect(new Set(made.lines.map((line) => line.line)).size).toBe(made.lines.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});
