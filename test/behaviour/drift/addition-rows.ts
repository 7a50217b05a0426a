import type { RawObject } from "../../../src/kube/object.js";
import { configMap } from "../../support/world.js";

/** The values of `sync.additions`, as the names of the apps and the suffixes of their objects. */
export const MODES = { revert: "Revert", report: "Report", keep: "Keep", all: "RevertAll" } as const;
export type Mode = keyof typeof MODES;

/** What becomes of an addition. */
export type Fate = "reverted" | "reported" | "kept";

/** One way to add something to live objects. */
export interface AdditionRow {
  /** Name of the objects, followed by the mode. */
  readonly name: string;
  readonly document: (name: string) => string;
  /** Arguments of kubectl, for the objects of all modes at once. */
  readonly kubectl?: (names: readonly string[]) => readonly string[];
  /** What an editor does to the file, as a sed script. */
  readonly editor?: string;
  /** Standard input of kubectl, made of the live objects. */
  readonly input?: (live: readonly RawObject[]) => unknown;
  /** A merge patch by a field manager, where it is not kubectl. */
  readonly patch?: { readonly manager: string; readonly body: unknown };
  /** Reads what was added, and returns undefined without it. */
  readonly added: (object: RawObject) => unknown;
  readonly fates: Readonly<Record<Mode, Fate>>;
}

const BY_USER = { revert: "reverted", report: "reported", keep: "kept", all: "reverted" } as const;
const BY_OTHERS = { revert: "kept", report: "kept", keep: "kept", all: "reverted" } as const;
const KEPT = { revert: "kept", report: "kept", keep: "kept", all: "kept" } as const;
const OURS = { revert: "reverted", report: "reverted", keep: "reverted", all: "reverted" } as const;

const cm = (name: string): string => configMap(name, { colour: "blue" });
const stopped = (name: string, replicas = "  replicas: 0\n"): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
${replicas}  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          env: [{ name: COLOUR, value: blue }]
`;

interface Workload {
  readonly paused?: boolean;
  readonly replicas?: number;
  readonly template: {
    readonly metadata: { readonly annotations?: Record<string, string> };
    readonly spec: {
      readonly serviceAccountName?: string;
      readonly tolerations?: unknown;
      readonly containers: readonly {
        readonly name: string;
        readonly image: string;
        readonly env?: readonly { readonly name: string }[];
        readonly resources?: { readonly limits?: unknown };
      }[];
    };
  };
}

const data = (object: RawObject): unknown => (object.data as Record<string, string>).added;
const spec = (object: RawObject): Workload => object.spec as Workload;
const pod = (object: RawObject): Workload["template"]["spec"] => spec(object).template.spec;
const container = (object: RawObject) => pod(object).containers[0];
const withKey = ({ apiVersion, kind, metadata, data: values }: RawObject) => ({
  ...{ apiVersion, kind, metadata },
  data: { ...(values as object), added: "x" },
});
const applied = ({ apiVersion, kind, metadata: { name, namespace } }: RawObject) => ({
  ...{ apiVersion, kind, metadata: { name, namespace } },
  data: { added: "x" },
});
const list = (items: readonly unknown[]) => ({ apiVersion: "v1", kind: "List", items });
const deployments =
  (...args: readonly string[]) =>
  (names: readonly string[]) => [...args.slice(0, 2), "deployment", ...names, ...args.slice(2)];

/** Every verb of kubectl that changes an object, and other clients. */
export const ADDITION_ROWS: readonly AdditionRow[] = [
  {
    name: "edit",
    document: cm,
    kubectl: (names) => ["edit", "configmap", ...names],
    editor: "s/^( *)colour: blue$/&\\n\\1added: x/",
    added: data,
    fates: BY_USER,
  },
  {
    name: "patch",
    document: cm,
    kubectl: (names) => ["patch", "configmap", ...names, "--type=merge", "-p", '{"data":{"added":"x"}}'],
    added: data,
    fates: BY_USER,
  },
  {
    name: "label",
    document: cm,
    kubectl: (names) => ["label", "configmap", ...names, "added=x"],
    added: ({ metadata }) => metadata.labels?.added,
    fates: BY_USER,
  },
  {
    name: "annotate",
    document: (name) => stopped(name),
    kubectl: (names) => ["annotate", "deployment", ...names, "example.com/added=x"],
    added: ({ metadata }) => metadata.annotations?.["example.com/added"],
    fates: BY_USER,
  },
  {
    name: "annotate-request",
    document: cm,
    kubectl: (names) => ["annotate", "configmap", ...names, "gitops.overseer.io/prune=disabled"],
    added: ({ metadata }) => metadata.annotations?.["gitops.overseer.io/prune"],
    fates: KEPT,
  },
  {
    name: "set-env",
    document: (name) => stopped(name),
    kubectl: deployments("set", "env", "ADDED=x"),
    added: (object) => container(object)?.env?.find(({ name }) => name === "ADDED"),
    fates: BY_USER,
  },
  {
    name: "set-resources",
    document: (name) => stopped(name),
    kubectl: deployments("set", "resources", "--limits=cpu=200m"),
    added: (object) => container(object)?.resources?.limits,
    fates: BY_USER,
  },
  {
    name: "set-sa",
    document: (name) => stopped(name),
    kubectl: deployments("set", "serviceaccount", "default"),
    added: (object) => pod(object).serviceAccountName,
    fates: BY_USER,
  },
  {
    name: "set-image",
    document: (name) => stopped(name),
    kubectl: deployments("set", "image", "web=registry.example/web:2"),
    added: (object) => (container(object)?.image.endsWith(":2") ? "2" : undefined),
    fates: OURS,
  },
  {
    name: "apply",
    document: cm,
    kubectl: () => ["apply", "-f", "-"],
    input: (live) => list(live.map(applied)),
    added: data,
    fates: BY_USER,
  },
  {
    name: "apply-server-side",
    document: cm,
    kubectl: () => ["apply", "--server-side", "-f", "-"],
    input: (live) => list(live.map(applied)),
    added: data,
    fates: BY_USER,
  },
  {
    name: "replace",
    document: cm,
    kubectl: () => ["replace", "-f", "-"],
    input: (live) => list(live.map(withKey)),
    added: data,
    fates: BY_USER,
  },
  {
    name: "patch-list",
    document: (name) => stopped(name),
    kubectl: (names) => [
      ...["patch", "deployment", ...names, "--type=merge", "-p"],
      '{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}',
    ],
    added: (object) => pod(object).tolerations,
    fates: BY_USER,
  },
  {
    name: "patch-container",
    document: (name) => stopped(name),
    kubectl: (names) => [
      ...["patch", "deployment", ...names, "-p"],
      '{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"registry.example/sidecar:1"}]}}}}',
    ],
    added: (object) => pod(object).containers.find(({ name }) => name === "sidecar"),
    fates: BY_USER,
  },
  {
    name: "rollout-pause",
    document: (name) => stopped(name),
    kubectl: deployments("rollout", "pause"),
    added: (object) => spec(object).paused,
    fates: BY_USER,
  },
  {
    name: "rollout-restart",
    document: (name) => stopped(name),
    kubectl: deployments("rollout", "restart"),
    added: (object) => spec(object).template.metadata.annotations?.["kubectl.kubernetes.io/restartedAt"],
    fates: KEPT,
  },
  {
    name: "scale",
    document: (name) => stopped(name),
    kubectl: (names) => ["scale", "deployment", ...names, "--replicas=2"],
    added: (object) => (spec(object).replicas === 2 ? 2 : undefined),
    fates: OURS,
  },
  {
    name: "scale-free",
    document: (name) => stopped(name, ""),
    kubectl: (names) => ["scale", "deployment", ...names, "--replicas=0"],
    added: (object) => (spec(object).replicas === 0 ? "zero" : undefined),
    fates: KEPT,
  },
  {
    name: "patch-replicas",
    document: (name) => stopped(name, ""),
    kubectl: (names) => ["patch", "deployment", ...names, "-p", '{"spec":{"replicas":0}}'],
    added: (object) => (spec(object).replicas === 0 ? "zero" : undefined),
    fates: KEPT,
  },
  {
    name: "finalizer",
    document: cm,
    kubectl: (names) => ["patch", "configmap", ...names, "-p", '{"metadata":{"finalizers":["example.com/hold"]}}'],
    added: ({ metadata }) => metadata.finalizers?.join(),
    fates: KEPT,
  },
  {
    name: "k9s",
    document: cm,
    patch: { manager: "k9s", body: { data: { added: "x" } } },
    added: data,
    fates: BY_USER,
  },
  {
    name: "other",
    document: cm,
    patch: { manager: "some-operator", body: { data: { added: "x" } } },
    added: data,
    fates: BY_OTHERS,
  },
  {
    name: "trusted",
    document: cm,
    patch: { manager: "trusted-operator", body: { metadata: { annotations: { added: "x" } } } },
    added: ({ metadata }) => metadata.annotations?.added,
    fates: KEPT,
  },
  {
    name: "kubernetes",
    document: cm,
    patch: { manager: "kube-controller-manager", body: { data: { added: "x" } } },
    added: data,
    fates: KEPT,
  },
];
