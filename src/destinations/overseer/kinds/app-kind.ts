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
  readonly compose: string;
}

function content({ description, domain, nodeId, compose }: AppRecord): Json {
  return { description, domain, nodeId, compose };
}

function wanted(spec: CoreAppSpec, state: CoreState): Json {
  return {
    description: spec.description ?? null,
    domain: spec.domain ?? null,
    nodeId: spec.node === undefined ? null : (state.nodeNamed(spec.node)?.id ?? null),
    compose: composeText(spec.compose as Json),
  };
}

/** Apps: a Compose document that is deployed to a node. */
export const APP_KIND = coreKind<AppRecord, CoreAppSpec>({
  kind: "App",
  change: "app",
  path: "/api/apps",
  envelope: "app",
  spec: CoreAppSpec,
  alwaysThere: false,
  find: (state, name) => state.appNamed(name),
  nameOf: (seen) => seen.name,
  content,
  wanted: (spec, _name, state) => wanted(spec, state),
  show(content, state) {
    const { description, domain, nodeId, compose } = content as unknown as Content;
    const node = nodeId === null ? null : (state.byId("node", nodeId)?.name ?? nodeId);
    return { description, domain, node, compose: composeValue(compose) };
  },
  references: (spec) => (spec.node === undefined ? {} : { node: spec.node }),
  refersTo: (seen, { node }, state) =>
    seen.nodeId === null ? node === undefined : state.byId("node", seen.nodeId)?.name === node,
  missing: (spec, name, state) => [...withoutNode(spec, state), ...missingSecrets(spec, name, state)],
  refusal(spec, seen, state, abilities) {
    if (seen === undefined || abilities.updateApps || isSame(spec, seen, state)) return undefined;
    return `this Core cannot change an app that exists (it has no PUT /api/apps/:id): delete app ${seen.name} there, or use a Core that can`;
  },
  body: (content, name, metadata, exists) => ({ ...(exists ? {} : { name }), ...(content as object), metadata }),
  health: appHealth,
  pending: needsDeploy,
});

function isSame(spec: CoreAppSpec, seen: AppRecord, state: CoreState): boolean {
  return canonicalJson(content(seen)) === canonicalJson(wanted(spec, state));
}

function withoutNode(spec: CoreAppSpec, state: CoreState): Missing[] {
  if (spec.node === undefined || state.nodeNamed(spec.node)) return [];
  return [missingNode(spec.node)];
}

function missingSecrets(spec: CoreAppSpec, name: string, state: CoreState): Missing[] {
  const node = spec.node === undefined ? undefined : state.nodeNamed(spec.node)?.id;
  const app = state.appNamed(name)?.id;
  return spec.secrets
    .filter((secret) => !state.hasSecret(secret, app, node))
    .map((secret) => ({ name: `secret ${secret}`, remedy: "store it in the Core" }));
}
