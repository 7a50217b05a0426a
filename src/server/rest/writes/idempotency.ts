import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ProblemError } from "../../../http/problem.js";
import { type Identity, sha256 } from "../identity/identity.js";

const KEY = /^[\x21-\x7e]{1,255}$/;
const DIGITS = 10;
/** Longest prefix of a name. */
const MAX_PREFIX = 200;

/** Name of an object to create, and whether the request may be a repetition. */
export interface NewName {
  readonly name: string;
  readonly repeatable: boolean;
}

/**
 * Returns the name of an object to create: with an Idempotency-Key the same one for each repetition by the same user, else a random
 * one. `what` tells requests apart that have the same key. Throws INVALID for a malformed key.
 */
export function newName(prefix: string, what: string, user: Identity, headers: IncomingHttpHeaders): NewName {
  const key = headers["idempotency-key"];
  const start = prefix.slice(0, MAX_PREFIX).replace(/[-.]+$/, "");
  if (key === undefined) return { name: `${start}-${randomBytes(DIGITS / 2).toString("hex")}`, repeatable: false };
  if (typeof key !== "string" || !KEY.test(key))
    throw new ProblemError("INVALID", "the header Idempotency-Key must have 1 to 255 visible ASCII characters");
  return { name: `${start}-${sha256(JSON.stringify([user.name, what, key])).slice(0, DIGITS)}`, repeatable: true };
}
