import { forgetToken, setToken, signedIn } from "../state/session.js";
import { call } from "./http.js";
import { ApiError } from "./problem.js";
import type { Whoami } from "./types.js";

/**
 * Uses the token of a link. If the browser has a session of another user, asks first: otherwise who sends a link could have its reader act
 * as another user, without a sign of it.
 */
export async function useTokenOfLink(token: string, ask: (text: string) => boolean): Promise<void> {
  const options = await call<{ readonly oidc?: object }>("sign-in").catch(() => undefined);
  // Without an issuer, there are no sessions.
  const current = options !== undefined && options.oidc === undefined ? undefined : await whoami();
  setToken(token);
  const other = current && (await whoami());
  signedIn();
  if (current === undefined || (other !== undefined && other !== "unknown" && nameOf(current) === other.name)) return;
  const name = other === undefined ? "a user whose token is not valid" : nameOf(other);
  if (!ask(`You are signed in as ${nameOf(current)}. The link signs you in as ${name}. Continue as ${name}?`))
    forgetToken();
  signedIn();
}

/** Who the user is; undefined without a session, `unknown` if the server does not say. */
function whoami(): Promise<Whoami | "unknown" | undefined> {
  return call<Whoami>("whoami").catch((error: unknown) =>
    error instanceof ApiError && error.status === 401 ? undefined : "unknown",
  );
}

function nameOf(user: Whoami | "unknown"): string {
  return user === "unknown" ? "a user whom the server cannot name now" : user.name;
}
