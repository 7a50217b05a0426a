import { UsageError } from "../exit-codes.js";

/**
 * Returns the URL of a server without a slash at its end.
 *
 * @throws UsageError unless it is https://, or http:// on this machine.
 */
export function serverUrl(text: string): string {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) throw new UsageError(`${JSON.stringify(text)} is no URL: use https://HOST`);
  const url = new URL(withScheme);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new UsageError("the URL of a server has no credentials, query or fragment: use https://HOST");
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  if (!isSafe)
    throw new UsageError(
      `${url.origin} would get your credentials unencrypted: use https://, or http:// on this machine only`,
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** Reports whether a host name is this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
