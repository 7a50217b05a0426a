import { RESTRICTIONS_KEY } from "../../api/core/app-restrictions.js";
import type { AppDocument } from "../../api/documents/app.js";
import type { FieldPlace, NamedPlaces } from "../../manifest/document.js";
import type { RepositoryFiles } from "../compose/model.js";
import { type AppPolicy, labelsFor, limitsFor, restrictionsFor } from "./app-policies.js";
import { appRoutes } from "./app-routes.js";
import { hostPorts } from "./compose/host-ports.js";
import { policySpec } from "./expand-others.js";
import type { Expanded, WrittenCompose } from "./expanded.js";
import { lookupIn } from "./interpolate.js";
import type { AppPorts } from "./port-clashes.js";
import { type ReadCompose, readCompose } from "./read-compose.js";
import type { Reporter } from "./reporter.js";
import { secretPaths } from "./secrets-in.js";

/** Inputs of the expansion of an app. */
export interface AppContext {
  /** Compose documents; each overrides the previous ones. Undefined if there is none, which has been reported. */
  readonly compose: readonly WrittenCompose[] | undefined;
  /** Variables of the OverseerApp. Variables of the document take precedence. */
  readonly env: Readonly<Record<string, string>>;
  /** Files of the repository that `env_file` of services can mean. */
  readonly envFiles?: RepositoryFiles | undefined;
  /** Policies of the source. */
  readonly policies?: readonly AppPolicy[];
}

/** Expands an App document into the app, its routes and its backup policy. Reports all problems; discard the result if there are any. */
export function expandApp(
  document: AppDocument,
  { compose, env, envFiles, policies = [] }: AppContext,
  report: Reporter,
): Expanded[] {
  const { metadata, spec } = document;
  const { name } = metadata;
  const spread = report.at("spec");
  const expanded: Expanded[] = [];
  if (compose !== undefined) {
    const lookup = lookupIn(spec.env ?? {}, env);
    const checked = readCompose(document, compose, lookup, spread, "node", envFiles, limitsFor(name, policies));
    const app = {
      namespace: metadata.namespace,
      description: spec.description,
      domain: spec.domain,
      node: spec.targetNode,
      nodeLabels: labelsOf({ ...labelsFor(name, policies), ...spec.nodeLabels }),
      compose: withRestrictions(name, checked.compose, policies),
      secrets: checked.secrets,
    };
    const at = checked.report ?? spread.at("compose");
    const ports = { app: name, node: spec.targetNode, ports: hostPorts(checked.compose), report: at };
    expanded.push({
      object: { kind: "App", name, spec: app },
      report: report.at("metadata", "name"),
      places: placesOf(spec.targetNode, checked, ports, spread),
      ports,
    });
    for (const [secret, value] of checked.fileSecrets ?? [])
      expanded.push({ object: { kind: "Secret", name: secret, spec: { value } }, report: at });
    const routes = appRoutes(document, checked.facts, spread);
    if (routes.length > 0) noteProxyPorts(ports);
    expanded.push(...routes);
  }
  if (spec.backup !== undefined) {
    const policy = { app: name, ...policySpec(spec.backup) };
    expanded.push({ object: { kind: "BackupPolicy", name, spec: policy }, report: spread.at("backup") });
  }
  return expanded;
}

/** Adds what Policies deny the app on its node. Like all strings of the document, paths are escaped. */
function withRestrictions(app: string, compose: ReadCompose["compose"], policies: readonly AppPolicy[]) {
  const denied = restrictionsFor(app, policies);
  if (denied === undefined) return compose;
  const { hostAccess: access } = denied;
  const hostAccess = access && { ...access, paths: access.paths.map((path) => path.replaceAll("$", "$$$$")) };
  return { ...compose, [RESTRICTIONS_KEY]: { ...denied, ...(hostAccess === undefined ? {} : { hostAccess }) } };
}

function labelsOf(labels: Readonly<Record<string, string>>) {
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** Ports that the reverse proxy for routes usually listens on. */
const PROXY_PORTS = [80, 443];

function noteProxyPorts({ ports, report }: AppPorts): void {
  for (const { service, index, protocol, first, last } of ports) {
    const port = PROXY_PORTS.find((one) => protocol === "tcp" && first <= one && one <= last);
    if (port === undefined) continue;
    report
      .at("services", service, "ports", index)
      .note(
        `publishes host port ${port}, which usually conflicts with the reverse proxy for routes; routes do not need it`,
      );
  }
}

/** Returns the places where an app references its node and secrets and publishes ports. */
function placesOf(
  node: string | undefined,
  { secrets, merged, report }: ReadCompose,
  { ports }: AppPorts,
  spec: Reporter,
): NamedPlaces {
  const places = new Map<string, FieldPlace>();
  if (node !== undefined) places.set(`node ${node}`, spec.at("targetNode").fieldPlace);
  if (report === undefined) return places;
  const paths = secretPaths(merged);
  for (const name of secrets) places.set(`secret ${name}`, report.at(...(paths.get(name) ?? [])).fieldPlace);
  for (const { service, index } of ports)
    places.set(`port ${service} ${index}`, report.at("services", service, "ports", index).fieldPlace);
  return places;
}
