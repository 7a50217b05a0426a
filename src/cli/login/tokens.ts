import { CommandError, EXIT } from "../exit-codes.js";
import { Issuer } from "./issuer.js";
import type { LoginStore } from "./store.js";

/** Time before its expiry at which an ID token is renewed, in milliseconds. */
const EARLY_MS = 60_000;

/** The bearer token of a server. */
export interface TokenSource {
  /** Returns a token. `refused`: one that the server has refused. Throws CommandError if the user has to sign in. */
  token(refused?: string): Promise<string>;
}

/** Returns the token of a flag. */
export function fixedToken(server: string, token: string): TokenSource {
  return {
    token: async (refused) => {
      if (refused === token) throw signIn(server, "the server refuses the token of --token");
      return token;
    },
  };
}

/** Returns the token of a login, which is renewed when it expires. */
export function storedToken(store: LoginStore, server: string, now: () => number = Date.now): TokenSource {
  return {
    token: async (refused) => {
      const login = await store.get(server);
      const usable = (token: string, expires = Number.POSITIVE_INFINITY): boolean =>
        token !== refused && now() < expires - EARLY_MS;
      if (login === undefined) throw signIn(server, `not signed in to ${server}`);
      if (login.token !== undefined && usable(login.token)) return login.token;
      if (login.oidc === undefined) throw signIn(server, `${server} refuses the stored token`);
      if (usable(login.oidc.idToken, login.oidc.expires)) return login.oidc.idToken;
      const renewed = await store.update(server, async (current) => {
        // Another command may have renewed it, or signed out, in the meantime.
        if (current?.oidc === undefined) throw signIn(server, `not signed in to ${server}`);
        const { oidc } = current;
        if (usable(oidc.idToken, oidc.expires)) return current;
        if (oidc.refreshToken === undefined) throw signIn(server, "the sign-in has expired");
        return { ...current, oidc: await (await Issuer.discover(oidc)).refresh(oidc.refreshToken) };
      });
      return renewed?.oidc?.idToken ?? "";
    },
  };
}

function signIn(server: string, problem: string): CommandError {
  return new CommandError(`${problem}: run "overseer login ${server}"`, EXIT.noConnection);
}
