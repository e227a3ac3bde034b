import { describe, expect, it } from 'vitest';
import { type Page, pagesOf } from './paging.ts';

type Served = { totalCount: number; rows: string[]; ragged?: number };

async function read(pageSize: number, served: (pageNo: number) => Served) {
  const pages: Page<string>[] = [];
  const asked: number[] = [];
  const fetch = async (pageNo: number) => {
    asked.push(pageNo);
    const { totalCount, rows, ragged = 0 } = served(pageNo);
    const bad = { line: 2, expected: 2, found: 1, firstValue: '' };
    return { totalCount, rows, ragged: new Array(ragged).fill(bad) };
  };
  for await (const page of pagesOf({ pageSize, fetch, keyOf: (row) => row })) pages.push(page);
  const isComplete = pages.map((page) => page.isComplete);
  return { asked, rows: pages.flatMap((page) => page.rows), isComplete };
}

const slice = (rows: string[], pageNo: number, size: number) =>
  rows.slice((pageNo - 1) * size, pageNo * size);

describe('pagesOf', () => {
  const all = ['a', 'b', 'c', 'd', 'e'];

  it('reads until the pages reach TotalCount', async () => {
    const result = await read(2, (pageNo) => ({ totalCount: 5, rows: slice(all, pageNo, 2) }));
    expect(result).toEqual({ asked: [1, 2, 3], rows: all, isComplete: [false, false, true] });
  });

  it('needs no further page when the last one is full', async () => {
    const result = await read(5, (pageNo) => ({ totalCount: 5, rows: slice(all, pageNo, 5) }));
    expect(result.asked).toEqual([1]);
  });

  it('asks once for an empty table, and that is complete', async () => {
    expect(await read(5, () => ({ totalCount: 0, rows: [] }))).toEqual({
      asked: [1],
      rows: [],
      isComplete: [true],
    });
  });

  it('is not complete when TotalCount is negative', async () => {
    const result = await read(5, () => ({ totalCount: -1, rows: [] }));
    expect(result).toEqual({ asked: [1], rows: [], isComplete: [false] });
  });

  it('asks once when everything comes at once', async () => {
    const result = await read(0, () => ({ totalCount: 5, rows: all }));
    expect(result).toEqual({ asked: [1], rows: all, isComplete: [true] });
  });

  it('goes on when the server gives smaller pages than asked for', async () => {
    const result = await read(100, (pageNo) => ({ totalCount: 5, rows: slice(all, pageNo, 2) }));
    expect(result).toMatchObject({ asked: [1, 2, 3], rows: all });
    expect(result.isComplete.at(-1)).toBe(true);
  });

  it('leaves a row out that an earlier page had, and looks further for the one it displaced', async () => {
    const served = [['a', 'b'], ['b', 'c'], ['d', 'e'], []];
    const result = await read(2, (pageNo) => ({ totalCount: 5, rows: served[pageNo - 1] ?? [] }));
    expect(result).toMatchObject({ asked: [1, 2, 3], rows: all });
  });

  it('keeps two equal rows of one page, since they may be two lines of one order', async () => {
    const result = await read(2, () => ({ totalCount: 2, rows: ['a', 'a'] }));
    expect(result.rows).toEqual(['a', 'a']);
  });

  it('follows a TotalCount that grows', async () => {
    const result = await read(2, (pageNo) => ({
      totalCount: pageNo === 1 ? 2 : 2,
      rows: slice(['a', 'b'], pageNo, 2),
    }));
    const grown = await read(2, (pageNo) => ({
      totalCount: pageNo === 1 ? 3 : 5,
      rows: slice(all, pageNo, 2),
    }));
    expect([result.rows, grown.rows]).toEqual([['a', 'b'], all]);
  });

  it('ends, incomplete, when rows are promised that never come', async () => {
    const result = await read(2, (pageNo) => ({ totalCount: 9, rows: slice(all, pageNo, 2) }));
    expect(result.asked).toEqual([1, 2, 3, 4]);
    expect(result.isComplete).toEqual([false, false, false, false]);
  });

  it('ends when the server gives the same page for ever', async () => {
    const result = await read(2, () => ({ totalCount: 9, rows: ['a', 'b'] }));
    expect(result).toMatchObject({ asked: [1, 2], rows: ['a', 'b'], isComplete: [false, false] });
  });

  it('is not complete with a row that could not be read', async () => {
    const result = await read(5, () => ({ totalCount: 2, rows: ['a'], ragged: 1 }));
    expect(result).toEqual({ asked: [1], rows: ['a'], isComplete: [false] });
  });
});
