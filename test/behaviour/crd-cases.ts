import { badChannelSpecs } from "./crd-cases-channels.js";
import { badRepositorySpecs, ONE_REF, PREFIX_ALONE } from "./crd-cases-git.js";
import { badObjectSpecs } from "./crd-cases-objects.js";

/** A spec that the API server must refuse, and what it must say. */
export interface BadSpec {
  readonly kind:
    | "GitRepository"
    | "OverseerApp"
    | "Change"
    | "Approval"
    | "Environment"
    | "NotificationChannel"
    | "OverseerAppSet";
  /** Set on the valid spec of `validSpecs`, by path; `undefined` takes the field away. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly name?: string;
  /** The field that the refusal names. */
  readonly field: string;
  /** A part of the refusal: for CEL rules the whole message. */
  readonly message: string;
  /** What is changed on an object that exists already; otherwise the object is new. */
  readonly update?: true;
}

const CORE = { url: "https://core.example.com", secretRef: { name: "core" } };
const RELATIVE = "path must be relative to the root of the repository and must not contain ..";

/** At least one case for each CEL rule of the product, and for the patterns and enums that people are most likely to miss. */
export const badSpecs: readonly BadSpec[] = [
  ...badRepositorySpecs,
  ...badChannelSpecs,
  {
    kind: "OverseerApp",
    set: {},
    name: `a${"b".repeat(53)}`,
    field: "OverseerApp",
    message: "the name of an OverseerApp must be no more than 53 characters",
  },
  { kind: "OverseerApp", set: { "source.path": "../other" }, field: "spec.source.path", message: RELATIVE },
  { kind: "OverseerApp", set: { "source.path": "/etc" }, field: "spec.source.path", message: RELATIVE },
  {
    kind: "OverseerApp",
    set: { "source.ref": { branch: "a", semver: "1.x" } },
    field: "spec.source.ref",
    message: ONE_REF,
  },
  {
    kind: "OverseerApp",
    set: { "source.ref": { branch: "a", semverPrefix: "x-" } },
    field: "spec.source.ref",
    message: PREFIX_ALONE,
  },
  {
    kind: "OverseerApp",
    set: { "source.repositoryRef": { name: "A B" } },
    field: "spec.source.repositoryRef.name",
    message: "should match",
  },
  {
    kind: "OverseerApp",
    set: { destination: {} },
    field: "spec.destination",
    message:
      "exactly one destination must be set: destination.kubernetes ({} for the local cluster and the namespace of the app) or destination.overseer",
  },
  {
    kind: "OverseerApp",
    set: { destination: { kubernetes: {}, overseer: CORE } },
    field: "spec.destination",
    message: "exactly one destination must be set",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: { ...CORE, url: "core.example.com" } } },
    field: "spec.destination.overseer.url",
    message: "url must be a complete URL without user name and password, for example https://core.example.com",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: { ...CORE, url: "https://me:pw@core.example.com" } } },
    field: "spec.destination.overseer.url",
    message: "url must be a complete URL without user name and password",
  },
  ...["http://core.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com"].map(
    (url): BadSpec => ({
      kind: "OverseerApp",
      set: { destination: { overseer: { ...CORE, url } } },
      field: "spec.destination.overseer.url",
      message: "url must begin with https://: the token is never sent over http:// to another machine",
    }),
  ),
  {
    kind: "OverseerApp",
    set: { destination: { overseer: { url: CORE.url } } },
    field: "spec.destination.overseer.secretRef",
    message: "Required value",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: { ...CORE, interval: "10ms" } } },
    field: "spec.destination.overseer.interval",
    message: "must not be shorter than 1s",
  },
  {
    kind: "OverseerApp",
    set: { suspendUntil: "2027-01-04T08:00:00Z" },
    field: "spec.suspendUntil",
    message: "suspendUntil is the end of a suspension: set suspend to true, or remove suspendUntil",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, serviceAccountName: "deployer" },
    field: "spec.serviceAccountName",
    message:
      "serviceAccountName is only for destination.kubernetes: remove it; for an Overseer Core the token of destination.overseer.secretRef is used",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.compose": { allow: ["HostNetwork"] } },
    field: "spec.source.compose",
    message: "source.compose is only for destination.kubernetes: remove it; a Core has its own settings",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.env": [{ name: "A B", value: "1" }] },
    field: "spec.source.env[0].name",
    message: "should match",
  },
  {
    kind: "OverseerApp",
    set: {
      destination: { overseer: CORE },
      "source.env": [
        { name: "A", value: "1" },
        { name: "A", value: "2" },
      ],
    },
    field: "spec.source.env[1]",
    message: "Duplicate value",
  },
  {
    kind: "OverseerApp",
    set: { destination: { kubernetes: { kubeConfigSecretRef: { key: "value" } } } },
    field: "spec.destination.kubernetes.kubeConfigSecretRef.name",
    message: "Required value",
  },
  {
    kind: "OverseerApp",
    set: { destination: { kubernetes: { kubeConfigSecretRef: { name: "there", key: "a/b" } } } },
    field: "spec.destination.kubernetes.kubeConfigSecretRef.key",
    message: "should match",
  },
  {
    kind: "OverseerApp",
    set: { destination: { kubernetes: { namespace: "other" } } },
    update: true,
    field: "spec.destination",
    message:
      "destination is immutable: create a new app and delete this one (with deletionPolicy Orphan its objects are kept)",
  },
  {
    kind: "OverseerApp",
    set: { serviceAccountName: "a:b" },
    field: "spec.serviceAccountName",
    message: "should match",
  },
  {
    kind: "OverseerApp",
    set: { sync: { pruneBudget: "many" } },
    field: "spec.sync.pruneBudget",
    message: "should match",
  },
  {
    kind: "OverseerApp",
    set: { sync: { pruneBudget: -1 } },
    field: "spec.sync.pruneBudget",
    message: "greater than or equal to 0",
  },
  { kind: "OverseerApp", set: { sync: { adopt: "Maybe" } }, field: "spec.sync.adopt", message: "Unsupported value" },
  {
    kind: "OverseerApp",
    set: { sync: { retry: { base: "10m" } } },
    field: "spec.sync.retry.base",
    message: "base must not be longer than max",
  },
  {
    kind: "OverseerApp",
    set: { sync: { retry: { base: "0s" } } },
    field: "spec.sync.retry.base",
    message: "must not be shorter than 100ms",
  },
  {
    kind: "OverseerApp",
    set: { sync: { retry: { max: "1ms" } } },
    field: "spec.sync.retry.max",
    message: "must not be shorter than 100ms",
  },
  {
    kind: "OverseerApp",
    set: { health: { timeout: "0s" } },
    field: "spec.health.timeout",
    message: "must not be shorter than 1s",
  },
  { kind: "OverseerApp", set: { historyLimit: 0 }, field: "spec.historyLimit", message: "greater than or equal to 1" },
  { kind: "OverseerApp", set: { sync: { selfheal: false } }, field: "spec.sync.selfheal", message: "unknown field" },
  { kind: "Change", set: { "inputs.source.path": "a/../b" }, field: "spec.inputs.source.path", message: RELATIVE },
  {
    kind: "Change",
    set: { "inputs.source.ref": { tag: "a", name: "refs/heads/b" } },
    field: "spec.inputs.source.ref",
    message: ONE_REF,
  },
  {
    kind: "Change",
    set: { "inputs.source.ref": { tag: "a", semverPrefix: "b-" } },
    field: "spec.inputs.source.ref",
    message: PREFIX_ALONE,
  },
  { kind: "Change", set: { cause: "Because" }, field: "spec.cause", message: "Unsupported value" },
  {
    kind: "Change",
    set: { cause: "Spec" },
    update: true,
    field: "spec",
    message: "the spec of a Change is immutable: create another Change instead",
  },
  {
    kind: "Change",
    set: { rollbackTo: { change: "web-1", uid: "u" } },
    field: "spec",
    message: "cause Rollback requires rollbackTo; it must not be set for other causes",
  },
  ...badObjectSpecs,
  {
    kind: "Approval",
    set: { decision: "Reject" },
    update: true,
    field: "spec",
    message: "an Approval is immutable: create another one, for example with decision Withdraw",
  },
  { kind: "Approval", set: { decision: "Maybe" }, field: "spec.decision", message: "Unsupported value" },
  {
    kind: "Change",
    set: { cause: "Sync" },
    field: "spec",
    message:
      "causes Sync, Rollback and Promotion require requester; the other causes are those of the operator, require inputs, and must not have requester or dryRun",
  },
];

/** Specs at the edge that must be taken. */
export const goodSpecs: readonly Pick<BadSpec, "kind" | "set">[] = [
  { kind: "GitRepository", set: { url: "https://git.example.com/@scope/shop.git?x=a@b" } },
  { kind: "GitRepository", set: { url: "http://git.example.com/public.git" } },
  { kind: "GitRepository", set: { url: "http://127.0.0.1:3000/x.git", secretRef: { name: "s" } } },
  { kind: "GitRepository", set: { url: "http://[::1]:3000/x.git", secretRef: { name: "s" } } },
  { kind: "GitRepository", set: { url: "http://localhost/x.git", secretRef: { name: "s" } } },
  { kind: "GitRepository", set: { interval: "99999h59.999m", allowedNamespaces: ["*", "team-a"] } },
  { kind: "OverseerApp", set: { "source.path": "a..b/..c/..." } },
  {
    kind: "OverseerApp",
    set: {
      destination: { overseer: { ...CORE, caSecretRef: { name: "ca" }, interval: "5m" } },
      "source.env": [{ name: "A", value: "" }],
    },
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: { ...CORE, url: "http://[::1]:8480/behind/a/gateway" } } },
  },
  { kind: "OverseerApp", set: { dependsOn: [{ name: "shop", namespace: "elsewhere" }, { name: "other" }] } },
  { kind: "OverseerApp", set: { sync: { pruneBudget: 0 } } },
  { kind: "OverseerApp", set: { sync: { pruneBudget: "100%" } } },
  { kind: "OverseerApp", set: { sync: { pruneBudget: "12" } } },
];

/** A copy of `spec` with `changes` made to it. */
export function withChanges(
  spec: Readonly<Record<string, unknown>>,
  changes: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const copy = structuredClone(spec) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const parts = path.split(".");
    const last = parts.pop() ?? "";
    let at = copy;
    for (const part of parts) at = at[part] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}
