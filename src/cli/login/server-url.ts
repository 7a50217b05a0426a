import { UsageError } from "../exit-codes.js";
import { isLoopback } from "./loopback-host.js";

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
