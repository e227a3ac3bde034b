import { it, onTestFinished } from 'vitest';
import { openWorld, outcomeOf } from './world.ts';
it('y', async () => {
  const world = await openWorld(onTestFinished);
  await world.configure({ top: {service:{logLevel:'debug'}} });
  const buy = () => world.mirakl.shopperBuys({ lines: [{ offerSku: '00012', quantity: 2, unitPrice: '12.50' }], shippingTypeCode: 'STD', needsAcceptance: false, createdMs: Date.now()-3600000 })[0];
  buy();
  const child = await world.run();
  child.stderr!.on('data', (b)=>process.stdout.write(String(b)));
  await new Promise(r=>setTimeout(r,3000));
  console.log(await world.cli('flows','run-now', 'orders.rescan'));
  await new Promise(r=>setTimeout(r,3000));
  console.log((await world.cli('flows', 'list')).output);
  const t=Date.now(); child.kill('SIGTERM'); await outcomeOf(child); console.log('stop', Date.now()-t);
});
