/** Child process: the same report received and its line feeds counted, byte by byte, with nothing kept. What
 *  any program that reads it must at least spend. */
import { Pool } from 'undici';
import { systemClock } from '../src/clock.ts';
import { answerParent } from './child.ts';

export type StockFloorAnswers = {
  scan(question: { warehouseUrl: string; body: string }): Promise<{
    scanMs: number;
    lines: number;
  }>;
};

const answers: StockFloorAnswers = {
  scan: async ({ warehouseUrl, body }) => {
    const pool = new Pool(warehouseUrl);
    const startMs = systemClock.monotonicMs();
    const answer = await pool.request({
      method: 'POST',
      path: '/bench/integrationservicev4.asmx',
      headers: { soapaction: '"http://www.peoplevox.net/GetReportData"' },
      body,
    });
    let lines = 0;
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines += 1;
    }
    const scanMs = systemClock.monotonicMs() - startMs;
    await pool.close();
    return { scanMs, lines };
  },
};
answerParent(answers);
