import type { ManagedFieldsEntry } from "../../kube/object.js";

/** Ways of writing that apply replaces: their fields become ours, and what Git does not have goes. */
const LEGACY: ReadonlySet<string> = new Set([
  "kubectl-client-side-apply",
  "kubectl-last-applied",
  "before-first-apply",
]);
/** Deployment tools whose fields become ours with `sync.adopt: Always`. */
const TOOLS: ReadonlySet<string> = new Set([
  "argocd-controller",
  "kustomize-controller",
  "helm-controller",
  "helm",
  "Helm",
]);

/** Whether an entry is of a way of writing that apply replaces. */
export function isLegacy({ manager = "" }: ManagedFieldsEntry): boolean {
  return LEGACY.has(manager);
}

/** Whether an entry is of a deployment tool. */
export function isTool({ manager = "" }: ManagedFieldsEntry): boolean {
  return TOOLS.has(manager);
}

/** Whether an entry is of a person at a keyboard: `kubectl create`, `edit`, `patch`, `apply --server-side`. */
export function isHand(entry: ManagedFieldsEntry): boolean {
  return /^kubectl(-|$)/.test(entry.manager ?? "") && !isLegacy(entry);
}

/** Whether an entry is about the object itself and not about a subresource. */
export function isMain(entry: ManagedFieldsEntry): boolean {
  return !entry.subresource && entry.fieldsV1 !== undefined;
}
