import { signal } from "@preact/signals";
import { tokenIn } from "./address-token.js";

/** Token of the user. In memory only: it is gone when the tab is closed or loaded again. */
const token = signal<string | undefined>(undefined);
/** Whether the server has refused the identity of the user, or has none. */
export const signedOut = signal(false);

/** Returns the headers that identify the user; none if a session cookie does. */
export function identityHeaders(): Record<string, string> {
  return token.value === undefined ? {} : { authorization: `Bearer ${token.value}` };
}

/** Whether the user has signed in with a token, which a reload of the page loses. */
export function hasToken(): boolean {
  return token.value !== undefined;
}

/** Uses a token for all further requests. Whether the server accepts it is not known yet. */
export function setToken(text: string): void {
  token.value = text;
}

/** Shows the pages again: the server has accepted the identity of the user. */
export function signedIn(): void {
  signedOut.value = false;
}

/** Forgets the token. */
export function forgetToken(): void {
  token.value = undefined;
  signedOut.value = true;
}

/** Takes a token from the fragment of the address, which browsers do not send to servers, and removes it there. */
export function takeTokenFromAddress(): string | undefined {
  const found = tokenIn(location.hash);
  if (found !== undefined) history.replaceState(null, "", location.pathname + location.search);
  return found;
}
