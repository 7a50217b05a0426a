import { canonicalJson, sha256 } from "../../base/hash.js";
import { isRecord } from "../../manifest/shape.js";

/** What must be the same after an app has taken over. */
export interface ObjectState {
  readonly apiVersion: string;
  readonly uid: string;
  /** Hash of the pod template; undefined for objects without one. */
  readonly template?: string;
  /** UIDs of its pods, sorted. */
  readonly pods?: readonly string[];
}

/** States by the name of the object, for example `Deployment shop/web`. */
export type Snapshot = Readonly<Record<string, ObjectState>>;

/** Versions of objects by their names. */
export type Versions = Readonly<Record<string, string>>;

/** Version of an object without its status, which controllers write at any time. Kinds without a generation have none of their own. */
export function versionOf(metadata: {
  readonly generation?: number | undefined;
  readonly resourceVersion?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): string {
  const { generation = 0, resourceVersion = "", labels = {}, annotations = {} } = metadata;
  return generation === 0 ? resourceVersion : sha256(canonicalJson({ generation, labels, annotations }), 16);
}

/** Objects of both that were written in between, sorted. */
export function changedObjects(before: Versions, after: Versions): readonly string[] {
  return Object.keys(before)
    .filter((name) => after[name] !== before[name])
    .sort();
}

/** Hash of the pod template of an object. */
export function templateHash(object: Readonly<Record<string, unknown>>): string | undefined {
  const { spec } = object;
  if (!isRecord(spec) || !isRecord(spec.template)) return undefined;
  return sha256(canonicalJson(spec.template), 16);
}

/** The comparison of two snapshots. */
export interface Comparison {
  /** What must not have happened: deleted or re-created objects, other templates. */
  readonly faults: readonly string[];
  /** Pods that were replaced although the template is the same: others have done that. */
  readonly notes: readonly string[];
  readonly objects: number;
  readonly pods: number;
}

/** Compares the states before and after. */
export function compare(before: Snapshot, after: Snapshot): Comparison {
  const faults: string[] = [];
  const notes: string[] = [];
  let pods = 0;
  for (const [name, old] of Object.entries(before)) {
    const now = after[name];
    if (now === undefined) faults.push(`${name} is missing`);
    else if (now.uid !== old.uid) faults.push(`${name} was re-created: its UID was ${old.uid} and is ${now.uid}`);
    else if (now.template !== old.template) faults.push(`${name} has another pod template`);
    else {
      const gone = (old.pods ?? []).filter((uid) => now.pods?.includes(uid) !== true);
      pods += (old.pods ?? []).length - gone.length;
      if (gone.length > 0) notes.push(`${name}: ${gone.length} pods were replaced, although its template is the same`);
    }
  }
  return { faults, notes, objects: Object.keys(before).length, pods };
}

/** Marks of other tools that are still on an object, and prove ownership to them. */
export function marksOf(metadata: {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): readonly string[] {
  const labels = Object.keys(metadata.labels ?? {}).filter((key) =>
    /^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/.test(key),
  );
  const annotations = Object.keys(metadata.annotations ?? {}).filter((key) => key === "argocd.argoproj.io/tracking-id");
  return [...labels, ...annotations];
}
