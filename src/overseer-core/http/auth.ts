import type { CoreNode } from "../../api/core/node.js";
import type { CoreToken } from "../../api/core/token.js";
import { ProblemError } from "../../http/problem.js";
import { existing } from "../existing.js";
import type { Store } from "../store/store.js";
import type { CoreAccess } from "./route.js";

const BEARER = /^Bearer +(\S+)$/i;

/** Token of requests to routes that need no token. */
export const ANONYMOUS: CoreToken = {
  id: "anonymous",
  revision: 1,
  name: "anonymous",
  role: "reader",
  node: null,
  createdAt: "1970-01-01T00:00:00Z",
  updatedAt: "1970-01-01T00:00:00Z",
};

/** Returns the token of a request. Throws UNAUTHENTICATED or FORBIDDEN if it may not call the route. */
export function authorize(store: Store, roles: CoreAccess, authorization: string | undefined): CoreToken {
  if (roles === "anonymous") return ANONYMOUS;
  const value = BEARER.exec(authorization ?? "")?.[1];
  if (value === undefined) {
    throw new ProblemError(
      "UNAUTHENTICATED",
      "the request has no token: send the header authorization: Bearer <token>",
    );
  }
  const token = store.tokens.verify(value);
  if (token === undefined)
    throw new ProblemError("UNAUTHENTICATED", "the token is unknown: it is invalid or was deleted");
  if (!roles.includes(token.role)) {
    throw new ProblemError(
      "FORBIDDEN",
      `the token ${token.name} has the role ${token.role}: this request requires ${roles.join(" or ")}`,
    );
  }
  return token;
}

/** Throws UNAUTHENTICATED if a token was deleted after its request was accepted: the body may have come late, and some requests wait. */
export function checkNotDeleted(store: Store, token: CoreToken): void {
  if (token.id !== ANONYMOUS.id && store.tokens.find(token.id) === undefined)
    throw new ProblemError("UNAUTHENTICATED", `the token ${token.name} was deleted: use another one`);
}

/** What a request that may wait has to say about itself. */
interface WaitingRequest {
  readonly caller: CoreToken;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Waits until `probe` finds what a request asks for; see `ChangeNotifier.until`. Throws UNAUTHENTICATED as soon as the token is deleted. */
export function untilFound<T>(
  store: Store,
  { caller, waitMs, signal }: WaitingRequest,
  probe: () => T | undefined,
): Promise<T | undefined> {
  const permitted = (): T | undefined => {
    checkNotDeleted(store, caller);
    return probe();
  };
  return store.notifier.until(permitted, waitMs, signal);
}

/** Returns a node by id. Throws FORBIDDEN if an agent requests the node of another agent. */
export function nodeFor(store: Store, token: CoreToken, id: string): CoreNode {
  const node = store.nodes.find(id);
  if (token.role !== "agent") return existing(node, "node", id);
  if (node === undefined)
    throw new ProblemError("NOT_FOUND", `node ${JSON.stringify(id)} not found: register it first`);
  if (store.nodes.tokenOf(id) !== token.id) {
    throw new ProblemError("FORBIDDEN", `the node was registered with another token than ${token.name}`);
  }
  return node;
}
