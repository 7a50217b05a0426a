import { GROUP, LABEL_APP, LABEL_APP_NAMESPACE } from "../../api/group.js";
import { isRecord } from "../../manifest/shape.js";

/** The object of the other tool that an app replaces. */
export interface OwnerRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A live object of the other tool. */
export interface OwnerObject {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const SKIP = "argocd.argoproj.io/skip-reconcile";
const FINALIZERS =
  /^((resources-finalizer|pre-delete-finalizer|post-delete-finalizer)\.argocd\.argoproj\.io(\/.*)?|finalizers\.fluxcd\.io)$/;

/** Reads `group/Kind/namespace/name`; undefined for another text. */
export function parseOwner(text: string): OwnerRef | undefined {
  const [group, kind, namespace, name, ...more] = text.split("/");
  if (!group || !kind || !namespace || !name || more.length > 0) return undefined;
  return { group, kind, namespace, name };
}

/** `Application argocd/shop`. */
export function describeOwner({ kind, namespace, name }: OwnerRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** The merge patch that stops the other tool from writing, without deleting anything. */
export function pausePatch({ kind }: OwnerRef, { spec }: OwnerObject): object {
  if (kind !== "Application") return { spec: { suspend: true } };
  return {
    metadata: { annotations: { [SKIP]: "true" } },
    ...(isRecord(spec?.syncPolicy) ? { spec: { syncPolicy: { automated: null } } } : {}),
  };
}

/** The merge patch that gives the object its settings again. */
export function restorePatch({ kind }: OwnerRef, saved: OwnerObject): object {
  if (kind !== "Application") return { spec: { suspend: saved.spec?.suspend ?? null } };
  const policy = saved.spec?.syncPolicy;
  return {
    metadata: { annotations: { [SKIP]: saved.metadata.annotations?.[SKIP] ?? null } },
    ...(isRecord(policy) ? { spec: { syncPolicy: { automated: policy.automated ?? null } } } : {}),
  };
}

/** Whether the object is paused. */
export function isPaused({ kind }: OwnerRef, { metadata, spec }: OwnerObject): boolean {
  if (kind !== "Application") return spec?.suspend === true;
  const automated = isRecord(spec?.syncPolicy) ? spec.syncPolicy.automated : undefined;
  const isOff = automated === undefined || automated === null || (isRecord(automated) && automated.enabled === false);
  return isOff && metadata.annotations?.[SKIP] === "true";
}

/** Finalizers that remain when those that delete objects are removed. */
export function harmlessFinalizers({ metadata }: OwnerObject): readonly string[] {
  return (metadata.finalizers ?? []).filter((one) => !FINALIZERS.test(one));
}

/** A parent that would make the object again or undo its pause. */
export interface Parent extends OwnerRef {
  /** UID, if the child names it. */
  readonly uid?: string;
}

/** Labels by which Argo CD tracks objects if it does not use the annotation, as versions before 3 do. */
const INSTANCE_LABELS = ["app.kubernetes.io/instance", "argocd.argoproj.io/instance"];

/** Parents that an object may have by its marks: an ApplicationSet, an Application of apps, a Kustomization, an app of this operator. */
export function parentsOf(
  { kind: own, namespace, name: child }: OwnerRef,
  { metadata }: OwnerObject,
): readonly Parent[] {
  const parents: Parent[] = [];
  const instances = own === "Application" ? INSTANCE_LABELS.map((label) => metadata.labels?.[label]) : [];
  for (const name of new Set(instances))
    if (name && name !== child) parents.push({ group: "argoproj.io", kind: "Application", namespace, name });
  for (const { kind, name, uid } of metadata.ownerReferences ?? [])
    if (kind === "ApplicationSet") parents.push({ group: "argoproj.io", kind, namespace, name, uid });
  const [tracker] = (metadata.annotations?.["argocd.argoproj.io/tracking-id"] ?? "").split(":");
  if (tracker) {
    // With Applications in any namespace, the name is namespace_name.
    const [first = "", second] = tracker.split("_");
    parents.push({
      group: "argoproj.io",
      kind: "Application",
      namespace: second === undefined ? namespace : first,
      name: second ?? first,
    });
  }
  for (const [kind, group] of [
    ["Kustomization", "kustomize.toolkit.fluxcd.io"],
    ["HelmRelease", "helm.toolkit.fluxcd.io"],
  ] as const) {
    const name = metadata.labels?.[`${group}/name`];
    if (name) parents.push({ group, kind, namespace: metadata.labels?.[`${group}/namespace`] ?? namespace, name });
  }
  const [app, home] = [metadata.labels?.[LABEL_APP], metadata.labels?.[LABEL_APP_NAMESPACE]];
  if (app && home) parents.push({ group: GROUP, kind: "OverseerApp", namespace: home, name: app });
  return parents;
}

/** Why a parent must be stopped first; undefined if it is harmless. */
export function parentProblem(parent: Parent, live: OwnerObject | undefined, child: OwnerObject): string | undefined {
  if (live === undefined || (parent.uid !== undefined && parent.uid !== live.metadata.uid)) return undefined;
  const what = describeOwner(parent);
  if (parent.kind === "ApplicationSet")
    return `${what} makes it again: set spec.syncPolicy.preserveResourcesOnDeletion: true in the set, wait until its Applications have no finalizer, and delete it with kubectl delete --cascade=orphan`;
  if (parent.kind === "OverseerApp")
    return isQuiet(live)
      ? undefined
      : `${what} manages it, and would undo its pause and make it again: suspend that app, remove its manifest from Git, and resume the app after the take-over`;
  if (parent.kind === "Application")
    return isPaused(parent, {
      ...live,
      metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, [SKIP]: "true" } },
    })
      ? undefined
      : `${what} undoes its pause: remove spec.syncPolicy.automated of ${what} first, in Git as well`;
  const isLeft = child.metadata.annotations?.["kustomize.toolkit.fluxcd.io/reconcile"]?.toLowerCase() === "disabled";
  return isLeft || live.spec?.suspend === true
    ? undefined
    : `${what} undoes its pause: suspend it first, in Git as well, or annotate the child with kustomize.toolkit.fluxcd.io/reconcile: disabled`;
}

/** Whether an app writes nothing by itself. */
function isQuiet({ spec = {} }: OwnerObject): boolean {
  const sync = isRecord(spec.sync) ? spec.sync : {};
  return spec.suspend === true || (sync.mode === "Manual" && sync.selfHeal === false);
}

/** Objects that the other tool manages, as `Kind namespace/name`; hooks and deleted ones are not among them. */
export function inventoryOf({ kind }: OwnerRef, { status }: OwnerObject): readonly string[] {
  const named = (of: string, namespace: unknown, name: unknown): string =>
    typeof namespace === "string" && namespace !== "" ? `${of} ${namespace}/${String(name)}` : `${of} ${String(name)}`;
  if (kind === "Application") {
    const resources = Array.isArray(status?.resources) ? (status.resources as readonly Record<string, unknown>[]) : [];
    return resources.filter(({ hook }) => hook !== true).map((one) => named(String(one.kind), one.namespace, one.name));
  }
  const inventory = isRecord(status?.inventory) ? status.inventory : {};
  const entries = Array.isArray(inventory.entries) ? (inventory.entries as readonly { id?: unknown }[]) : [];
  return entries.flatMap(({ id }) => {
    const [, namespace = "", name = "", entryKind] = /^([^_]*)_(.*)_[^_]*_([^_]+)$/.exec(String(id)) ?? [];
    // Names of RBAC objects may contain colons, which are written as two underscores.
    return entryKind === undefined ? [] : [named(entryKind, namespace, name.replaceAll("__", ":"))];
  });
}
