import { z } from "zod";
import { MAX_WAIT_SECONDS } from "../../../api/core/changes.js";
import { Timestamp } from "../../../api/core/fields.js";
import {
  CoreHeartbeat,
  CoreNode,
  CoreNodeConfigWrite,
  CoreNodeRegister,
  CoreNodeReport,
} from "../../../api/core/node.js";
import { CoreNodeRoute } from "../../../api/core/route.js";
import type { CoreToken } from "../../../api/core/token.js";
import { canonicalJson, sha256 } from "../../../base/hash.js";
import { etagOf, matchesIfNoneMatch } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import { deleteNode } from "../../operations/delete-node.js";
import type { Liveness } from "../../operations/liveness.js";
import { recordReport, revertKept } from "../../operations/node-report.js";
import { routesOf } from "../../operations/node-routes.js";
import type { Store } from "../../store/store.js";
import { nodeFor, untilFound } from "../auth.js";
import { named, type Route, route, withMessage } from "../route.js";

const READERS = ["admin", "reader"] as const;
const AGENTS = ["admin", "agent"] as const;
const READERS_AND_AGENT = ["admin", "reader", "agent"] as const;

/** Routes of nodes. */
export function nodeRoutes(store: Store, liveness: Liveness): Route[] {
  return [...readRoutes(store), ...adminRoutes(store), ...agentRoutes(store, liveness)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/nodes",
      summary: "Lists all nodes, sorted by name.",
      access: READERS,
      responses: { 200: named("nodes", z.array(CoreNode)) },
      handle: () => ({ status: 200, body: { nodes: store.nodes.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/nodes/:id",
      summary: "Returns one node. An agent can read only its own.",
      access: READERS_AND_AGENT,
      responses: { 200: named("node", CoreNode) },
      handle: ({ params: { id }, caller: token }) => {
        const node = nodeFor(store, token, id);
        return { status: 200, etag: etagFor(node), body: { node: node } };
      },
    }),
    route({
      method: "GET",
      path: "/api/nodes/:id/status",
      summary: "Returns whether a node is online, and the time of its last heartbeat.",
      access: READERS_AND_AGENT,
      responses: {
        200: z
          .object({ status: CoreNode.shape.status, lastHeartbeat: Timestamp.nullable() })
          .describe("Status of a node."),
      },
      handle: ({ params: { id }, caller: token }) => {
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
      summary: "Replaces the configuration and metadata of a node. Does nothing if nothing changes.",
      access: ["admin"],
      conditional: true,
      body: CoreNodeConfigWrite,
      responses: { 200: withMessage("node", CoreNode) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = existing(store.nodes.find(id), "node", id);
        expectRevision(before);
        const node = store.nodes.configure(before, body);
        const etag = etagFor(node);
        const { name } = node;
        if (node.revision === before.revision) {
          return { status: 200, etag, body: { message: "nothing changed", node: node } };
        }
        store.audit.record({ actor: token.name, action: "node.configure", resourceId: id, details: { name } });
        recordReverts(store, token, id, revertKept(store, node));
        return { status: 200, etag, body: { message: `node ${name} configured`, node: node } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/nodes/:id",
      summary: "Deletes a node that no app and no secret refers to, and that no app is on. Its unfinished jobs fail.",
      access: ["admin"],
      query: z.strictObject({
        leaveApps: z
          .enum(["true", "false"])
          .default("false")
          .describe("Delete the node although apps are on it. What they store there is lost to the Core."),
      }),
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, query: { leaveApps }, caller: token, expectRevision }) => {
        const view = existing(store.nodes.find(id), "node", id);
        expectRevision(view);
        deleteNode(store, view, leaveApps === "true");
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
      summary: "Registers the node of an agent. The same name with the same token is the same node.",
      access: AGENTS,
      body: CoreNodeRegister,
      responses: { 200: withMessage("node", CoreNode), 201: withMessage("node", CoreNode) },
      handle: ({ body, caller: token }) => {
        const present = store.nodes.findByName(body.name);
        checkName(store, token, body.name, present);
        const node = present ? store.nodes.register(present, body, token.id) : store.nodes.create(body, token.id);
        liveness.recordHeartbeat(node.id);
        const headers = { etag: etagFor(node), location: `/api/nodes/${node.id}` };
        if (node.revision !== present?.revision) {
          const details = { name: body.name, runner: body.runner };
          store.audit.record({ actor: token.name, action: "node.register", resourceId: node.id, details });
        }
        const message = `node ${body.name} registered (runner: ${body.runner})`;
        return { status: present ? 200 : 201, ...headers, body: { message, node: node } };
      },
    }),
    route({
      method: "POST",
      path: "/api/nodes/:id/heartbeat",
      summary: "Reports a heartbeat of an agent.",
      access: AGENTS,
      body: CoreHeartbeat,
      responses: { 204: "empty" },
      handle: ({ params: { id }, body, caller: token }) => {
        liveness.recordHeartbeat(nodeFor(store, token, id).id, body.usage);
        return { status: 204 };
      },
    }),
    route({
      method: "GET",
      path: "/api/nodes/:id/routes",
      summary: "Lists the routes to the apps of a node. With If-None-Match and Prefer: wait=N, waits for a change.",
      access: AGENTS,
      responses: { 200: named("routes", z.array(CoreNodeRoute)), 304: "empty" },
      waits: MAX_WAIT_SECONDS,
      handle: async (request) => {
        const { params, caller: token, ifNoneMatch } = request;
        const read = () => {
          const routes = routesOf(store, nodeFor(store, token, params.id).id);
          return { routes, etag: `"${sha256(canonicalJson(routes), 32)}"` };
        };
        const changed = () => {
          const found = read();
          return matchesIfNoneMatch(ifNoneMatch, found.etag) ? undefined : found;
        };
        const found = await untilFound(store, request, changed);
        if (found === undefined) return { status: 304, etag: read().etag };
        return { status: 200, etag: found.etag, body: { routes: found.routes } };
      },
    }),
    route({
      method: "POST",
      path: "/api/nodes/:id/report",
      summary: "Reports the state of a node and of its apps. Deploys apps again if the agent requests it.",
      access: AGENTS,
      body: CoreNodeReport,
      responses: { 204: "empty" },
      handle: ({ params: { id }, body, caller: token }) => {
        recordReverts(store, token, id, recordReport(store, nodeFor(store, token, id), body));
        return { status: 204 };
      },
    }),
  ];
}

/** Records which apps of a node are deployed again to revert drift. */
export function recordReverts(store: Store, token: CoreToken, nodeId: string, apps: readonly string[]): void {
  for (const app of apps) {
    store.audit.record({ actor: token.name, action: "app.redeploy", resourceId: nodeId, details: { app } });
  }
}

/** Rejects a name that belongs to another token. A token for one node takes precedence over a token for any node. */
function checkName(store: Store, token: CoreToken, name: string, present: CoreNode | undefined): void {
  if (token.node !== null && token.node !== name) {
    throw new ProblemError("FORBIDDEN", `the token ${token.name} is for the node ${token.node}, not for ${name}`, {
      field: "name",
    });
  }
  if (present === undefined || store.nodes.tokenOf(present.id) === token.id || token.node === name) return;
  const holder = store.tokens.find(store.nodes.tokenOf(present.id) ?? "")?.name;
  if (holder === undefined) return;
  const message = `the node ${name} was registered with the token ${holder}: use that token, another name, or a token created for ${name}`;
  throw new ProblemError("CONFLICT", message, { field: "name" });
}

/** Includes the last heartbeat, which changes without a new revision. */
function etagFor(node: CoreNode): string {
  return etagOf(node, Date.parse(node.lastHeartbeat ?? "") || 0);
}
