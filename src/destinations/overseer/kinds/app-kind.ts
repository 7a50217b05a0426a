import { CoreAppSpec } from "../../../api/core/objects.js";
import { canonicalJson, type Json } from "../../../base/hash.js";
import type { AppRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";
import { composeText, composeValue } from "./compose-text.js";
import { coreKind, type Missing, missingNode } from "./core-kind.js";
import { appHealth, needsDeploy } from "./deployment.js";

interface Content {
  readonly description: string | null;
  readonly domain: string | null;
  readonly nodeId: string | null;
  readonly nodeLabels?: Readonly<Record<string, string>>;
  readonly compose: string;
}

function content({ description, domain, nodeId, nodeLabels, compose }: AppRecord): Json {
  return { description, domain, nodeId, ...labelsOf(nodeLabels), compose };
}

/** Labels are omitted if there are none: other Cores than the embedded one do not know the field. */
function labelsOf(nodeLabels: Readonly<Record<string, string>> = {}) {
  return Object.keys(nodeLabels).length === 0 ? {} : { nodeLabels };
}

function desired(spec: CoreAppSpec, state: CoreState): Json {
  return {
    description: spec.description ?? null,
    domain: spec.domain ?? null,
    nodeId: spec.node === undefined ? null : (state.nodeNamed(spec.node)?.id ?? null),
    ...labelsOf(spec.nodeLabels),
    compose: composeText(spec.compose as Json),
  };
}

/** Rules for apps: Compose documents that are deployed to a node. */
export const APP_KIND = coreKind<AppRecord, CoreAppSpec>({
  kind: "App",
  change: "app",
  path: "/api/apps",
  envelope: "app",
  spec: CoreAppSpec,
  alwaysThere: false,
  find: (state, name) => state.appNamed(name),
  nameOf: (record) => record.name,
  content,
  desired: (spec, _name, state) => desired(spec, state),
  show(content, state) {
    const { description, domain, nodeId, nodeLabels, compose } = content as unknown as Content;
    const node = nodeId === null ? null : (state.byId("node", nodeId)?.name ?? nodeId);
    return { description, domain, node, ...labelsOf(nodeLabels), compose: composeValue(compose) };
  },
  references: (spec) => (spec.node === undefined ? {} : { node: spec.node }),
  refersTo: (record, { node }, state) =>
    record.nodeId === null ? node === undefined : state.byId("node", record.nodeId)?.name === node,
  missing: (spec, name, state, coming) => [...withoutNode(spec, state), ...missingSecrets(spec, name, state, coming)],
  refusal(spec, record, state, abilities) {
    // Cores that place apps by labels say of each node whether it is drained.
    const knowsLabels = abilities.changes && [...state.all("node")].every(({ drained }) => drained !== undefined);
    if (spec.nodeLabels !== undefined && !knowsLabels)
      return "this Core does not place apps by labels of nodes: name a node with targetNode";
    if (record === undefined || abilities.updateApps || isSame(spec, record, state)) return undefined;
    return `this Core cannot update apps (it has no PUT /api/apps/:id): delete app ${record.name} there, or use a Core that can`;
  },
  body: (content, name, metadata, exists) => ({ ...(exists ? {} : { name }), ...(content as object), metadata }),
  health: appHealth,
  pending: needsDeploy,
});

function isSame(spec: CoreAppSpec, record: AppRecord, state: CoreState): boolean {
  return canonicalJson(content(record)) === canonicalJson(desired(spec, state));
}

function withoutNode(spec: CoreAppSpec, state: CoreState): Missing[] {
  if (spec.node === undefined || state.nodeNamed(spec.node)) return [];
  return [missingNode(spec.node)];
}

function missingSecrets(spec: CoreAppSpec, name: string, state: CoreState, coming: ReadonlySet<string>): Missing[] {
  const record = state.appNamed(name);
  const node = spec.node === undefined ? (record?.assignedNodeId ?? undefined) : state.nodeNamed(spec.node)?.id;
  const app = record?.id;
  return spec.secrets
    .filter((secret) => !coming.has(`secret ${secret}`) && !state.hasSecret(secret, app, node))
    .map((secret) => ({ name: `secret ${secret}`, remedy: "store it in the Core" }));
}
