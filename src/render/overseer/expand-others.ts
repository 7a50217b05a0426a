import type { NodeDocument } from "../../api/documents/node.js";
import type { PolicyDocument } from "../../api/documents/policy.js";
import type { RouteDocument } from "../../api/documents/route.js";
import type { Expanded } from "./expanded.js";
import type { Reporter } from "./reporter.js";

/** Maximum length of a name in a Core. */
const MAX_NAME = 63;

/** Expands a Route document. */
export function expandRoute({ spec }: RouteDocument, report: Reporter): Expanded[] {
  const { host, path, app, service, port, tls, auth } = spec;
  const route = { host, path, app, target: `${service}:${port}`, tls, auth };
  const object = { kind: "Route", name: `${host}${path.toLowerCase()}`, spec: route } as const;
  const places = new Map([[`app ${app}`, report.at("spec", "app").fieldPlace]]);
  return [{ object, report: report.at("spec", "host"), places }];
}

/** Expands a Node document into the configuration of the node. */
export function expandNode({ metadata, spec }: NodeDocument, report: Reporter): Expanded[] {
  return [
    {
      object: { kind: "NodeConfig", name: metadata.name, spec: { config: spec } },
      report: report.at("metadata", "name"),
      places: new Map([[`node ${metadata.name}`, report.at("metadata", "name").fieldPlace]]),
    },
  ];
}

/** Expands a backup Policy into one policy per app, or one for all apps. Other types are part of the apps of the source. */
export function expandPolicy({ metadata, spec }: PolicyDocument, report: Reporter): Expanded[] {
  const { apps, backup } = spec;
  const at = report.at("spec");
  if (spec.storage !== undefined)
    at.at("storage").note("has no effect on an Overseer Core: volumes of its nodes have neither classes nor sizes");
  if (backup === undefined) return [];
  const policy = policySpec(backup);
  if (apps === undefined) {
    return [{ object: { kind: "BackupPolicy", name: metadata.name, spec: policy }, report: at.at("backup") }];
  }
  return apps.map((app, index) => {
    const name = `${metadata.name}-${app}`;
    const item = at.at("apps", index);
    if (name.length > MAX_NAME) {
      item.problem(
        `the name ${name} of its policy would have more than ${MAX_NAME} characters: shorten the name of the Policy`,
      );
    }
    return {
      object: { kind: "BackupPolicy", name, spec: { app, ...policy } },
      report: item,
      places: new Map([[`app ${app}`, item.fieldPlace]]),
    };
  });
}

/** Returns the content of a backup policy of a Core. Fields that are not set are omitted. */
export function policySpec({ retention, ...rest }: NonNullable<PolicyDocument["spec"]["backup"]>) {
  return { ...rest, retentionDays: retention.days };
}
