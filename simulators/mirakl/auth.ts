/** Who is calling: the raw API key in `Authorization`, or a bearer token got from POST
 *  /oauth/token. */
import type { SimRequest } from '../kernel.ts';
import { plain, write } from './json.ts';
import { type Market, type ShopAccount, type User, vendorNowMs } from './market.ts';
import { type Result, refuse } from './wire.ts';

/** Throws the 401 real instances give, whatever is wrong with the key. */
export function userOf(market: Market, request: SimRequest): User {
  const given = request.headers['authorization'] ?? '';
  const user = market.users.get(given);
  if (user) return user;
  const [scheme, token] = given.split(' ');
  const endsMs = scheme === 'Bearer' && token ? market.tokens.get(token) : undefined;
  if (endsMs !== undefined && endsMs > vendorNowMs(market)) return market.mainUser;
  market.log.unauthorized += 1;
  throw refuse(401, 'UNAUTHORIZED', 'Unauthorized', {
    body: '{"status":401,"message":"Unauthorized"}',
  });
}

/** The shop meant: `shop_id`, or the user's first. 403 for another user's, 404 for none. */
export function shopOf(market: Market, user: User, shopId: number | undefined): ShopAccount {
  const id = shopId ?? user.shopIds[0];
  const shop = id === undefined ? undefined : market.shops.get(id);
  if (!shop) throw refuse(404, 'SHOP_NOT_FOUND', `Shop with identifier '${shopId}' not found`);
  if (!user.shopIds.includes(shop.shopId)) throw refuse(403, 'FORBIDDEN', 'Forbidden');
  return shop;
}

/** POST /oauth/token, grant `client_credentials`. Null when the marketplace has no OAuth. */
export function issueToken(market: Market, request: SimRequest): Result | null {
  const { oauth } = market.settings;
  if (!oauth) return null;
  const form = new URLSearchParams(new TextDecoder().decode(request.body));
  const type = request.headers['content-type'] ?? '';
  if (
    !type.startsWith('application/x-www-form-urlencoded') ||
    form.get('grant_type') !== 'client_credentials'
  ) {
    return { status: 400, body: '{"error":"unsupported_grant_type"}' };
  }
  if (
    form.get('client_id') !== oauth.clientId ||
    form.get('client_secret') !== oauth.clientSecret
  ) {
    return { status: 401, body: '{"error":"invalid_client"}' };
  }
  const expiresIn = oauth.expiresInSeconds ?? 3599;
  const token = Array.from({ length: 8 }, () =>
    market.dice.ids.between(0, 0xffffffff).toString(36).padStart(7, '0'),
  ).join('');
  market.tokens.set(token, vendorNowMs(market) + expiresIn * 1000);
  const answer = {
    token_type: 'Bearer',
    access_token: token,
    expires_in: expiresIn,
    target_app: 'MMP',
    resource_owner: String(market.mainUser.shopIds[0]),
  };
  return { status: 200, body: write(answer, plain) };
}
