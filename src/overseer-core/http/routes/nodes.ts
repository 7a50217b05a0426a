import { z } from "zod";
import { Timestamp } from "../../../api/core/fields.js";
import { CoreNode, CoreNodeConfigWrite, CoreNodeRegister } from "../../../api/core/node.js";
import type { CoreToken } from "../../../api/core/token.js";
import { existing, Fault } from "../../fault.js";
import { deleteNode } from "../../operations/delete-node.js";
import type { Liveness } from "../../operations/liveness.js";
import type { Store } from "../../store/store.js";
import { nodeFor } from "../auth.js";
import { etagOf } from "../etag.js";
import { type Route, route } from "../route.js";
import { named, withMessage } from "../views.js";

const READERS = ["admin", "reader"] as const;
const AGENTS = ["admin", "agent"] as const;
const READERS_AND_AGENT = ["admin", "reader", "agent"] as const;

/** Nodes. */
export function nodeRoutes(store: Store, liveness: Liveness): Route[] {
  return [...readRoutes(store), ...adminRoutes(store), ...agentRoutes(store, liveness)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/nodes",
      summary: "All nodes, by name.",
      roles: READERS,
      answers: { 200: named("nodes", z.array(CoreNode)) },
      handle: () => ({ status: 200, body: { nodes: store.nodes.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/nodes/:id",
      summary: "One node; an agent sees its own.",
      roles: READERS_AND_AGENT,
      answers: { 200: named("node", CoreNode) },
      handle: ({ id, token }) => {
        const node = nodeFor(store, token, id);
        return { status: 200, etag: etagFor(node), body: { node: node } };
      },
    }),
    route({
      method: "GET",
      path: "/api/nodes/:id/status",
      summary: "Whether a node is there, and when it was last heard of.",
      roles: READERS_AND_AGENT,
      answers: {
        200: z
          .object({ status: CoreNode.shape.status, lastHeartbeat: Timestamp.nullable() })
          .describe("How a node is."),
      },
      handle: ({ id, token }) => {
        const { status, lastHeartbeat } = nodeFor(store, token, id);
        return { status: 200, body: { status, lastHeartbeat } };
      },
    }),
  ];
}

function adminRoutes(store: Store): Route[] {
  return [
    route({
      method: "PUT",
      path: "/api/nodes/:id/config",
      summary: "Replaces the configuration of a node, and its metadata. Nothing is written if nothing changes.",
      roles: ["admin"],
      conditional: true,
      body: CoreNodeConfigWrite,
      answers: { 200: withMessage("node", CoreNode) },
      handle: ({ id, body, token, expectRevision }) => {
        const before = existing(store.nodes.find(id), "node", id);
        expectRevision(before);
        const node = store.nodes.configure(before, body);
        const etag = etagFor(node);
        const { name } = node;
        if (node.revision === before.revision) {
          return { status: 200, etag, body: { message: "nothing changed", node: node } };
        }
        store.audit.record({ actor: token.name, action: "node.configure", resourceId: id, details: { name } });
        return { status: 200, etag, body: { message: `node ${name} was configured`, node: node } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/nodes/:id",
      summary: "Deletes a node that no app and no secret names. Jobs that it has not ended fail.",
      roles: ["admin"],
      conditional: true,
      answers: { 204: "empty" },
      handle: ({ id, token, expectRevision }) => {
        const view = existing(store.nodes.find(id), "node", id);
        expectRevision(view);
        deleteNode(store, view);
        store.audit.record({ actor: token.name, action: "node.delete", resourceId: id, details: { name: view.name } });
        return { status: 204 };
      },
    }),
  ];
}

function agentRoutes(store: Store, liveness: Liveness): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/nodes/register",
      summary: "An agent says who it is. The same name with the same token is the same node.",
      roles: AGENTS,
      body: CoreNodeRegister,
      answers: { 200: withMessage("node", CoreNode), 201: withMessage("node", CoreNode) },
      handle: ({ body, token }) => {
        const present = store.nodes.findByName(body.name);
        checkName(store, token, body.name, present);
        const node = present ? store.nodes.register(present, body, token.id) : store.nodes.create(body, token.id);
        liveness.heard(node.id);
        const headers = { etag: etagFor(node), location: `/api/nodes/${node.id}` };
        if (node.revision !== present?.revision) {
          const details = { name: body.name, runner: body.runner };
          store.audit.record({ actor: token.name, action: "node.register", resourceId: node.id, details });
        }
        const message = `node ${body.name} is registered (runner: ${body.runner})`;
        return { status: present ? 200 : 201, ...headers, body: { message, node: node } };
      },
    }),
    route({
      method: "POST",
      path: "/api/nodes/:id/heartbeat",
      summary: "An agent says that it is there.",
      roles: AGENTS,
      answers: { 204: "empty" },
      handle: ({ id, token }) => {
        liveness.heard(nodeFor(store, token, id).id);
        return { status: 204 };
      },
    }),
  ];
}

/** Refuses a name that is not this token's. A token made for a node takes it over from one made for any. */
function checkName(store: Store, token: CoreToken, name: string, present: CoreNode | undefined): void {
  if (token.node !== null && token.node !== name) {
    throw new Fault("FORBIDDEN", `the token ${token.name} is for the node ${token.node}, not for ${name}`, {
      field: "name",
    });
  }
  if (present === undefined || store.nodes.tokenOf(present.id) === token.id || token.node === name) return;
  const holder = store.tokens.find(store.nodes.tokenOf(present.id) ?? "")?.name;
  if (holder === undefined) return;
  const message = `the node ${name} was registered with the token ${holder}: use that, another name, or a token made for ${name}`;
  throw new Fault("CONFLICT", message, { field: "name" });
}

/** Heartbeats are shown, and are no change. */
function etagFor(node: CoreNode): string {
  return etagOf(node, Date.parse(node.lastHeartbeat ?? "") || 0);
}
