/** The life of an order from despatch to closing, whole or in shipments. */
import { changed, type Market, spanMs } from './market.ts';
import { noteSameParcel, noteShipped } from './shipments/notes.ts';
import type { Handover, ShipmentLine, SimShipment } from './shipments/state.ts';
import { finish, note, open, setStage } from './stages.ts';
import {
  type Actor,
  type SimLine,
  type SimOrder,
  shippedUnits,
  shownState,
  unitsToShip,
  wantedUnits,
} from './state.ts';

/** Everything that is to be shipped leaves at once (OR24, or a person). Line ids. */
export function despatch(market: Market, order: SimOrder, how: Handover): string[] {
  const { by, atMs } = how;
  const lines = order.lines.filter((line) => unitsToShip(line) > 0);
  for (const line of lines) {
    noteShipped(market, order, { shipment: null, tracking: order.tracking }, [restOf(line)], how);
    for (const part of line.parts) part.shipped = wantedUnits(line);
    line.shippedMs = atMs;
  }
  setStage(order, lines, 'SHIPPED', by, atMs);
  const lineIds = lines.map((line) => line.lineId);
  market.log.despatches.push({ atMs, orderId: order.orderId, lineIds });
  skipEmptyDespatch(market, order, by, atMs);
  followDespatch(market, order, null, atMs);
  finish(market, order, by, atMs);
  return lineIds;
}

/** One parcel leaves; its lines are SHIPPED once all of their units have left. */
export function despatchShipment(
  market: Market,
  order: SimOrder,
  shipment: SimShipment,
  how: Handover,
): void {
  const { by, atMs } = how;
  for (const entry of shipment.lines) {
    const part = partOf(order, entry);
    part.held -= entry.quantity;
    part.shipped += entry.quantity;
  }
  shipment.status = 'SHIPPED';
  shipment.shippedMs = atMs;
  shipment.updatedMs = atMs;
  noteShipped(market, order, { shipment, tracking: shipment.tracking }, shipment.lines, how);
  noteSameParcel(market, order, shipment, how);
  if (market.settings.orderShowsShipmentTracking) order.tracking = shipment.tracking;
  skipEmptyDespatch(market, order, by, atMs);
  followDespatch(market, order, shipment, atMs);
  finish(market, order, by, atMs);
}

/** The goods are with the customer. True when they were on their way and nothing is in dispute. */
export function receive(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  const lines = order.lines.filter(isOnItsWay);
  const parcels = order.shipments.filter(isUnderWay);
  if (lines.length + parcels.length === 0 || lines.some((line) => line.hasIncident)) return false;
  for (const shipment of parcels) setStatus(shipment, 'RECEIVED', atMs);
  if (lines.length > 0) setReceived(market, order, lines, by, atMs);
  finish(market, order, by, atMs);
  return true;
}

/** Nothing can change any more. True when the order was received. */
export function close(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  const lines = open(order);
  if (order.state !== 'RECEIVED' || lines.some((line) => line.hasIncident)) return false;
  setStage(order, lines, 'CLOSED', by, atMs);
  for (const line of lines) line.reasonCode = 'AUTO_CLOSED';
  for (const shipment of order.shipments.filter((one) => one.status === 'RECEIVED')) {
    shipment.status = 'CLOSED';
    shipment.updatedMs = atMs;
  }
  finish(market, order, by, atMs);
  return true;
}

/** Opens or closes an incident. An open one holds RECEIVED and CLOSED back; they follow on
 *  closing. */
export function setIncident(
  market: Market,
  order: SimOrder,
  line: SimLine,
  incident: { isOpen: boolean; reasonCode: string },
  atMs: number,
): void {
  const from = shownState(line);
  line.hasIncident = incident.isOpen;
  line.reasonCode = incident.isOpen ? incident.reasonCode : null;
  line.updatedMs = atMs;
  note(order, line.lineId, from, shownState(line), 'operator', atMs);
  if (!incident.isOpen) catchUp(market, order, line, atMs);
  finish(market, order, 'operator', atMs);
}

/** An order whose last unit to ship is gone, refunded or canceled has nothing to wait for. A line
 *  that left in part is SHIPPED; what else was refunded before despatch counts as RECEIVED when
 *  nothing of the order is on its way. The caller makes the change known. */
export function skipEmptyDespatch(market: Market, order: SimOrder, by: Actor, atMs: number): void {
  const complete = order.lines.filter(
    (line) => line.stage === 'SHIPPING' && shippedUnits(line) > 0 && unitsToShip(line) === 0,
  );
  setStage(order, complete, 'SHIPPED', by, atMs);
  for (const line of complete) line.shippedMs = atMs;
  setArrived(market, order, by, atMs);
  setDebited(order, atMs);
  const waiting = order.lines.filter((line) => line.stage === 'SHIPPING');
  if (waiting.length === 0 || waiting.some((line) => unitsToShip(line) > 0)) return;
  if (order.lines.some(isOnItsWay)) setStage(order, waiting, 'SHIPPED', by, atMs);
  else setReceived(market, order, waiting, by, atMs);
}

/** Units that are no longer wanted leave the shipments that hold them, the newest first; a shipment
 *  without any is CANCELED. */
export function releaseUnits(order: SimOrder, line: SimLine, atMs: number): void {
  for (const part of line.parts) {
    let surplus = part.held - Math.max(0, wantedUnits(line) - part.shipped);
    for (const shipment of order.shipments.toReversed()) {
      if (surplus <= 0) break;
      if (shipment.shippedMs !== null) continue;
      const entry = shipment.lines.find(
        (one) => one.lineId === line.lineId && one.packageReference === part.reference,
      );
      if (!entry) continue;
      const taken = Math.min(surplus, entry.quantity);
      entry.quantity -= taken;
      part.held -= taken;
      surplus -= taken;
      shipment.lines = shipment.lines.filter((one) => one.quantity > 0);
      if (shipment.lines.length === 0) shipment.status = 'CANCELED';
      shipment.updatedMs = atMs;
    }
  }
}

/** The package an entry is about. */
export function partOf(order: SimOrder, entry: ShipmentLine) {
  const line = order.lines.find((one) => one.lineId === entry.lineId);
  const part = line?.parts.find((one) => one.reference === entry.packageReference);
  if (!part) throw new Error(`no part ${entry.packageReference} of line ${entry.lineId}`);
  return part;
}

/** What time brings after a despatch: the debit, the collection point, receipt. */
function followDespatch(
  market: Market,
  order: SimOrder,
  shipment: SimShipment | null,
  atMs: number,
): void {
  const { settings } = market;
  if (order.paymentWorkflow === 'PAY_ON_SHIPMENT') {
    market.agenda.add(atMs + spanMs(market, settings.debitDelayMs), (dueMs) => {
      debit(market, order, shipment, dueMs);
    });
  }
  const type = settings.shippingTypes.find((one) => one.code === order.shippingTypeCode);
  if (type?.clickAndCollect) {
    market.agenda.add(atMs + settings.toCollectAfterMs, (dueMs) => {
      if (shipment && shipment.status !== 'SHIPPED') return;
      if (shipment) setStatus(shipment, 'TO_COLLECT', dueMs);
      const lines = order.lines.filter(
        (line) => line.stage === 'SHIPPED' && hasArrived(order, line, ['SHIPPED']),
      );
      setStage(order, lines, 'TO_COLLECT', 'operator', dueMs);
      finish(market, order, 'operator', dueMs);
    });
  }
  market.agenda.add(atMs + settings.receivedAfterMs, (dueMs) => {
    if (shipment) receiveShipment(market, order, shipment, dueMs);
    else receive(market, order, 'time', dueMs);
  });
}

function debit(market: Market, order: SimOrder, shipment: SimShipment | null, atMs: number): void {
  if (shipment) {
    shipment.debitedMs = atMs;
    shipment.updatedMs = atMs;
    setDebited(order, atMs);
  } else {
    order.debitedMs = atMs;
    for (const line of open(order)) line.debitedMs = atMs;
  }
  changed(market, order, atMs);
}

/** An order paid on shipment is debited when its last parcel is. */
function setDebited(order: SimOrder, atMs: number): void {
  if (order.paymentWorkflow !== 'PAY_ON_SHIPMENT' || order.debitedMs !== null) return;
  const gone = order.shipments.filter((one) => one.shippedMs !== null);
  if (gone.length === 0 || gone.some((one) => one.debitedMs === null)) return;
  if (order.lines.some((line) => unitsToShip(line) > 0)) return;
  order.debitedMs = atMs;
  for (const line of open(order)) line.debitedMs = atMs;
}

/** The time for one parcel is over. */
function receiveShipment(
  market: Market,
  order: SimOrder,
  shipment: SimShipment,
  atMs: number,
): void {
  if (!isUnderWay(shipment)) return;
  const ids = new Set(shipment.lines.map((entry) => entry.lineId));
  if (order.lines.some((line) => ids.has(line.lineId) && line.hasIncident)) return;
  setStatus(shipment, 'RECEIVED', atMs);
  setArrived(market, order, 'time', atMs);
  finish(market, order, 'time', atMs);
}

/** Lines all of whose parcels have arrived are RECEIVED. */
function setArrived(market: Market, order: SimOrder, by: Actor, atMs: number): void {
  if (order.shipments.length === 0) return;
  const lines = order.lines.filter(
    (line) =>
      isOnItsWay(line) && !line.hasIncident && hasArrived(order, line, ['SHIPPED', 'TO_COLLECT']),
  );
  if (lines.length > 0) setReceived(market, order, lines, by, atMs);
}

function setReceived(
  market: Market,
  order: SimOrder,
  lines: readonly SimLine[],
  by: Actor,
  atMs: number,
): void {
  for (const line of lines) if (line.shippedMs !== null) line.receivedMs = atMs;
  setStage(order, lines, 'RECEIVED', by, atMs);
  market.agenda.add(atMs + market.settings.closedAfterMs, (dueMs) => {
    close(market, order, 'time', dueMs);
  });
}

/** Steps that fell due while an incident was open are taken now. */
function catchUp(market: Market, order: SimOrder, line: SimLine, atMs: number): void {
  const { receivedAfterMs, closedAfterMs } = market.settings;
  const isDue = (sinceMs: number | null, afterMs: number) =>
    sinceMs !== null && sinceMs + afterMs <= atMs;
  for (const shipment of order.shipments) {
    if (isDue(shipment.shippedMs, receivedAfterMs)) receiveShipment(market, order, shipment, atMs);
  }
  setArrived(market, order, 'time', atMs);
  if (order.shipments.length === 0 && isDue(line.shippedMs, receivedAfterMs)) {
    receive(market, order, 'time', atMs);
  }
  if (isDue(line.receivedMs, closedAfterMs)) close(market, order, 'time', atMs);
}

/** No despatched shipment of the line still stands in one of these. */
function hasArrived(order: SimOrder, line: SimLine, before: readonly string[]): boolean {
  return order.shipments.every(
    (shipment) =>
      !before.includes(shipment.status) ||
      shipment.lines.every((entry) => entry.lineId !== line.lineId),
  );
}

function isOnItsWay(line: SimLine): boolean {
  return line.stage === 'SHIPPED' || line.stage === 'TO_COLLECT';
}

function isUnderWay(shipment: SimShipment): boolean {
  return shipment.status === 'SHIPPED' || shipment.status === 'TO_COLLECT';
}

function setStatus(shipment: SimShipment, status: SimShipment['status'], atMs: number): void {
  shipment.status = status;
  shipment.updatedMs = atMs;
  if (status === 'RECEIVED') shipment.receivedMs = atMs;
}

function restOf(line: SimLine): ShipmentLine {
  const { lineId, offerSku } = line;
  return { lineId, offerSku, packageReference: null, quantity: unitsToShip(line) };
}
