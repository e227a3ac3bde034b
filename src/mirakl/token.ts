/** OAuth2 client credentials for operators that use them instead of the plain key. */
import { z } from 'zod';
import { Refused, Unauthorised } from '../errors.ts';
import { exchange, type Line } from './exchange.ts';
import { required, shape, unitsOrNull } from './fields.ts';

export type OAuth2Auth = {
  kind: 'oauth2';
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  audience?: string | undefined;
};

export type TokenSource = {
  /** A token that is good for some time yet; asks for one only when there is none. Throws VendorError. */
  current(): Promise<string>;
  /** The vendor turned this token down: the next `current` asks anew, unless someone already has. */
  forget(token: string): void;
};

/** A token is renewed this long before its end, so that it does not end under way; a short-lived one
 *  after half its life. Too small: 401s at the end of each token. Too large: needless renewals. */
const renewBeforeMs = 60_000;
/** What a token is taken to live when the answer does not say: `expires_in` is documented as 3599. */
const assumedLifeSeconds = 600;
const maxTokenBytes = 262_144;

const tokenShape = z.object({ access_token: required, expires_in: unitsOrNull });

/** Tokens for one connection; several callers that need one at once share a single request. */
export function createTokenSource(line: Line, auth: OAuth2Auth, timeoutMs: number): TokenSource {
  let held: { token: string; renewAtMs: number } | null = null;
  let underWay: Promise<string> | null = null;

  const renew = async () => {
    const { token, lifeMs } = await requestToken(line, auth, timeoutMs);
    const marginMs = Math.min(renewBeforeMs, lifeMs / 2);
    held = { token, renewAtMs: line.clock.nowMs() + lifeMs - marginMs };
    return token;
  };
  return {
    async current() {
      if (held && line.clock.nowMs() < held.renewAtMs) return held.token;
      if (underWay) return line.clock.waitOn(underWay);
      underWay = renew();
      try {
        return await underWay;
      } finally {
        underWay = null;
      }
    },
    forget(token) {
      if (held?.token === token) held = null;
    },
  };
}

async function requestToken(
  line: Line,
  auth: OAuth2Auth,
  timeoutMs: number,
): Promise<{ token: string; lifeMs: number }> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: auth.clientId,
    client_secret: auth.clientSecret,
  });
  if (auth.audience !== undefined) form.set('audience', auth.audience);
  try {
    const { value } = await exchange(line, {
      operation: 'OAuth2',
      http: {
        method: 'POST',
        url: auth.tokenUrl,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: form.toString(),
        timeoutMs,
      },
      maxBodyBytes: maxTokenBytes,
      read: shape(tokenShape),
    });
    const lifeMs = (value.expires_in ?? assumedLifeSeconds) * 1000;
    return { token: value.access_token, lifeMs };
  } catch (error) {
    // RFC 6749 answers wrong credentials with 400 invalid_client or invalid_grant.
    if (!(error instanceof Refused)) throw error;
    const { vendor, connection, operation, effect, status, correlationId } = error;
    throw new Unauthorised(`${error.message}; check the client id and secret`, {
      vendor,
      connection,
      operation,
      effect,
      status,
      correlationId,
      cause: error,
    });
  }
}
