import type { CoreNode } from "../../api/core/node.js";
import type { CoreToken } from "../../api/core/token.js";
import { existing, Fault } from "../fault.js";
import type { Store } from "../store/store.js";
import type { RouteFacts } from "./route.js";

const BEARER = /^Bearer +(\S+)$/i;

/** What routes without a token are called by. */
export const ANONYMOUS: CoreToken = {
  id: "nobody",
  revision: 1,
  name: "nobody",
  role: "reader",
  node: null,
  createdAt: "1970-01-01T00:00:00Z",
  updatedAt: "1970-01-01T00:00:00Z",
};

/** Whose request this is. Throws UNAUTHENTICATED or FORBIDDEN unless that token may call the route. */
export function authorize(store: Store, { roles }: RouteFacts, authorization: string | undefined): CoreToken {
  if (roles === "everybody") return ANONYMOUS;
  const value = BEARER.exec(authorization ?? "")?.[1];
  if (value === undefined) {
    throw new Fault("UNAUTHENTICATED", "no token: send it as authorization: Bearer <token>");
  }
  const token = store.tokens.verify(value);
  if (token === undefined) throw new Fault("UNAUTHENTICATED", "this token is not known: it is wrong, or was deleted");
  if (!roles.includes(token.role)) {
    throw new Fault(
      "FORBIDDEN",
      `the token ${token.name} has the role ${token.role}: this needs ${roles.join(" or ")}`,
    );
  }
  return token;
}

/** The node of an id. Throws FORBIDDEN when the token is of an agent, and the node is another agent's. */
export function nodeFor(store: Store, token: CoreToken, id: string): CoreNode {
  const node = store.nodes.find(id);
  if (token.role !== "agent") return existing(node, "node", id);
  if (node === undefined) throw new Fault("NOT_FOUND", `there is no node ${JSON.stringify(id)}: register it`);
  if (store.nodes.tokenOf(id) !== token.id) {
    throw new Fault("FORBIDDEN", `the token ${token.name} is not the one that this node was registered with`);
  }
  return node;
}
