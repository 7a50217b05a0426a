/** Cookies of a session: a long one is split. The prefix makes browsers require HTTPS and this very host. */
export const SESSION_COOKIE = "__Host-overseer";
/** Cookie of a sign-in that has begun. */
export const SIGN_IN_COOKIE = "__Host-overseer-sign-in";

/** Characters of a cookie: browsers limit name, value and attributes to 4,096 together. */
const PART_LENGTH = 3_600;
/** Parts of a session: more would exceed the limits of headers of many proxies. */
const MAX_PARTS = 4;

const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax";

/** Returns the cookies of a Cookie header. Of several with one name, none counts. */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  const repeated = new Set<string>();
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at < 0) continue;
    const name = part.slice(0, at).trim();
    if (cookies.has(name)) repeated.add(name);
    cookies.set(name, part.slice(at + 1).trim());
  }
  for (const name of repeated) cookies.delete(name);
  return cookies;
}

/** Returns the Set-Cookie of one cookie. */
export function setCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}; ${ATTRIBUTES}`;
}

/** Returns the Set-Cookie that deletes a cookie. */
export function deleteCookie(name: string): string {
  return setCookie(name, "", 0);
}

function partName(index: number): string {
  return index === 0 ? SESSION_COOKIE : `${SESSION_COOKIE}.${index}`;
}

/** Returns the Set-Cookies of a session, including those that delete what an earlier one has left; undefined if it is too long. */
export function sessionCookies(sealed: string, maxAgeSeconds: number): string[] | undefined {
  if (sealed.length > PART_LENGTH * MAX_PARTS) return undefined;
  return Array.from({ length: MAX_PARTS }, (_, index) => {
    const part = sealed.slice(index * PART_LENGTH, (index + 1) * PART_LENGTH);
    return part === "" ? deleteCookie(partName(index)) : setCookie(partName(index), part, maxAgeSeconds);
  });
}

/** Returns the sealed session in cookies; undefined if there is none. */
export function sealedSession(cookies: ReadonlyMap<string, string>): string | undefined {
  let sealed = "";
  for (let index = 0; index < MAX_PARTS; index++) {
    const part = cookies.get(partName(index));
    if (part === undefined || part === "") break;
    sealed += part;
  }
  return sealed === "" ? undefined : sealed;
}

/** Returns the Set-Cookies that end a session. */
export function endedSessionCookies(): string[] {
  return Array.from({ length: MAX_PARTS }, (_, index) => deleteCookie(partName(index)));
}
