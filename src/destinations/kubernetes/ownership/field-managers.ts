import type { ManagedFieldsEntry } from "../../../kube/object.js";

/** Ways of writing that apply replaces: their fields become ours, and what Git does not have goes. */
const LEGACY: ReadonlySet<string> = new Set([
  "kubectl-client-side-apply",
  "kubectl-last-applied",
  "before-first-apply",
]);
/**
 * Field managers of deployment tools, whose fields become ours with `sync.adopt: Always`, and the tool that each shows to be at
 * work on an object; undefined where the tool leaves this entry on objects that it does not manage any more, as Helm does on
 * definitions, and marks what it manages in another way. Argo CD writes RBAC objects as argocd-application-controller, too.
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
/** Begins the field managers of apps. */
const APP = "overseer:";

/** Whether an entry is of a way of writing that apply replaces. */
export function isLegacy({ manager = "" }: ManagedFieldsEntry): boolean {
  return LEGACY.has(manager);
}

/** Whether an entry is of a deployment tool, or of another app than the one that asks. */
export function isTool({ manager = "" }: ManagedFieldsEntry): boolean {
  return TOOLS.has(manager) || manager.startsWith(APP);
}

/** The deployment tool that an entry shows to manage an object; undefined: it shows none. */
export function toolOf({ manager = "" }: ManagedFieldsEntry): string | undefined {
  return TOOLS.get(manager);
}

/** `namespace/name` of the app that an entry belongs to; undefined for all other entries. */
export function appOf({ manager = "" }: ManagedFieldsEntry): string | undefined {
  return manager.startsWith(APP) ? manager.slice(APP.length) : undefined;
}

/** Whether an entry is of a person at a keyboard: `kubectl create`, `edit`, `patch`, `apply --server-side`. */
export function isHand(entry: ManagedFieldsEntry): boolean {
  return /^kubectl(-|$)/.test(entry.manager ?? "") && !isLegacy(entry);
}

/** Whether an entry is about the object itself and not about a subresource. */
export function isMain(entry: ManagedFieldsEntry): boolean {
  return !entry.subresource && entry.fieldsV1 !== undefined;
}
