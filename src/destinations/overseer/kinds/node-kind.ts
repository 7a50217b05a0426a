import { CoreNodeConfig } from "../../../api/core/node.js";
import { CoreNodeConfigSpec } from "../../../api/core/objects.js";
import type { Json } from "../../../base/hash.js";
import type { NodeRecord } from "../state/core-records.js";
import { coreKind, missingNode } from "./core-kind.js";

/** Configurations of nodes. The node itself comes by its agent, and never goes by us. */
export const NODE_KIND = coreKind<NodeRecord, CoreNodeConfigSpec>({
  kind: "NodeConfig",
  change: "node",
  path: "/api/nodes",
  envelope: "node",
  spec: CoreNodeConfigSpec,
  alwaysThere: true,
  find: (state, name) => state.nodeNamed(name),
  nameOf: (seen) => seen.name,
  content: (seen) => ({ config: normal(seen.config) }),
  wanted: (spec) => ({ config: normal(spec.config) }),
  show: (content) => content,
  references: () => ({}),
  refersTo: () => true,
  missing: (_spec, name, state) => (state.nodeNamed(name) ? [] : [missingNode(name)]),
  refusal: () => undefined,
  body: (content, _name, metadata) => ({ ...(content as object), metadata }),
  health: (seen) =>
    seen.status === "online"
      ? { status: "Healthy" }
      : {
          status: "Degraded",
          message: `is offline${seen.lastHeartbeat === null ? "" : `, last heard of at ${seen.lastHeartbeat}`}`,
        },
  pending: () => undefined,
});

/** A configuration with every default filled in. */
function normal(config: CoreNodeConfig | null | undefined): Json {
  const { description, ...rest } = CoreNodeConfig.parse(config ?? {});
  return { ...rest, description: description ?? null };
}
