import type { ManagedFieldsEntry } from "../../../kube/object.js";

/** Field managers that server-side apply replaces: the app takes over their fields and removes those that are not in Git. */
const LEGACY: ReadonlySet<string> = new Set([
  "kubectl-client-side-apply",
  "kubectl-last-applied",
  "before-first-apply",
]);
/**
 * Field managers of deployment tools, whose fields are taken over with `sync.adopt: Always`, and the tool that each proves to
 * manage an object. Undefined for Helm: it leaves its entry on objects that it no longer manages, such as definitions, and marks
 * managed objects in another way. Argo CD writes RBAC objects as argocd-application-controller.
 */
const TOOLS: ReadonlyMap<string, string | undefined> = new Map([
  ["argocd-controller", "Argo CD"],
  ["argocd-application-controller", "Argo CD"],
  ["argocd-server", "Argo CD"],
  ["kustomize-controller", "Flux"],
  ["flux", "Flux"],
  ["flux-client-side-apply", "Flux"],
  ["helm-controller", undefined],
  ["helm", undefined],
  ["Helm", undefined],
]);
/**
 * Controllers of Kubernetes, which write fields as part of what an object is for. `ancient-changes` holds the fields of several
 * managers that the API server no longer tells apart.
 */
const CONTROLLERS =
  /^(kube-(controller-manager|scheduler|apiserver)|kubelet|(.*-)?cloud-controller-manager|(cert-manager-)?cainjector|ancient-changes)$/;
/** Prefix of the field managers of apps. */
const APP = "overseer:";

/** Whether an entry belongs to a field manager that server-side apply replaces. */
export function isLegacy({ manager = "" }: ManagedFieldsEntry): boolean {
  return LEGACY.has(manager);
}

/** Whether an entry belongs to a deployment tool or to an app. */
export function isTool({ manager = "" }: ManagedFieldsEntry): boolean {
  return TOOLS.has(manager) || manager.startsWith(APP);
}

/** Returns the deployment tool that, according to an entry, manages the object; undefined if there is none. */
export function toolOf({ manager = "" }: ManagedFieldsEntry): string | undefined {
  return TOOLS.get(manager);
}

/** Returns the field managers of deployment tools that write an object beside its app; undefined if there are none. */
export function otherTools(entries: readonly ManagedFieldsEntry[]): readonly string[] | undefined {
  const found = entries.filter((entry) => isMain(entry) && TOOLS.has(entry.manager ?? ""));
  return found.length === 0 ? undefined : found.map(({ manager = "" }) => manager);
}

/** Returns `namespace/name` of the app that an entry belongs to; undefined for other entries. */
export function appOf({ manager = "" }: ManagedFieldsEntry): string | undefined {
  return manager.startsWith(APP) ? manager.slice(APP.length) : undefined;
}

/** Whether an entry comes from manual kubectl use: `create`, `edit`, `patch`, `apply --server-side`. */
export function isHand(entry: ManagedFieldsEntry): boolean {
  return /^kubectl(-|$)/.test(entry.manager ?? "") && !isLegacy(entry);
}

/** Whether an entry belongs to a controller of Kubernetes. */
export function isController({ manager = "" }: ManagedFieldsEntry): boolean {
  return CONTROLLERS.test(manager);
}

/** Whether kubectl users, or an apply before the app's first one, wrote an entry. */
export function isOfUser(manager: string): boolean {
  return /^kubectl(-|$)/.test(manager) || LEGACY.has(manager);
}

/** Whether an entry was assigned by the API server, since the fields had no manager before. */
export function isUnattributed({ manager = "" }: ManagedFieldsEntry): boolean {
  return manager === "before-first-apply";
}

/** Whether an entry is for the main resource, not a subresource. */
export function isMain(entry: ManagedFieldsEntry): boolean {
  return !entry.subresource && entry.fieldsV1 !== undefined;
}
