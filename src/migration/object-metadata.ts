import { keepAnnotations } from "../manifest/keep-annotations.js";
import { Fields } from "./fields.js";
import type { Findings } from "./finding.js";

/** Labels and annotations that are kept. */
export interface KeptMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Fields that the API server sets, and those that identify the object. */
const SERVER_FIELDS = [
  ...["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"],
  ...["name", "namespace", "generateName"],
];
/** Annotations that only kubectl needs. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const TOOL_KEY = /(^|\.)(argoproj|fluxcd)\.io\//;
const OWN_KEY = /^gitops\.overseer\.io\//;

/** Annotations that keep a parent from deleting this object; they have the same effect on the app, if a parent app manages it. */
const PROTECTS = /^(argocd\.argoproj\.io\/sync-options|(kustomize|helm)\.toolkit\.fluxcd\.io\/prune)$/;

/** Why annotations and labels of the other tool are not kept. */
const KNOWN_KEYS: readonly (readonly [RegExp, string])[] = [
  [/^argocd\.argoproj\.io\/(refresh|hydrate)$/, "is a request to the other tool"],
  [
    /^argocd\.argoproj\.io\/(tracking-id|instance|installation-id)$/,
    "a parent Application manages this object: stop it first",
  ],
  [
    /^argocd\.argoproj\.io\/manifest-generate-paths$/,
    "is not needed: only commits that change what the app reads affect it",
  ],
  [
    /^app\.kubernetes\.io\/instance$/,
    "a parent Application may manage this object by it, and would delete the app: stop it first",
  ],
  [/^argocd\.argoproj\.io\/application-set-(name|refresh)$/, "an ApplicationSet manages this object: stop it first"],
  [/^argocd\.argoproj\.io\/sync-wave$/, "is the order among apps: use spec.dependsOn"],
  [/^notifications\.argoproj\.io\//, "notifications are not converted: use alerts on the metrics of the operator"],
  [
    /^argocd-image-updater\.argoproj\.io\//,
    "the image updater is not converted: let it, or another tool, commit to Git",
  ],
  [
    /^(kustomize|helm)\.toolkit\.fluxcd\.io\/(name|namespace)$/,
    "a parent Kustomization or HelmRelease manages this object: suspend it first",
  ],
  [/^reconcile\.fluxcd\.io\//, "is a request to the other tool"],
];

/** What the finalizer of an app of the other tool does. */
export const FINALIZER_OF_APP =
  "would delete the objects of the app: overseer take-over removes it before it deletes this object";
/** What that of a source or project does, which is no app. */
export const FINALIZER_OF_OTHER =
  "is removed by the other tool: delete this object, when it is no longer needed, before you remove the tool";

/**
 * Reads the metadata of an object: labels and annotations of others are kept, those of the tool are reported, and so are `finalizers`, with what
 * they do, and owners.
 */
export function readMetadata(metadata: unknown, findings: Findings, finalizers: string): KeptMetadata {
  const fields = Fields.of(metadata, "metadata", findings);
  fields.ignore(...SERVER_FIELDS);
  fields.reportIfSet(
    "deletionTimestamp",
    "blocked",
    "the object is being deleted: wait until it is gone, or stop its deletion",
  );
  fields.reportIfSet("deletionGracePeriodSeconds", "difference", "belongs to the deletion that is under way");
  fields.reportIfSet("finalizers", "manual", finalizers);
  fields.reportIfSet(
    "ownerReferences",
    "manual",
    "another object made this one and may make it again: stop its owner first",
  );
  const kept = { labels: keep(fields, "labels", findings), annotations: keep(fields, "annotations", findings) };
  fields.reportUnread();
  return kept;
}

function keep(fields: Fields, name: "labels" | "annotations", findings: Findings): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(fields.textMap(name) ?? {})) {
    const field = `metadata.${name}[${key}]`;
    if (key === LAST_APPLIED) continue;
    if (PROTECTS.test(key) && keepAnnotations({ annotations: { [key]: value } }).length > 0) {
      kept[key] = value;
      continue;
    }
    const known = KNOWN_KEYS.find(([pattern]) => pattern.test(key));
    if (known !== undefined) findings.add("manual", field, known[1]);
    else if (TOOL_KEY.test(key)) findings.add("manual", field, "has no effect here, and is not kept");
    else if (OWN_KEY.test(key)) findings.add("difference", field, "is set by this operator, and is not kept");
    else kept[key] = value;
  }
  return kept;
}
