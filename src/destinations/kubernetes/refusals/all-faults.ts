import { KubeStatusError } from "../../../kube/errors.js";
import type { FieldFault } from "../../../kube/refusal-text/field-fault.js";
import { fieldFaults } from "../../../kube/refusal-text/field-faults.js";
import type { KubeObject } from "../../../manifest/document.js";
import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";

/** Questions about one document. */
const MAX_ROUNDS = 12;

/**
 * All faults of a document that does not fit its schema. The API server names only some of them at a time, other ones each
 * time, so it is asked again with these mended until it finds nothing more. `ask` dry-runs an object, and throws a refusal.
 * Undefined when the refusal is about something else than the schema.
 */
export async function allFaults(
  refusal: unknown,
  object: KubeObject,
  ask: (object: KubeObject) => Promise<unknown>,
): Promise<readonly FieldFault[] | undefined> {
  const found = new Map<string, FieldFault>();
  const mended: FieldPath[] = [];
  let error = refusal;
  let current = object;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const faults = error instanceof KubeStatusError ? fieldFaults(error.status, current) : undefined;
    const events = faults?.filter((fault) => isNew(fault, found, mended)) ?? [];
    if (round === 0 && !events.some(({ ofDocument }) => ofDocument)) return undefined;
    for (const fault of events) found.set(keyOf(fault), fault);
    const schema = events.filter(({ ofDocument, path }) => ofDocument && path !== undefined && path.length > 0);
    if (schema.length === 0) break;
    for (const { path = [], fitting } of schema) {
      current = withValue(current, path, fitting) as KubeObject;
      mended.push(path);
    }
    try {
      await ask(current);
      break;
    } catch (next) {
      error = next;
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fault]) => fault);
}

function keyOf({ field, message }: FieldFault): string {
  return `${field}: ${message}`;
}

/** What is about a field that was mended, or one around it, may come of the mending. */
function isNew(fault: FieldFault, found: ReadonlyMap<string, FieldFault>, mended: readonly FieldPath[]): boolean {
  const { path } = fault;
  if (found.has(keyOf(fault))) return false;
  if (path === undefined) return mended.length === 0 || fault.ofDocument;
  return !mended.some((other) => other.slice(0, path.length).every((step, at) => step === path[at]));
}

/** A copy in which the field has another value, or is gone. */
function withValue(at: unknown, path: FieldPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(at)) {
    return typeof step === "number"
      ? at.map((item: unknown, index) => (index === step ? withValue(item, rest, value) : item))
      : at;
  }
  if (!isRecord(at)) return at;
  const { [String(step)]: child, ...others } = at;
  if (rest.length === 0 && value === undefined) return others;
  return { ...at, [String(step)]: withValue(child, rest, value) };
}
