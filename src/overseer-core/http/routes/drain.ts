import { z } from "zod";
import { CoreDrainPlan, CoreDrainRequest } from "../../../api/core/drain.js";
import { CoreNode } from "../../../api/core/node.js";
import { existing } from "../../existing.js";
import { drain } from "../../operations/drain.js";
import { revertKept } from "../../operations/node-report.js";
import type { Store } from "../../store/store.js";
import { type Route, route, withMessage } from "../route.js";
import { recordReverts } from "./nodes.js";

/** Routes that drain nodes. */
export function drainRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/nodes/:id/drain",
      summary:
        "Drains a node: it accepts no deployments, and apps that store nothing on it move to other nodes. Returns what happens to each app.",
      access: ["admin"],
      body: CoreDrainRequest,
      responses: {
        200: z.object({
          message: z.string().describe("Human-readable description of the result."),
          plan: CoreDrainPlan,
        }),
      },
      handle: ({ params: { id }, body, caller: token }) => {
        const node = existing(store.nodes.find(id), "node", id);
        const plan = drain(store, node, body);
        const counts = `${plan.moves.length} to move, ${plan.stays.length} to stay`;
        if (body.dryRun) return { status: 200, body: { message: `would drain node ${node.name}: ${counts}`, plan } };
        const moves = plan.moves.map(({ app, to }) => `${app} to ${to}`);
        const details = { name: node.name, moves, stays: plan.stays.map(({ app }) => app) };
        store.audit.record({ actor: token.name, action: "node.drain", resourceId: id, details });
        return { status: 200, body: { message: `node ${node.name} is drained: ${counts}`, plan } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/nodes/:id/drain",
      summary: "Lets a drained node accept deployments again. Apps that have moved do not come back by themselves.",
      access: ["admin"],
      responses: { 200: withMessage("node", CoreNode) },
      handle: ({ params: { id }, caller: token }) => {
        const { name, drained } = existing(store.nodes.find(id), "node", id);
        store.nodes.setDrained(id, false);
        if (drained)
          store.audit.record({ actor: token.name, action: "node.undrain", resourceId: id, details: { name } });
        const message = drained ? `node ${name} accepts deployments again` : "nothing changed";
        const node = existing(store.nodes.find(id), "node", id);
        recordReverts(store, token, id, revertKept(store, node));
        return { status: 200, body: { message, node } };
      },
    }),
  ];
}
