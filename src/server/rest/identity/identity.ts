import { createHash } from "node:crypto";

/** How requests to the API server are made in the name of a user. */
export type Credential =
  /** The user's own token, which the API server accepts, is handed on. */
  | { readonly kind: "token"; readonly token: string }
  /** The role impersonates the user. */
  | {
      readonly kind: "impersonation";
      /** The token that the user has sent, to verify it again later; undefined for a session. */
      readonly token?: string;
    };

/** An authenticated user. */
export interface Identity {
  readonly name: string;
  /** For an impersonated user, without the groups that the API server adds by itself. */
  readonly groups: readonly string[];
  readonly signedInBy: "token" | "session";
  /** Time in milliseconds since the epoch at which the credential expires; undefined if it is unknown. */
  readonly expires?: number | undefined;
  readonly credential: Credential;
}

/** Group of everyone who has authenticated. The API server adds it to each request, also to an impersonated one. */
export const AUTHENTICATED = "system:authenticated";
const RESERVED = "system:";
const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/;
/** What a header can carry unchanged. */
const HEADER_SAFE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Maximum number of groups: more do not fit into the headers of a request. */
const MAX_GROUPS = 200;
const MAX_LENGTH = 512;

/** Returns the groups that the API server adds to an impersonated user by itself: they need not, and must not, be sent. */
function impliedGroups(name: string): ReadonlySet<string> {
  const namespace = SERVICE_ACCOUNT.exec(name)?.[1];
  if (namespace === undefined) return new Set([AUTHENTICATED]);
  return new Set([AUTHENTICATED, "system:serviceaccounts", `system:serviceaccounts:${namespace}`]);
}

/**
 * Returns the groups to send when a user is impersonated, or why the user must not be impersonated. Names and groups that begin with
 * `system:` are those of Kubernetes itself; only ServiceAccounts, which a token of the API server proves, are permitted, and only
 * with `serviceAccounts`.
 */
export function impersonable(
  name: string,
  groups: readonly string[],
  { serviceAccounts = false }: { readonly serviceAccounts?: boolean } = {},
): { readonly groups: readonly string[] } | { readonly refused: string } {
  if (!usable(name)) return { refused: "the user name is empty, too long, or has characters that are not ASCII" };
  const isAccount = serviceAccounts && SERVICE_ACCOUNT.test(name);
  if (name.startsWith(RESERVED) && !isAccount)
    return { refused: "the user name begins with system:, which is reserved" };
  const implied = impliedGroups(name);
  const sent = groups.filter((group) => !implied.has(group));
  if (sent.some((group) => group.startsWith(RESERVED)))
    return { refused: "a group of the user begins with system:, which is reserved" };
  if (sent.length > MAX_GROUPS) return { refused: `the user is in more than ${MAX_GROUPS} groups` };
  if (!sent.every(usable)) return { refused: "a group name is empty, too long, or has characters that are not ASCII" };
  return { groups: [...new Set(sent)] };
}

function usable(name: string): boolean {
  return name.length <= MAX_LENGTH && HEADER_SAFE.test(name);
}

/** Returns a key of a user for caches: the same key means the same rights. A token may have fewer rights than its user. */
export function identityKey({ name, groups, credential }: Identity): string {
  if (credential.kind === "token") return sha256(credential.token);
  return sha256(JSON.stringify([name, [...groups].sort()]));
}

/** Returns the SHA-256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
