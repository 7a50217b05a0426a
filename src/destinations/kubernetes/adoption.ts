import {
  ANNOTATION_IDENTITY,
  ANNOTATION_RECONCILE,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../../api/group.js";
import { applyEntry } from "../../kube/managed-fields.js";
import type { LiveMetadata } from "../../kube/object.js";
import { type AppRef, appKey } from "../../plan/live.js";
import { fieldManager } from "./identity.js";

/** Whether an object that was there before may be taken over, and why (not). */
export interface AdoptionVerdict {
  readonly allowed: boolean;
  /** For people: what it was before, or who has it. */
  readonly reason: string;
  /** `namespace/name` of the app that has it, where that one can hand it over. */
  readonly owner?: string;
}

/** What the judgement needs to know. */
export interface AdoptionRequest {
  readonly metadata: LiveMetadata;
  readonly app: AppRef;
  readonly instance: string;
  readonly policy: "Unowned" | "Always" | "Never";
  /** Whether an app still exists: its former objects are free when it does not. */
  readonly appExists: (namespace: string, name: string) => boolean;
}

/** Judges first contact with an object that exists. An object of another app is never taken. */
export function judgeAdoption(request: AdoptionRequest): AdoptionVerdict {
  const { metadata, app } = request;
  const labels = metadata.labels ?? {};
  const owner = { namespace: labels[LABEL_APP_NAMESPACE] ?? "", name: labels[LABEL_APP] ?? "" };
  const ours =
    owner.name === app.name && owner.namespace === app.namespace && labels[LABEL_INSTANCE] === request.instance;
  if (metadata.deletionTimestamp !== undefined)
    return no("exists and is being deleted: it is made anew when it is gone");
  if (metadata.annotations?.[ANNOTATION_RECONCILE] === "disabled")
    return no(`is annotated ${ANNOTATION_RECONCILE}: disabled: it is taken when that annotation is gone`);
  if (ours || applyEntry(metadata, fieldManager(app))) return yes("was this app's before");
  if (owner.name !== "" && metadata.annotations?.[ANNOTATION_IDENTITY] !== undefined) {
    if (labels[LABEL_INSTANCE] !== request.instance) {
      return no(
        `belongs to OverseerApp ${appKey(owner)} of another control cluster (instance ${labels[LABEL_INSTANCE] ?? "unknown"})`,
      );
    }
    if (request.appExists(owner.namespace, owner.name)) {
      const reason = `belongs to OverseerApp ${appKey(owner)}: take it out of that app's source first, or out of this one's`;
      return { allowed: false, reason, owner: appKey(owner) };
    }
  }
  if (request.policy === "Never") return no("exists already, and sync.adopt is Never");
  const manager = otherTool(metadata);
  if (manager === undefined) return yes("existed and was managed by nobody");
  if (request.policy === "Always") return yes(`was managed by ${manager}`);
  return no(`exists already and is managed by ${manager}: let it go there first, or set sync.adopt: Always`);
}

const yes = (reason: string): AdoptionVerdict => ({ allowed: true, reason });
const no = (reason: string): AdoptionVerdict => ({ allowed: false, reason });

/** The deployment tool that manages an object, by the marks that it leaves. */
function otherTool(metadata: LiveMetadata): string | undefined {
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const managers = new Set(metadata.managedFields?.map((entry) => entry.manager ?? ""));
  if (annotations["argocd.argoproj.io/tracking-id"] || managers.has("argocd-controller")) return "Argo CD";
  if (labels["kustomize.toolkit.fluxcd.io/name"])
    return `Flux Kustomization ${labels["kustomize.toolkit.fluxcd.io/namespace"] ?? ""}/${labels["kustomize.toolkit.fluxcd.io/name"]}`;
  if (labels["helm.toolkit.fluxcd.io/name"])
    return `Flux HelmRelease ${labels["helm.toolkit.fluxcd.io/namespace"] ?? ""}/${labels["helm.toolkit.fluxcd.io/name"]}`;
  if (annotations["meta.helm.sh/release-name"]) return `Helm release ${annotations["meta.helm.sh/release-name"]}`;
  for (const manager of managers)
    if (manager.startsWith("overseer:")) return `OverseerApp ${manager.slice("overseer:".length)}`;
  return undefined;
}
