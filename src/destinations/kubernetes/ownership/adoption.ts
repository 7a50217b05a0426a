import {
  ANNOTATION_IDENTITY,
  ANNOTATION_RECONCILE,
  ANNOTATION_SECRET_SET_BY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
  LABEL_PUSHED,
} from "../../../api/group.js";
import { applyEntry } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata } from "../../../kube/object.js";
import type { ObjectId } from "../../../manifest/object-id.js";
import { type AppRef, appKey } from "../../../plan/live.js";
import { appOf, toolOf } from "./field-managers.js";
import { fieldManager } from "./identity.js";

/** Whether an existing object may be adopted, and why. */
export interface AdoptionVerdict {
  readonly allowed: boolean;
  /** User-facing: the previous owner, or why the object is not adopted. */
  readonly reason: string;
  /** `namespace/name` of the owning app, if it can transfer the object. */
  readonly owner?: string;
}

/** Input of `judgeAdoption`. */
export interface AdoptionRequest {
  readonly id: ObjectId;
  /** Annotations of the document. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly metadata: LiveMetadata;
  readonly app: AppRef;
  readonly instance: string;
  readonly policy: "Unowned" | "Always" | "Never";
  /** Whether an app still exists. Objects of a deleted app may be adopted. */
  readonly appExists: (namespace: string, name: string) => boolean;
}

/** Decides whether an app may adopt an existing object. Objects of another existing app are never adopted. */
export function judgeAdoption(request: AdoptionRequest): AdoptionVerdict {
  const { metadata, app } = request;
  const labels = metadata.labels ?? {};
  const owner = { namespace: labels[LABEL_APP_NAMESPACE] ?? "", name: labels[LABEL_APP] ?? "" };
  const ours =
    owner.name === app.name && owner.namespace === app.namespace && labels[LABEL_INSTANCE] === request.instance;
  if (metadata.deletionTimestamp !== undefined)
    return no("exists and is being deleted: it is re-created once the deletion is complete");
  if (metadata.annotations?.[ANNOTATION_RECONCILE] === "disabled")
    return no(`is annotated ${ANNOTATION_RECONCILE}: disabled: remove that annotation to adopt it`);
  const pushed = pushedBy(request);
  // A field that this app applied once does not make a Secret its own that was set since.
  if (ours || (pushed === undefined && applyEntry(metadata, fieldManager(app))))
    return yes("was managed by this app before");
  if (owner.name !== "" && metadata.annotations?.[ANNOTATION_IDENTITY] !== undefined) {
    if (labels[LABEL_INSTANCE] !== request.instance) {
      return no(
        `belongs to OverseerApp ${appKey(owner)} of another control cluster (instance ${labels[LABEL_INSTANCE] ?? "unknown"})`,
      );
    }
    if (request.appExists(owner.namespace, owner.name)) {
      const reason = `belongs to OverseerApp ${appKey(owner)}: remove it from that app's source first, or from this one's`;
      return { allowed: false, reason, owner: appKey(owner) };
    }
  }
  if (pushed !== undefined)
    return no(
      `exists already and is kept out of Git: ${pushed}; remove the document from Git, or delete the Secret to have it created from Git`,
    );
  if (request.policy === "Never") return no("exists already, and sync.adopt is Never");
  const keep = KEEP_EXISTING.find(([annotation, value]) => isSet(request.annotations?.[annotation], value));
  if (keep !== undefined)
    return no(
      `exists already, and its annotation ${keep.join(": ")} in Git says not to overwrite it: remove the document from Git to keep the object as it is, or remove the annotation to overwrite it`,
    );
  const manager = otherTool(request);
  const former = manager === undefined ? formerApp(request) : undefined;
  if (manager === undefined && former === undefined) return yes("existed without an owner");
  if (request.policy === "Always") return yes(`was managed by ${manager ?? former?.text}`);
  if (former?.gone)
    return no(
      `exists already and has fields of ${former.text}, which no longer exists: set sync.adopt: Always to take ownership`,
    );
  return no(
    `exists already and is managed by ${manager ?? former?.text}: stop managing it there first, or set sync.adopt: Always`,
  );
}

/** Tells who set a Secret that is kept out of Git. It is never overwritten, whatever the policy. */
function pushedBy({ id, metadata }: AdoptionRequest): string | undefined {
  if (id.kind !== "Secret" || metadata.labels?.[LABEL_PUSHED] !== "true") return undefined;
  return `it was set by ${metadata.annotations?.[ANNOTATION_SECRET_SET_BY] ?? "overseer secret set"}`;
}

/** Annotations that tell other tools not to overwrite an existing object. */
const KEEP_EXISTING = [
  ["kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"],
  ["kustomize.toolkit.fluxcd.io/reconcile", "disabled"],
  ["client.lifecycle.config.k8s.io/mutation", "ignore"],
] as const;

function isSet(found: string | undefined, value: string): boolean {
  return found?.trim().toLowerCase() === value.toLowerCase();
}

/** Finds another app that has fields on the object, although not its labels. */
function formerApp({ metadata, appExists }: AdoptionRequest): { text: string; gone: boolean } | undefined {
  const key = metadata.managedFields?.map(appOf).find((app) => app !== undefined);
  if (key === undefined) return undefined;
  const [namespace = "", name = ""] = key.split("/");
  return { text: `OverseerApp ${key}`, gone: !appExists(namespace, name) };
}

const yes = (reason: string): AdoptionVerdict => ({ allowed: true, reason });
const no = (reason: string): AdoptionVerdict => ({ allowed: false, reason });

/**
 * Returns the deployment tool that manages an object: by annotations and labels first, since they name the owner, then by managed
 * fields, which are the only trace if Argo CD tracks by label.
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

/** Whether an Argo CD tracking id, `app:group/kind:namespace/name`, is for this object. A copy carries the id of its original. */
function isTrackedAs(tracking: string, id: ObjectId): boolean {
  const [, kind, name] = /^[^:]*:([^:]*):(.*)$/.exec(tracking) ?? [];
  if (kind === undefined) return true;
  // For a cluster-scoped object, the id may contain the namespace of its Application.
  const same = id.namespace === "" ? name?.split("/").at(-1) === id.name : name === `${id.namespace}/${id.name}`;
  return kind.slice(kind.indexOf("/") + 1) === id.kind && same;
}
