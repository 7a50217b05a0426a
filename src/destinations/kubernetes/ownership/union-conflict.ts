import type { KubeStatus } from "../../../kube/errors.js";
import { childOf, type FieldSteps, isLeaf, keyStep, sameStep } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, RawObject } from "../../../kube/object.js";
import { KEY_DEFAULTS } from "../../../manifest/diff/list-keys.js";
import type { KubeObject } from "../../../manifest/document.js";
import { isRecord } from "../../../manifest/shape.js";

/** Union members (`emptyDir` beside `configMap`) that block a document and that only their owner could remove. */
export interface UnionConflict {
  /** Field-set paths of the members. */
  readonly members: readonly FieldSteps[];
  /** Whether they explain all causes of the refusal. */
  readonly explained: boolean;
}

/** A map, or an item of a list, that both the live object and the document have. */
interface Place {
  /** Path as in the refusal, without indices: `spec.template.spec.volumes[]`. */
  readonly path: string;
  readonly steps: FieldSteps;
  readonly live: Readonly<Record<string, unknown>>;
  readonly desired: Readonly<Record<string, unknown>>;
}

type Complaint = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

/**
 * Finds the union members that must be removed before a document can be applied, from the causes of the refusal (422): an apply
 * adds the document's member and keeps the other one. Considers only members beside a field that was lost or changed.
 */
export function unionConflict(status: KubeStatus, live: RawObject, document: KubeObject): UnionConflict {
  const places = [...placesOf(live, document, entriesOf(live), "", [])];
  const members: FieldSteps[] = [];
  let explained = true;
  for (const complaint of status.details?.causes ?? []) {
    const found = membersFor(complaint, places);
    members.push(...found);
    if (found.length === 0) explained = false;
  }
  return { members: distinct(members), explained: explained && members.length > 0 };
}

/** Returns the live object with the document merged into it and the blocking members removed. */
export function overlay(live: RawObject, document: KubeObject, paths: readonly FieldSteps[]): Record<string, unknown> {
  const dropped = new Set(paths.map((steps) => steps.join("\n")));
  return merge(live, document, entriesOf(live), [], dropped) as Record<string, unknown>;
}

/** Returns the live object without the given paths. */
export function without(live: RawObject, paths: readonly FieldSteps[]): RawObject {
  return paths.reduce<unknown>(removed, live) as RawObject;
}

function removed(value: unknown, [step = "", ...rest]: FieldSteps): unknown {
  if (isRecord(value)) {
    const key = step.slice(2);
    if (!(key in value)) return value;
    const { [key]: child, ...others } = value;
    return rest.length === 0 ? others : { ...value, [key]: removed(child, rest) };
  }
  if (!Array.isArray(value) || !step.startsWith("k:")) return value;
  const keys = Object.keys(JSON.parse(step.slice(2)) as Record<string, unknown>);
  return value.flatMap((item) => {
    const itemStep = stepOf(item, keys);
    if (itemStep === undefined || !sameStep(itemStep, step)) return [item];
    return rest.length === 0 ? [] : [removed(item, rest)];
  });
}

/** Returns the field sets of all managers of the main resource. */
function entriesOf(live: RawObject): FieldsV1[] {
  return (live.metadata.managedFields ?? []).flatMap((entry) =>
    entry.fieldsV1 === undefined || entry.subresource ? [] : [entry.fieldsV1],
  );
}

function membersFor({ field = "", reason }: Complaint, places: readonly Place[]): FieldSteps[] {
  const path = field.replaceAll(/\[[^\]]*\]/g, "[]");
  const dot = path.lastIndexOf(".");
  const [parent, name] = dot < 0 ? ["", path] : [path.slice(0, dot), path.slice(dot + 1)];
  if (reason === "FieldValueDuplicate") return duplicates(parent, name, places);
  const around = places.filter((place) => place.path === parent || place.path === path);
  return around.filter(isMoved).flatMap((place) => siblings(place, name).map((key) => [...place.steps, `f:${key}`]));
}

/** Finds list items that the document lacks and that repeat a unique value, such as a named port. */
function duplicates(parent: string, name: string, places: readonly Place[]): FieldSteps[] {
  return places
    .filter(
      (place) => `${place.path}[]` === parent && name in place.desired && place.live[name] === place.desired[name],
    )
    .map((place) => place.steps);
}

/** Whether the live object differs from a field that the document sets. */
function isMoved({ live, desired }: Place): boolean {
  return Object.entries(desired).some(([key, value]) =>
    isRecord(value) || Array.isArray(value) ? live[key] === undefined : live[key] !== value,
  );
}

/** Returns live keys that the document lacks: the reported one, else maps, which unions consist of, else all. */
function siblings({ live, desired }: Place, name: string): string[] {
  const others = Object.keys(live).filter((key) => !(key in desired));
  if (others.includes(name)) return [name];
  const maps = others.filter((key) => isRecord(live[key]));
  return maps.length > 0 ? maps : others;
}

/** Yields every map that both have, and every pair of list items with different keys at the path of the list. */
function* placesOf(
  live: unknown,
  desired: unknown,
  nodes: readonly FieldsV1[],
  path: string,
  steps: FieldSteps,
): Generator<Place> {
  if (isRecord(live) && isRecord(desired)) {
    if (path !== "") yield { path, steps, live, desired };
    for (const [key, value] of Object.entries(desired)) {
      if (path === "" && ["metadata", "status"].includes(key)) continue;
      const step = `f:${key}`;
      yield* placesOf(live[key], value, below(nodes, step), path === "" ? key : `${path}.${key}`, [...steps, step]);
    }
    return;
  }
  const keys = keysOf(nodes);
  if (!Array.isArray(live) || !Array.isArray(desired) || keys === undefined) return;
  for (const item of live) {
    const step = stepOf(item, keys);
    const counterpart = desired.find((candidate) => stepOf(candidate, keys) === step);
    if (step === undefined) continue;
    if (counterpart !== undefined)
      yield* placesOf(item, counterpart, below(nodes, step), `${path}[]`, [...steps, step]);
    else
      for (const other of desired)
        if (isRecord(other)) yield { path, steps: [...steps, step], live: item, desired: other };
  }
}

function merge(
  live: unknown,
  desired: unknown,
  nodes: readonly FieldsV1[],
  steps: FieldSteps,
  dropped: ReadonlySet<string>,
): unknown {
  const whole = steps.length > 0 && nodes.some(isLeaf);
  if (isRecord(live) && isRecord(desired) && !whole) {
    const kept = Object.entries(live).filter(([key]) => !dropped.has([...steps, `f:${key}`].join("\n")));
    const result: Record<string, unknown> = Object.fromEntries(kept);
    for (const [key, value] of Object.entries(desired)) {
      const step = `f:${key}`;
      if (value === null) delete result[key];
      else result[key] = merge(live[key], value, below(nodes, step), [...steps, step], dropped);
    }
    return result;
  }
  const keys = keysOf(nodes);
  if (!Array.isArray(live) || !Array.isArray(desired) || keys === undefined) return desired;
  const kept = live.filter((item) => !dropped.has([...steps, stepOf(item, keys) ?? ""].join("\n")));
  const byStep = new Map(kept.map((item) => [stepOf(item, keys), item]));
  for (const item of desired) {
    const step = stepOf(item, keys) ?? "";
    byStep.set(step, merge(byStep.get(step), item, below(nodes, step), [...steps, step], dropped));
  }
  return [...byStep.values()];
}

function below(nodes: readonly FieldsV1[], step: string): FieldsV1[] {
  return nodes.flatMap((node) => childOf(node, step) ?? []);
}

/** Returns the key names of a list according to managedFields; undefined for a list without keys. */
function keysOf(nodes: readonly FieldsV1[]): readonly string[] | undefined {
  for (const node of nodes) {
    const step = Object.keys(node).find((candidate) => candidate.startsWith("k:"));
    if (step !== undefined) return Object.keys(JSON.parse(step.slice(2)) as Record<string, unknown>);
  }
  return undefined;
}

function stepOf(item: unknown, keys: readonly string[]): string | undefined {
  if (!isRecord(item)) return undefined;
  return keyStep(Object.fromEntries(keys.map((key) => [key, item[key] ?? KEY_DEFAULTS[key]])));
}

function distinct(list: readonly FieldSteps[]): FieldSteps[] {
  return [...new Map(list.map((steps) => [steps.join("\n"), steps])).values()];
}
