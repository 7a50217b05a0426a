import { forgetToken, setToken, signedIn } from "../state/session.js";
import { call } from "./http.js";
import type { Whoami } from "./types.js";

/**
 * Uses the token of a link. If the browser has a session of another user, asks first: otherwise who sends a link could have its reader act
 * as another user, without a sign of it.
 */
export async function useTokenOfLink(token: string, ask: (text: string) => boolean): Promise<void> {
  const options = await call<{ readonly oidc?: object }>("sign-in").catch(() => undefined);
  // Without an issuer, there are no sessions.
  const current = options?.oidc === undefined ? undefined : await whoami();
  setToken(token);
  const other = current && (await whoami());
  signedIn();
  if (current === undefined || other?.name === current.name) return;
  const name = other === undefined ? "a user whose token is not valid" : other.name;
  if (!ask(`You are signed in as ${current.name}. The link signs you in as ${name}. Continue as ${name}?`))
    forgetToken();
  signedIn();
}

function whoami(): Promise<Whoami | undefined> {
  return call<Whoami>("whoami").catch(() => undefined);
}
