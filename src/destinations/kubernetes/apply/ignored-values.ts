import { type FieldSteps, isLeaf } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, RawObject } from "../../../kube/object.js";
import type { Document, KubeObject, PathSegment } from "../../../manifest/document.js";
import { selects } from "../../../manifest/ignored/cel-path.js";
import { isRecord } from "../../../manifest/shape.js";
import { follow } from "../ownership/follow-step.js";
import { stepsOfManagers } from "../ownership/ignored-steps.js";

/** How the ignored fields of a document are sent. */
type Sending = "live values" | "omitted";

/**
 * Returns a document as it is applied to an existing object: its ignored fields have their live values (for dry runs, which then show no
 * difference), or are omitted, so that the app does not own them. In a list or map that is owned as a whole they always have their
 * live values, since omitting would remove them.
 */
export function withIgnoredValues(document: Document, live: RawObject, sending: Sending): Document {
  const { ignored } = document;
  if (ignored === undefined) return document;
  const entries = live.metadata.managedFields ?? [];
  const nodes = entries.flatMap(({ subresource, fieldsV1 }) => (subresource || !fieldsV1 ? [] : [fieldsV1]));
  let object: unknown = document.object;
  for (const pointer of ignored.pointers) object = place(object, live, pointer, nodes, sending);
  for (const steps of stepsOfManagers(entries, ignored.managers)) object = placeAt(object, live, steps, sending);
  return { ...document, object: object as KubeObject };
}

/** Places what a pointer names. `nodes`: the field sets of all managers at this place, which tell what is owned as a whole. */
function place(
  wanted: unknown,
  live: unknown,
  [segment, ...rest]: readonly PathSegment[],
  nodes: readonly FieldsV1[],
  sending: Sending,
): unknown {
  if (segment === undefined) return live;
  const whole = nodes.length > 0 && nodes.every(isLeaf);
  const how = whole ? "live values" : sending;
  if (Array.isArray(wanted)) {
    const items = wanted.map((item: unknown, index) => {
      if (!isItem(segment, index, item)) return item;
      const step = itemStep(item, nodes);
      const counterpart = step === undefined ? (Array.isArray(live) ? live[index] : undefined) : follow(step, live);
      if (rest.length === 0) return how === "omitted" ? undefined : counterpart;
      return place(item, counterpart, rest, below(nodes, step), how);
    });
    return items.filter((item) => item !== undefined);
  }
  if (!isRecord(wanted)) return wanted;
  const result: Record<string, unknown> = { ...wanted };
  for (const key of typeof segment === "string" && segment !== "*" ? [segment] : Object.keys(wanted)) {
    if (typeof segment === "object" && selects(segment, key) !== true) continue;
    const current = isRecord(live) ? live[key] : undefined;
    if (!(key in wanted)) continue;
    const value =
      rest.length > 0
        ? place(wanted[key], current, rest, below(nodes, `f:${key}`), how)
        : how === "omitted"
          ? undefined
          : current;
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}

function isItem(segment: PathSegment, index: number, item: unknown): boolean {
  if (typeof segment === "object") return selects(segment, item) === true;
  return segment === "*" || segment === String(index);
}

/** Places one field that another manager owns. */
function placeAt(wanted: unknown, live: unknown, [step = "", ...rest]: FieldSteps, sending: Sending): unknown {
  const current = follow(step, wanted);
  if (current === undefined) return wanted;
  const counterpart = follow(step, live);
  const value =
    rest.length > 0 ? placeAt(current, counterpart, rest, sending) : sending === "omitted" ? undefined : counterpart;
  if (Array.isArray(wanted))
    return wanted.flatMap((item: unknown) => (item !== current ? [item] : value === undefined ? [] : [value]));
  const key = step.slice(2);
  const { [key]: _, ...others } = wanted as Record<string, unknown>;
  return value === undefined ? others : { ...(wanted as Record<string, unknown>), [key]: value };
}

function below(nodes: readonly FieldsV1[], step: string | undefined): FieldsV1[] {
  if (step === undefined) return [];
  return nodes.flatMap((node) => node[step] ?? []);
}

/** Returns the step of an item of a list with keys, as one of the managers has it. */
function itemStep(item: unknown, nodes: readonly FieldsV1[]): string | undefined {
  for (const node of nodes)
    for (const step of Object.keys(node)) if (/^[kv]:/.test(step) && follow(step, [item]) !== undefined) return step;
  return undefined;
}
