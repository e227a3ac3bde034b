/** Reads the SOAP replies of Peoplevox piece by piece, so that a report of any size passes through
 *  in bounded memory. saxes reads the frame; the text of `Detail` goes round it, because saxes
 *  hands out text only when the element ends. */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import type { Operation } from './envelope.ts';

/** One `IntegrationStatusResponse`. `reference` null when the element is missing, empty or nil;
 *  `status` is the wire's word, `Success` or `Error`, empty when missing. */
export type RowStatus = { reference: string | null; status: string };

export type SoapFault = {
  /** Local name of the code: `Client`, `Server` (1.1), `Sender`, `Receiver` (1.2), ... */
  code: string;
  text: string;
};

/** One `IntegrationResponse`, or the fault that came in its place. `Detail` is not in here: it is
 *  streamed. `responseId`, `totalCount` null when not (yet) seen or not a number. `statuses` in the
 *  order sent. */
export type Reply = {
  responseId: number | null;
  totalCount: number | null;
  statuses: RowStatus[];
  importingQueueId: number | null;
  errorCode: string | null;
  fault: SoapFault | null;
  /** True once the text of Detail may have begun; what stands before it in the schema is then
   *  known. */
  hasDetailBegun: boolean;
};

/** Why an answer cannot be read as a reply of the operation:
 *  `empty` no bytes; `foreign` not SOAP at all (an HTML page, plain text); `cut` it ends too early;
 *  `broken` XML that is not well formed or carries a DTD; `shape` not the contract; `size` a limit
 *  passed. */
export type ReplyProblemKind = 'empty' | 'foreign' | 'cut' | 'broken' | 'shape' | 'size';

export class ReplyProblem extends Error {
  override readonly name = 'ReplyProblem';
  readonly kind: ReplyProblemKind;
  constructor(kind: ReplyProblemKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Deeper than any reply (8 at most); a bomb of nested elements ends here. */
const maxDepth = 24;
/** Longest run without a `>` outside Detail. A Reference or a fault text is far below; a smaller
 *  figure would refuse a long stack trace in a fault, a larger one lets a broken answer fill
 *  memory. */
const maxPieceChars = 1_000_000;
const maxStatuses = 200_000;
/** Longest entity we decode is `&#x10FFFF;`; leading zeros are allowed for. */
const maxEntityChars = 16;

export type ReplyScanner = {
  /** Takes the next piece of the answer, cut anywhere between characters. Throws ReplyProblem. */
  feed(text: string): void;
  /** The answer is over. Returns the reply. Throws ReplyProblem when it is not complete. */
  end(): Reply;
  /** What is known so far. */
  readonly reply: Reply;
};

type Mode = 'frame' | 'detail' | 'cdata';

/** A scanner for one answer to `operation`. `onDetail` gets the text of Detail, decoded, in pieces
 *  that join to the whole. Unknown elements are passed over. Source: reference section 4. */
export function createReplyScanner(
  operation: Operation,
  onDetail: (text: string) => void,
): ReplyScanner {
  const frame = createFrame(operation);
  let mode: Mode = 'frame';
  let pending = '';
  let hasBegun = false;

  const step = (): boolean => {
    if (mode === 'frame') {
      const end = pending.indexOf('>') + 1;
      if (end === 0) return false;
      frame.write(pending.slice(0, end));
      pending = pending.slice(end);
      if (frame.isInDetail()) mode = 'detail';
      return true;
    }
    const taken = mode === 'detail' ? takeText(pending, onDetail) : takeCdata(pending, onDetail);
    pending = pending.slice(taken.used);
    mode = taken.mode;
    return taken.isMore;
  };

  return {
    reply: frame.reply,
    feed(text) {
      pending = pending === '' ? text : pending + text;
      if (!hasBegun) {
        const opening = pending.trimStart();
        if (opening === '') return;
        hasBegun = true;
        if (!opening.startsWith('<'))
          throw new ReplyProblem('foreign', 'the answer is not XML but plain text');
        pending = opening;
      }
      while (pending !== '' && step());
      if (pending.length > maxPieceChars)
        throw new ReplyProblem('size', `no end of tag within ${maxPieceChars} characters`);
    },
    end() {
      if (!hasBegun) throw new ReplyProblem('empty', 'the answer has no content');
      if (mode !== 'frame' || pending.trim() !== '' || !frame.isClosed())
        throw new ReplyProblem('cut', 'the answer ends before its envelope does');
      return frame.close();
    },
  };
}

type Taken = { used: number; mode: Mode; isMore: boolean };

/** Detail text up to the next markup. Keeps back what may be half an entity or half a line end. */
function takeText(pending: string, onDetail: (text: string) => void): Taken {
  const markup = pending.indexOf('<');
  if (markup !== 0) {
    const end = markup > 0 ? markup : wholeCharactersEnd(pending);
    if (end > 0) onDetail(decodeText(pending.slice(0, end)));
    return { used: end, mode: 'detail', isMore: markup > 0 };
  }
  if (pending.startsWith('</')) return { used: 0, mode: 'frame', isMore: true };
  if (pending.startsWith('<![CDATA[')) return { used: 9, mode: 'cdata', isMore: true };
  for (const [open, close] of [
    ['<!--', '-->'],
    ['<?', '?>'],
  ] as const) {
    if (!pending.startsWith(open)) continue;
    const end = pending.indexOf(close, open.length);
    if (end < 0) return { used: 0, mode: 'detail', isMore: false };
    return { used: end + close.length, mode: 'detail', isMore: true };
  }
  if ('<![CDATA['.startsWith(pending) || '<!--'.startsWith(pending))
    return { used: 0, mode: 'detail', isMore: false };
  throw new ReplyProblem('shape', 'Detail holds an element instead of text');
}

function takeCdata(pending: string, onDetail: (text: string) => void): Taken {
  const close = pending.indexOf(']]>');
  if (close >= 0) {
    if (close > 0) onDetail(withLineFeeds(pending.slice(0, close)));
    return { used: close + 3, mode: 'detail', isMore: true };
  }
  // Two characters may be the start of `]]>`, a third the carriage return of a line end.
  let end = Math.max(0, pending.length - 2);
  if (pending[end - 1] === '\r') end--;
  if (end > 0) onDetail(withLineFeeds(pending.slice(0, end)));
  return { used: end, mode: 'cdata', isMore: false };
}

function wholeCharactersEnd(text: string): number {
  const ampersand = text.lastIndexOf('&');
  if (ampersand >= 0 && !text.includes(';', ampersand)) {
    if (text.length - ampersand > maxEntityChars)
      throw new ReplyProblem('broken', 'an ampersand that begins no entity');
    return ampersand;
  }
  return text.endsWith('\r') ? text.length - 1 : text.length;
}

function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** XML text as characters: line ends become `\n` first, as XML 1.0 asks, then references are
 *  resolved, so that `&#xD;` stays a carriage return. */
function decodeText(text: string): string {
  const lines = withLineFeeds(text);
  return lines.includes('&') ? lines.replace(/&([^;&]*)(;?)/g, decodeEntity) : lines;
}

function decodeEntity(whole: string, name: string, semicolon: string): string {
  if (semicolon === '') throw new ReplyProblem('broken', 'an ampersand that begins no entity');
  switch (name) {
    case 'quot':
      return '"';
    case 'amp':
      return '&';
    case 'lt':
      return '<';
    case 'gt':
      return '>';
    case 'apos':
      return "'";
  }
  const number = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}))$/.exec(name);
  if (!number)
    throw new ReplyProblem('broken', `entity ${whole.slice(0, maxEntityChars)} is not allowed`);
  const code = number[1] ? Number.parseInt(number[1], 16) : Number(number[2]);
  if (code > 0x10ffff) throw new ReplyProblem('broken', `no such character: ${whole}`);
  // .NET writes control characters that XML forbids as references. One in an item name must not
  // cost us the whole report, and it means nothing to anybody: it is dropped.
  const isForbidden = code < 0x20 && code !== 9 && code !== 10 && code !== 13;
  return isForbidden ? '' : String.fromCodePoint(code);
}

type Frame = {
  reply: Reply;
  write(xml: string): void;
  isInDetail(): boolean;
  isClosed(): boolean;
  close(): Reply;
};

function createFrame(operation: Operation): Frame {
  const reply: Reply = {
    responseId: null,
    totalCount: null,
    statuses: [],
    importingQueueId: null,
    errorCode: null,
    fault: null,
    hasDetailBegun: false,
  };
  const resultPath = `/Envelope/Body/${operation}Response/${operation}Result`;
  const detailPath = `${resultPath}/Detail`;
  const paths: string[] = [''];
  let path = '';
  let text = '';
  let isInDetail = false;
  let isResultSeen = false;
  let isClosed = false;

  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', (error) => {
    throw new ReplyProblem('broken', `the XML is not well formed: ${error.message}`);
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    path = `${path}/${tag.local}`;
    paths.push(path);
    text = '';
    if (paths.length > maxDepth) throw new ReplyProblem('size', 'elements nest too deep');
    checkRoot(path);
    if (path === resultPath) isResultSeen = true;
    isInDetail = path === detailPath;
    if (isInDetail) reply.hasDetailBegun = true;
    if (path === `${resultPath}/Statuses/IntegrationStatusResponse`) openStatus(reply);
    if (path === '/Envelope/Body/Fault') reply.fault = { code: '', text: '' };
  });
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.on('cdata', (piece) => {
    text += piece;
  });
  parser.on('closetag', () => {
    if (path.startsWith(resultPath)) setResult(reply, path.slice(resultPath.length + 1), text);
    else if (reply.fault) setFault(reply.fault, path, text);
    text = '';
    isInDetail = false;
    paths.pop();
    path = paths.at(-1) ?? '';
    if (path === '') isClosed = true;
  });

  return {
    reply,
    write(xml) {
      if (paths.length === 1) checkProlog(xml);
      parser.write(xml);
    },
    isInDetail: () => isInDetail,
    isClosed: () => isClosed,
    close() {
      parser.close();
      if (!reply.fault && !isResultSeen)
        throw new ReplyProblem('shape', `the envelope holds no ${operation}Result`);
      if (!reply.fault && reply.responseId === null)
        throw new ReplyProblem('shape', `the ${operation}Result has no readable ResponseId`);
      return reply;
    },
  };
}

/** Refuses what may not stand before the envelope as soon as it begins: a page, a DTD of any
 *  size. */
function checkProlog(xml: string): void {
  if (/<(?:!doctype\s+html|html|head|body)\b/i.test(xml))
    throw new ReplyProblem('foreign', 'the answer is an HTML page');
  if (/<!doctype/i.test(xml))
    throw new ReplyProblem('broken', 'the answer carries a DTD, which is not allowed');
}

function checkRoot(path: string): void {
  if (path.startsWith('/Envelope')) return;
  throw new ReplyProblem('shape', `the answer is ${path.slice(1, 60)}, not a SOAP envelope`);
}

function openStatus(reply: Reply): void {
  if (reply.statuses.length >= maxStatuses)
    throw new ReplyProblem('size', `more than ${maxStatuses} row statuses`);
  reply.statuses.push({ reference: null, status: '' });
}

function setResult(reply: Reply, element: string, text: string): void {
  switch (element) {
    case 'ResponseId':
      reply.responseId = wholeNumberOf(text);
      break;
    case 'TotalCount':
      reply.totalCount = wholeNumberOf(text);
      break;
    case 'ImportingQueueId':
      reply.importingQueueId = wholeNumberOf(text);
      break;
    case 'ErrorCode':
      reply.errorCode = text.trim() || null;
      break;
    case 'Statuses/IntegrationStatusResponse/Reference':
      reply.statuses.at(-1)!.reference = text.trim() || null;
      break;
    case 'Statuses/IntegrationStatusResponse/Status':
      reply.statuses.at(-1)!.status = text.trim();
      break;
  }
}

/** SOAP 1.1 has faultcode and faultstring; 1.2 has Code/Value and Reason/Text. */
function setFault(fault: SoapFault, path: string, text: string): void {
  const element = path.slice('/Envelope/Body/Fault/'.length);
  if (element === 'faultcode' || element === 'Code/Value')
    fault.code = text.trim().replace(/^.*:/, '');
  if (element === 'faultstring' || element === 'Reason/Text') fault.text ||= text.trim();
}

function wholeNumberOf(text: string): number | null {
  return /^\s*-?\d{1,10}\s*$/.test(text) ? Number(text) : null;
}
