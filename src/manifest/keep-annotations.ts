import { ANNOTATION_PRUNE } from "../api/group.js";

/** Effect of a keep annotation on a deletion: keep the object, or require confirmation. */
export type KeepEffect = "Keep" | "Ask";

/** Labels and annotations of an object. */
export interface Metadata {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

interface KeepAnnotation {
  readonly key: string;
  /** The value, or one option of a comma-separated list. Not case-sensitive. */
  readonly value: string;
  /** Effect when the object is removed from Git. */
  readonly prune?: KeepEffect;
  /** Effect when the app is deleted. */
  readonly deletion?: KeepEffect;
}

const both = (key: string, value: string): KeepAnnotation => ({ key, value, prune: "Keep", deletion: "Keep" });

const ARGO_OPTIONS = "argocd.argoproj.io/sync-options";

/**
 * Annotations that protect an object from deletion, ours first. Those of other tools have the effect that they have there: Argo
 * CD distinguishes a prune from the deletion of the app, others do not. `ssa: Ignore` and `managed: disabled` end the management
 * of an object, so that the tool does not delete it.
 */
const KEEP_ANNOTATIONS: readonly KeepAnnotation[] = [
  both(ANNOTATION_PRUNE, "disabled"),
  { key: ANNOTATION_PRUNE, value: "confirm", prune: "Ask", deletion: "Ask" },
  { key: ARGO_OPTIONS, value: "Prune=false", prune: "Keep" },
  { key: ARGO_OPTIONS, value: "Delete=false", deletion: "Keep" },
  // Argo CD asks before it deletes the object with its Application, too.
  { key: ARGO_OPTIONS, value: "Prune=confirm", prune: "Ask", deletion: "Ask" },
  { key: ARGO_OPTIONS, value: "Delete=confirm", deletion: "Ask" },
  both("kustomize.toolkit.fluxcd.io/prune", "disabled"),
  both("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
  both("kustomize.toolkit.fluxcd.io/ssa", "Ignore"),
  both("helm.toolkit.fluxcd.io/prune", "disabled"),
  both("helm.toolkit.fluxcd.io/reconcile", "disabled"),
  both("helm.sh/resource-policy", "keep"),
  both("client.lifecycle.config.k8s.io/deletion", "detach"),
  both("cli-utils.sigs.k8s.io/on-remove", "keep"),
  both("configmanagement.gke.io/managed", "disabled"),
  both("kapp.k14s.io/delete-strategy", "orphan"),
  both("kluctl.io/skip-delete", "true"),
];

const BY_KEY: ReadonlyMap<string, readonly KeepAnnotation[]> = new Map(
  KEEP_ANNOTATIONS.map(({ key }) => [key, KEEP_ANNOTATIONS.filter((mark) => mark.key === key)]),
);
/** Keys of all annotations that protect an object. */
export const KEEP_KEYS: readonly string[] = [...BY_KEY.keys()];
const BY_TEXT: ReadonlyMap<string, KeepAnnotation> = new Map(KEEP_ANNOTATIONS.map((mark) => [textOf(mark), mark]));

/** Shared by all objects without such annotations. */
const NONE: readonly string[] = [];

/** Returns the keep annotations of an object as `key: value`, in table order. As in Flux, labels have the same effect. */
export function keepAnnotations(metadata: Metadata): readonly string[] {
  const found: KeepAnnotation[] = [];
  for (const source of [metadata.annotations, metadata.labels])
    for (const [key, value] of Object.entries(source ?? {})) {
      const marks = BY_KEY.get(key);
      if (marks === undefined) continue;
      const options = new Set(String(value).split(",").map(normalized));
      found.push(...marks.filter((mark) => options.has(normalized(mark.value))));
    }
  return found.length === 0 ? NONE : KEEP_ANNOTATIONS.filter((mark) => found.includes(mark)).map(textOf);
}

/** Merges the keep annotations of two sources, without duplicates and unknown ones. */
export function joinKeepAnnotations(one: readonly string[], other: readonly string[]): readonly string[] {
  if (other.length === 0) return one;
  return KEEP_ANNOTATIONS.map(textOf).filter((text) => one.includes(text) || other.includes(text));
}

/** Reports whether an object is annotated to be deleted when everything else is healthy: `PruneLast=true` of Argo CD. */
export function isPrunedLast({ annotations }: Metadata): boolean {
  const options = annotations?.[ARGO_OPTIONS]?.split(",") ?? [];
  return options.some((option) => normalized(option) === "prunelast=true");
}

/** Reports whether an annotation or label with this key can protect an object. */
export function mayKeep(key: string): boolean {
  return BY_KEY.has(key);
}

/** Effect of keep annotations on a deletion. `mark` is the deciding annotation. `Keep` takes precedence over `Ask`. */
export interface KeepRuling {
  readonly effect: KeepEffect;
  readonly mark: string;
}

/** Returns the effect of the keep annotations of an object on a prune, or on the deletion of its app, if any. */
export function keepRuling(marks: readonly string[] | undefined, on: "prune" | "deletion"): KeepRuling | undefined {
  for (const effect of ["Keep", "Ask"] as const) {
    const mark = marks?.find((text) => BY_TEXT.get(text)?.[on] === effect);
    if (mark !== undefined) return { effect, mark };
  }
  return undefined;
}

function textOf({ key, value }: KeepAnnotation): string {
  return `${key}: ${value}`;
}

function normalized(value: string): string {
  return value.trim().toLowerCase();
}
