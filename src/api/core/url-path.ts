import { z } from "zod";

/** A segment of a path that proxies match literally: not only dots, no patterns, no placeholders and no escapes. */
const SEGMENT = "\\.*[A-Za-z0-9_~!$&'()+,;=:@-][A-Za-z0-9._~!$&'()+,;=:@-]*";
const CHARACTERS = "only letters, digits and - . _ ~ ! $ & ' ( ) + , ; = : @ between slashes";

/** Path prefix of a route, in the only spelling that a proxy matches literally. */
export const UrlPath = z
  .string()
  .max(1024)
  .regex(
    new RegExp(`^/(${SEGMENT}(/${SEGMENT})*)?$`),
    `expected a path that starts with /, like /api, without a slash at its end, //, . or .. as a segment, and with ${CHARACTERS}`,
  );

/** Path prefix of a sign-in service. Differs from `UrlPath` in that a slash at the end is accepted. */
export const UrlPathPrefix = z
  .string()
  .max(1024)
  .regex(
    new RegExp(`^/(${SEGMENT}(/${SEGMENT})*/?)?$`),
    `expected a path that starts with /, like /oauth2/, without //, . or .. as a segment, and with ${CHARACTERS}`,
  );

/** Returns whether a stored path is one that a proxy matches literally. */
export function isPlainPath(path: string): boolean {
  return UrlPath.safeParse(path).success;
}

/**
 * Returns a path as proxies compare it: in lowercase, decoded, without empty segments, dots and a slash at its end. Two routes of a host
 * with the same result are one place.
 */
export function comparedPath(path: string): string {
  const segments: string[] = [];
  for (const segment of decoded(path).split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`.toLowerCase();
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
