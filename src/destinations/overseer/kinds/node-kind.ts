import { CoreNodeConfig } from "../../../api/core/node.js";
import { CoreNodeConfigSpec } from "../../../api/core/objects.js";
import type { Json } from "../../../base/hash.js";
import type { NodeRecord } from "../state/core-records.js";
import { coreKind, missingNode } from "./core-kind.js";

/** Rules for node configurations. The node itself is registered by its agent and never deleted by the operator. */
export const NODE_KIND = coreKind<NodeRecord, CoreNodeConfigSpec>({
  kind: "NodeConfig",
  change: "node",
  path: "/api/nodes",
  envelope: "node",
  spec: CoreNodeConfigSpec,
  alwaysThere: true,
  find: (state, name) => state.nodeNamed(name),
  nameOf: (record) => record.name,
  content: (record) => ({ config: normal(record.config) }),
  desired: (spec) => ({ config: normal(spec.config) }),
  show: (content) => content,
  references: () => ({}),
  refersTo: () => true,
  missing: (_spec, name, state) => (state.nodeNamed(name) ? [] : [missingNode(name)]),
  refusal: () => undefined,
  body: (content, _name, metadata) => ({ ...(content as object), metadata }),
  health: (record) =>
    record.status === "online"
      ? record.problem === null
        ? { status: "Healthy" }
        : { status: "Degraded", message: record.problem }
      : {
          status: "Degraded",
          message: `is offline${record.lastHeartbeat === null ? "" : `, last heartbeat at ${record.lastHeartbeat}`}`,
        },
  pending: () => undefined,
});

/** Returns a configuration with all defaults set. */
function normal(config: CoreNodeConfig | null | undefined): Json {
  const { description, ...rest } = CoreNodeConfig.parse(config ?? {});
  return { ...rest, description: description ?? null };
}
