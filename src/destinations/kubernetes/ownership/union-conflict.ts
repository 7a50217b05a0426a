import type { KubeStatus } from "../../../kube/errors.js";
import { childOf, type FieldSteps, isLeaf, keyStep, sameStep } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, RawObject } from "../../../kube/object.js";
import { KEY_DEFAULTS } from "../../../manifest/diff/list-keys.js";
import type { KubeObject } from "../../../manifest/document.js";
import { isRecord } from "../../../manifest/shape.js";

/** What is in the way of a document: members of unions (`emptyDir` beside `configMap`) that only their owner could remove. */
export interface UnionConflict {
  /** Where each of them stands in a field set. */
  readonly members: readonly FieldSteps[];
  /** Whether all that the API server complains of is explained by them. */
  readonly explained: boolean;
}

/** A map, or the items of a list, that both the live object and the document have. */
interface Place {
  /** As the API server writes it, without indices: `spec.template.spec.volumes[]`. */
  readonly path: string;
  readonly steps: FieldSteps;
  readonly live: Readonly<Record<string, unknown>>;
  readonly wanted: Readonly<Record<string, unknown>>;
}

type Complaint = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

/**
 * Finds what has to go before a document can be applied, in what the API server says of it (422): an apply adds our member
 * of a union and leaves the other one where it is. Only what stands beside a field that we lost or that changed is named.
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

/** The live object as it is going to be: the document laid over it, without the members that are in the way. */
export function overlay(live: RawObject, document: KubeObject, gone: readonly FieldSteps[]): Record<string, unknown> {
  const lost = new Set(gone.map((steps) => steps.join("\n")));
  return merge(live, document, entriesOf(live), [], lost) as Record<string, unknown>;
}

/** The live object without what is in the way. */
export function without(live: RawObject, gone: readonly FieldSteps[]): RawObject {
  return gone.reduce<unknown>(removed, live) as RawObject;
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

/** The set fields of all who write to the object itself. */
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

/** Items of a list that the document does not have, and that repeat a value which must be unique: a named port. */
function duplicates(parent: string, name: string, places: readonly Place[]): FieldSteps[] {
  return places
    .filter((place) => `${place.path}[]` === parent && name in place.wanted && place.live[name] === place.wanted[name])
    .map((place) => place.steps);
}

/** Whether something that the document sets is not live as it says. */
function isMoved({ live, wanted }: Place): boolean {
  return Object.entries(wanted).some(([key, value]) =>
    isRecord(value) || Array.isArray(value) ? live[key] === undefined : live[key] !== value,
  );
}

/** What is live beside the document's fields: the one that is complained of, or those of the kind that unions are made of. */
function siblings({ live, wanted }: Place, name: string): string[] {
  const others = Object.keys(live).filter((key) => !(key in wanted));
  if (others.includes(name)) return [name];
  const maps = others.filter((key) => isRecord(live[key]));
  return maps.length > 0 ? maps : others;
}

/** Every map that both have, and for each pair of list items with another key a place at the path of the list. */
function* placesOf(
  live: unknown,
  wanted: unknown,
  nodes: readonly FieldsV1[],
  path: string,
  steps: FieldSteps,
): Generator<Place> {
  if (isRecord(live) && isRecord(wanted)) {
    if (path !== "") yield { path, steps, live, wanted };
    for (const [key, value] of Object.entries(wanted)) {
      if (path === "" && ["metadata", "status"].includes(key)) continue;
      const step = `f:${key}`;
      yield* placesOf(live[key], value, below(nodes, step), path === "" ? key : `${path}.${key}`, [...steps, step]);
    }
    return;
  }
  const keys = keysOf(nodes);
  if (!Array.isArray(live) || !Array.isArray(wanted) || keys === undefined) return;
  for (const item of live) {
    const step = stepOf(item, keys);
    const counterpart = wanted.find((candidate) => stepOf(candidate, keys) === step);
    if (step === undefined) continue;
    if (counterpart !== undefined)
      yield* placesOf(item, counterpart, below(nodes, step), `${path}[]`, [...steps, step]);
    else
      for (const other of wanted)
        if (isRecord(other)) yield { path, steps: [...steps, step], live: item, wanted: other };
  }
}

function merge(
  live: unknown,
  wanted: unknown,
  nodes: readonly FieldsV1[],
  steps: FieldSteps,
  gone: ReadonlySet<string>,
): unknown {
  const whole = steps.length > 0 && nodes.some(isLeaf);
  if (isRecord(live) && isRecord(wanted) && !whole) {
    const kept = Object.entries(live).filter(([key]) => !gone.has([...steps, `f:${key}`].join("\n")));
    const result: Record<string, unknown> = Object.fromEntries(kept);
    for (const [key, value] of Object.entries(wanted)) {
      const step = `f:${key}`;
      if (value === null) delete result[key];
      else result[key] = merge(live[key], value, below(nodes, step), [...steps, step], gone);
    }
    return result;
  }
  const keys = keysOf(nodes);
  if (!Array.isArray(live) || !Array.isArray(wanted) || keys === undefined) return wanted;
  const kept = live.filter((item) => !gone.has([...steps, stepOf(item, keys) ?? ""].join("\n")));
  const byStep = new Map(kept.map((item) => [stepOf(item, keys), item]));
  for (const item of wanted) {
    const step = stepOf(item, keys) ?? "";
    byStep.set(step, merge(byStep.get(step), item, below(nodes, step), [...steps, step], gone));
  }
  return [...byStep.values()];
}

function below(nodes: readonly FieldsV1[], step: string): FieldsV1[] {
  return nodes.flatMap((node) => childOf(node, step) ?? []);
}

/** The names of the keys of a list, which the API server's own books tell; undefined for a list that has none. */
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
