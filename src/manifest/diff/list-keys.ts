/**
 * Lists that the API server merges by key or takes as a set, as `path → key fields`; `[]` steps into each item, no key
 * fields means a set. Source: the structured-merge schema of Kubernetes 1.35 (client-go, applyconfigurations/internal).
 * All other lists are atomic and can contain duplicates. Status fields are omitted because they are not applied.
 */
export type ListKeys = Readonly<Record<string, readonly string[]>>;

const METADATA: ListKeys = {
  "metadata.finalizers": [],
  "metadata.ownerReferences": ["uid"],
};

const CONTAINER: ListKeys = {
  env: ["name"],
  ports: ["containerPort", "protocol"],
  volumeDevices: ["devicePath"],
  volumeMounts: ["mountPath"],
  "resources.claims": ["name"],
};

const POD_SPEC: ListKeys = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  ...under("containers[]", CONTAINER),
  ...under("initContainers[]", CONTAINER),
  ...under("ephemeralContainers[]", CONTAINER),
  volumes: ["name"],
  hostAliases: ["ip"],
  imagePullSecrets: ["name"],
  resourceClaims: ["name"],
  schedulingGates: ["name"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
};

const WEBHOOKS: ListKeys = { webhooks: ["name"], "webhooks[].matchConditions": ["name"] };
const POLICY: ListKeys = { "spec.matchConditions": ["name"], "spec.variables": ["name"] };
const JOB: ListKeys = { "spec.podFailurePolicy.rules[].onExitCodes.values": [] };

const BY_KIND: Readonly<Record<string, ListKeys>> = {
  "/Service": { "spec.ports": ["port", "protocol"] },
  "/ServiceAccount": { secrets: ["name"] },
  "/Node": { "spec.podCIDRs": [] },
  "batch/Job": JOB,
  "batch/CronJob": under("spec.jobTemplate", JOB),
  "discovery.k8s.io/EndpointSlice": { "endpoints[].addresses": [] },
  "storage.k8s.io/CSIDriver": { "spec.volumeLifecycleModes": [] },
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": WEBHOOKS,
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": WEBHOOKS,
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": POLICY,
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": { "spec.matchConditions": ["name"] },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": { "spec.validationActions": [] },
};

/** Defaults of unset key fields. They are part of the key. */
export const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: "TCP" };

/** Keyed lists of the kinds that have more than those of the metadata: a fixed number of kinds. */
const known = new Map<string, ListKeys>();

/** Returns the keyed lists of a kind. `podSpec` is the path of its pod spec, if any, which is the same for each object of a kind. */
export function listKeysOf(group: string, kind: string, podSpec: readonly string[] | undefined): ListKeys {
  const key = `${group}/${kind}`;
  if (BY_KIND[key] === undefined && podSpec === undefined) return METADATA;
  const keys = known.get(key) ?? {
    ...METADATA,
    ...BY_KIND[key],
    ...(podSpec ? under(podSpec.join("."), POD_SPEC) : {}),
  };
  known.set(key, keys);
  return keys;
}

/** Returns candidate key fields for the items of a list called `field`, best first. For display in any kind. */
export function likelyKeys(field: string): readonly (readonly string[])[] {
  switch (field) {
    case "ports":
      return [["containerPort", "protocol"], ["port", "protocol"], ["name"]];
    case "volumeMounts":
      return [["mountPath"]];
    case "volumeDevices":
      return [["devicePath"]];
    case "hostAliases":
      return [["ip"]];
    case "topologySpreadConstraints":
      return [["topologyKey", "whenUnsatisfiable"]];
    case "conditions":
      return [["type"]];
    case "ownerReferences":
      return [["uid"]];
    default:
      return [["name"], ["id"], ["key"]];
  }
}

function under(prefix: string, keys: ListKeys): ListKeys {
  return Object.fromEntries(Object.entries(keys).map(([path, fields]) => [`${prefix}.${path}`, fields]));
}
