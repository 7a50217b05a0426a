import { isRecord } from "../../manifest/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { type AppModel, COMPOSE_GROUP, labelsOf, type ServiceModel } from "./model.js";
import { mappingOf, textOf, textsOf } from "./values.js";

/** A requirement of node affinity. */
interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

/** Where the pods of a service run. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly unknown[];
}

/** Label of pods that share claims of which only one node can mount each. */
export const GROUP_LABEL = `${COMPOSE_GROUP}/volume-group`;

/** Returns the placement of the pods of a service. `group` is the group of services that must run on one node. */
export function placementOf(model: ServiceModel, app: AppModel, group: string | undefined): Placement {
  const { service, report } = model;
  const placement = mappingOf(mappingOf(service.deploy).placement);
  const at = report.at("deploy", "placement");
  const requirements = textsOf(placement.constraints).flatMap(
    (text, index) => requirementOf(text, at.at("constraints", index)) ?? [],
  );
  const selector = {
    ...app.settings.nodeLabels,
    ...(app.node === undefined ? {} : { "kubernetes.io/hostname": app.node }),
    ...platformOf(service.platform),
  };
  const affinity = {
    ...(requirements.length === 0
      ? {}
      : {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: requirements }] },
          },
        }),
    ...(group === undefined ? {} : { podAffinity: sameNode(app.name, group) }),
  };
  const spread = spreadOf(placement.preferences, model, app);
  return {
    ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
    ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
    ...(spread.length === 0 ? {} : { topologySpreadConstraints: spread }),
  };
}

/** Pod affinity that places all pods of a group on the node of the first one. */
export function sameNode(app: string, group: string): Readonly<Record<string, unknown>> {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      {
        labelSelector: { matchLabels: { ...labelsOf(app), [GROUP_LABEL]: group } },
        topologyKey: "kubernetes.io/hostname",
      },
    ],
  };
}

function requirementOf(text: string, report: Reporter): Requirement | undefined {
  const [, key = "", operator, value = ""] = /^\s*([\w.\-/]+)\s*(==|!=)\s*(.*?)\s*$/s.exec(text) ?? [];
  const isEqual = operator === "==";
  const label = labelOf(key);
  if (operator === undefined || label === undefined) {
    report.problem(
      "is not supported: expected node.hostname, node.labels.<name>, node.role, node.platform.os or node.platform.arch with == or !=",
    );
    return undefined;
  }
  if (key === "node.role") {
    const isManager = (value === "manager") === isEqual;
    return { key: label, operator: isManager ? "Exists" : "DoesNotExist" };
  }
  return { key: label, operator: isEqual ? "In" : "NotIn", values: [value] };
}

function labelOf(key: string): string | undefined {
  if (key.startsWith("node.labels.")) return key.slice("node.labels.".length);
  return {
    "node.hostname": "kubernetes.io/hostname",
    "node.role": "node-role.kubernetes.io/control-plane",
    "node.platform.os": "kubernetes.io/os",
    "node.platform.arch": "kubernetes.io/arch",
  }[key];
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armhf: "arm",
  i386: "386",
};

function platformOf(value: unknown): Readonly<Record<string, string>> {
  const [os, architecture] = textOf(value)?.split("/") ?? [];
  return {
    ...(os === undefined || os === "" ? {} : { "kubernetes.io/os": os }),
    ...(architecture === undefined ? {} : { "kubernetes.io/arch": ARCHITECTURES[architecture] ?? architecture }),
  };
}

function spreadOf(preferences: unknown, { dns }: ServiceModel, app: AppModel): unknown[] {
  const list = Array.isArray(preferences) ? preferences : [];
  return list.flatMap((item: unknown) => {
    const spread = isRecord(item) ? textOf(item.spread) : undefined;
    const topologyKey = spread === undefined ? undefined : labelOf(spread);
    if (topologyKey === undefined) return [];
    const labelSelector = { matchLabels: labelsOf(app.name, dns) };
    return [{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector }];
  });
}
