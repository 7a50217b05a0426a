import {
  ANNOTATION_IDENTITY,
  ANNOTATION_RECONCILE,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../../../api/group.js";
import { applyEntry } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata } from "../../../kube/object.js";
import type { ObjectId } from "../../../manifest/object-id.js";
import { type AppRef, appKey } from "../../../plan/live.js";
import { appOf, toolOf } from "./field-managers.js";
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
  readonly id: ObjectId;
  /** Annotations that the document has. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
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
  const sparing = SPARING.find(([annotation, value]) => isSet(request.annotations?.[annotation], value));
  if (sparing !== undefined)
    return no(
      `exists already, and its annotation ${sparing.join(": ")} in Git says not to overwrite it: take the document out of Git to leave the object as it is, or take the annotation out to have it overwritten`,
    );
  const manager = otherTool(request);
  const former = manager === undefined ? formerApp(request) : undefined;
  if (manager === undefined && former === undefined) return yes("existed and was managed by nobody");
  if (request.policy === "Always") return yes(`was managed by ${manager ?? former?.text}`);
  if (former?.gone)
    return no(
      `exists already and has the fields of ${former.text}, which no longer exists: set sync.adopt: Always to take ownership`,
    );
  return no(
    `exists already and is managed by ${manager ?? former?.text}: let it go there first, or set sync.adopt: Always`,
  );
}

/** Annotations of documents by which other tools do not overwrite what exists already. */
const SPARING = [
  ["kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"],
  ["kustomize.toolkit.fluxcd.io/reconcile", "disabled"],
  ["client.lifecycle.config.k8s.io/mutation", "ignore"],
] as const;

function isSet(found: string | undefined, value: string): boolean {
  return found?.trim().toLowerCase() === value.toLowerCase();
}

/** Another app whose fields are on the object, although its labels are not. */
function formerApp({ metadata, appExists }: AdoptionRequest): { text: string; gone: boolean } | undefined {
  const key = metadata.managedFields?.map(appOf).find((app) => app !== undefined);
  if (key === undefined) return undefined;
  const [namespace = "", name = ""] = key.split("/");
  return { text: `OverseerApp ${key}`, gone: !appExists(namespace, name) };
}

const yes = (reason: string): AdoptionVerdict => ({ allowed: true, reason });
const no = (reason: string): AdoptionVerdict => ({ allowed: false, reason });

/**
 * The deployment tool that manages an object, by the marks that it leaves: annotations and labels first, since they name the
 * owner, then managed fields. Where Argo CD tracks by label, nothing but these tells that it is there.
 */
function otherTool({ id, metadata }: AdoptionRequest): string | undefined {
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const tracking = annotations["argocd.argoproj.io/tracking-id"];
  if (tracking !== undefined && isTrackedAs(tracking, id)) return "Argo CD";
  for (const [kind, group] of FLUX) {
    const [name, namespace = ""] = [labels[`${group}/name`], labels[`${group}/namespace`]];
    if (name) return `Flux ${kind} ${namespace}/${name}`;
  }
  if (annotations["meta.helm.sh/release-name"]) return `Helm release ${annotations["meta.helm.sh/release-name"]}`;
  const entry = metadata.managedFields?.find((candidate) => toolOf(candidate) !== undefined);
  return entry && `${toolOf(entry)} (field manager ${entry.manager})`;
}

const FLUX = [
  ["Kustomization", "kustomize.toolkit.fluxcd.io"],
  ["HelmRelease", "helm.toolkit.fluxcd.io"],
] as const;

/** Whether a tracking id of Argo CD, `app:group/kind:namespace/name`, names this object: a copy carries that of its original. */
function isTrackedAs(tracking: string, id: ObjectId): boolean {
  const [, kind, name] = /^[^:]*:([^:]*):(.*)$/.exec(tracking) ?? [];
  if (kind === undefined) return true;
  // A cluster-scoped object may bear the namespace of its application there.
  const same = id.namespace === "" ? name?.split("/").at(-1) === id.name : name === `${id.namespace}/${id.name}`;
  return kind.slice(kind.indexOf("/") + 1) === id.kind && same;
}
