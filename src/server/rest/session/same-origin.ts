import type { IncomingHttpHeaders } from "node:http";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Reports whether the cookies of a request count. Another site can make a browser send them, so it must say that the request comes from
 * this origin, or, for reads, from the user. Browsers that do not say so at least send Origin.
 */
export function cookiesCount(method: string, headers: IncomingHttpHeaders, publicUrl: string | undefined): boolean {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return true;
  if (site === "none") return SAFE_METHODS.has(method);
  if (site !== undefined || publicUrl === undefined) return false;
  return headers.origin !== undefined && headers.origin === new URL(publicUrl).origin;
}

const MAX_PATH = 2_048;

/**
 * Returns the path to go to after the sign-in, or `/` if it could lead to another site: browsers read `//host` and `/\host` as
 * another host, and ignore line breaks and tabs.
 */
export function safeReturnPath(path: unknown): string {
  if (typeof path !== "string" || path.length > MAX_PATH) return "/";
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes("\\")) return "/";
  const base = "https://overseer.invalid";
  return URL.canParse(path, base) && new URL(path, base).origin === base ? path : "/";
}
