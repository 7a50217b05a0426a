import type { NodeDocument } from "../../api/documents/node.js";
import { POLICY_TYPES, type PolicyDocument } from "../../api/documents/policy.js";
import type { RouteDocument } from "../../api/documents/route.js";
import type { Expanded } from "./expanded.js";
import type { Reporter } from "./reporter.js";

/** Longest name that a Core takes. */
const MAX_NAME = 63;

/** The route. */
export function expandRoute({ spec }: RouteDocument, report: Reporter): Expanded[] {
  const { host, path, app, service, port, tls, auth } = spec;
  const route = { host, path, app, target: `${service}:${port}`, tls, auth };
  const object = { kind: "Route", name: `${host}${path}`, spec: route } as const;
  const places = new Map([[`app ${app}`, report.at("spec", "app").fieldPlace]]);
  return [{ object, report: report.at("spec", "host"), places }];
}

/** The configuration of the node of that name. */
export function expandNode({ metadata, spec }: NodeDocument, report: Reporter): Expanded[] {
  return [
    {
      object: { kind: "NodeConfig", name: metadata.name, spec: { config: spec } },
      report: report.at("metadata", "name"),
      places: new Map([[`node ${metadata.name}`, report.at("metadata", "name").fieldPlace]]),
    },
  ];
}

/** A backup policy for each app that is named, or one for all; the other types mean nothing to a Core, and a note says so. */
export function expandPolicy({ metadata, spec }: PolicyDocument, report: Reporter): Expanded[] {
  const { apps, backup } = spec;
  const at = report.at("spec");
  if (backup === undefined) {
    const type = POLICY_TYPES.find((candidate) => spec[candidate] !== undefined) ?? "backup";
    at.at(type).note("an Overseer Core has no such policy: it takes effect on Kubernetes only");
    return [];
  }
  const { enabled, schedule, retention } = backup;
  const policy = { enabled, schedule, retentionDays: retention.days };
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
