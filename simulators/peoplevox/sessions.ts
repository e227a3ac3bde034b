/** Log-in and the life of a session: refusals come as HTTP 200 with ResponseId -1. */
import { failed, type IntegrationResponse, namespace, type XmlElement } from './soap.ts';
import { recordBreach, type Session, type Tenant } from './state.ts';

const invalidSession = 'System : Security - Invalid Session';
const expiredSession = 'System : Security - Session Expired';

/** Authenticate. The wrong encoding of the right password is answered as an invalid session, as the
 *  vendor's US region does it. */
export function authenticate(
  tenant: Tenant,
  sent: { clientId: string; username: string; password: string },
): IntegrationResponse {
  const { settings, faults, timeline, sessions } = tenant;
  const isKnown =
    isSameName(sent.clientId, settings.clientId) && sent.username === settings.username;
  const isRight = isKnown && isPassword(tenant, sent.password, settings.passwordEncoding);
  if (!isRight) {
    const other = settings.passwordEncoding === 'base64' ? 'plain' : 'base64';
    return failed(
      isKnown && isPassword(tenant, sent.password, other)
        ? invalidSession
        : 'System : Security - Invalid User Name Or Password',
    );
  }
  if (faults.strikes('loginRefused', 'Authenticate')) {
    return failed('System : Security - Invalid User Name Or Password');
  }
  if (settings.singleSession) {
    for (const session of sessions.values()) if (session.state === 'alive') session.state = 'ended';
  }
  const sessionId = newSessionId(tenant);
  const nowMs = timeline.nowMs();
  sessions.set(sessionId, { sessionId, madeAtMs: nowMs, usedAtMs: nowMs, state: 'alive' });
  return {
    responseId: 0,
    totalCount: 1,
    detail: `${settings.clientId},${sessionId}`,
    statuses: [],
  };
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** White space around Base64 is let pass. */
function isPassword(tenant: Tenant, sent: string, encoding: 'base64' | 'plain'): boolean {
  const right = tenant.settings.password;
  if (encoding === 'plain') return sent === right;
  return sent.replace(/\s+/g, '') === Buffer.from(right, 'utf8').toString('base64');
}

function newSessionId(tenant: Tenant): string {
  const hex = Array.from({ length: 32 }, () => tenant.dice.sessions.between(0, 15).toString(16));
  const part = (from: number, to: number) => hex.slice(from, to).join('');
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join('-');
}

/** Checks the session header of a call and keeps the session alive. Returns the refusal, or
 *  null. */
export function checkSession(
  tenant: Tenant,
  operation: string,
  header: XmlElement | undefined,
): string | null {
  const { settings, sessions, faults, timeline } = tenant;
  const own = header?.children.find(
    (c) => c.name === 'UserSessionCredentials' && c.uri === namespace,
  );
  const part = (name: string) => own?.children.find((c) => c.name === name && c.uri === namespace);
  const clientId = part('ClientId')?.text.trim();
  if (own && !part('UserId')) recordBreach(tenant, operation, 'missingUserId', '');
  if (own && clientId === undefined) recordBreach(tenant, operation, 'missingClientId', '');
  const isStrictlyWrong =
    settings.strictHeader && (!part('UserId') || !isSameName(clientId ?? '', settings.clientId));
  const session = sessions.get(part('SessionId')?.text.trim() ?? '');
  if (!session || isStrictlyWrong) return invalidSession;
  if (faults.strikes('expireSession', operation)) session.state = 'expired';
  if (session.state === 'alive' && isTooOld(tenant, session)) session.state = 'expired';
  if (session.state === 'ended') return invalidSession;
  if (session.state === 'expired') return expiredSession;
  session.usedAtMs = timeline.nowMs();
  return null;
}

function isTooOld(tenant: Tenant, session: Session): boolean {
  const { sessionIdleMs, sessionAbsoluteMs } = tenant.settings;
  const nowMs = tenant.timeline.nowMs();
  if (nowMs - session.usedAtMs >= sessionIdleMs) return true;
  return sessionAbsoluteMs !== null && nowMs - session.madeAtMs >= sessionAbsoluteMs;
}
