import { KubeStatusError } from "../../../kube/errors.js";
import type { FieldFault } from "../../../kube/refusal-text/field-fault.js";
import { fieldFaults } from "../../../kube/refusal-text/field-faults.js";
import type { KubeObject } from "../../../manifest/document.js";
import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";

/** Limit of dry runs per document. */
const MAX_ROUNDS = 12;

/**
 * Collects all faults of a document that does not fit its schema. The API server reports only some of them per request, so the
 * dry run is repeated with these fixed until it reports no more. `dryRun` throws when an object is refused. Returns undefined if
 * the refusal is not about the schema.
 */
export async function allFaults(
  refusal: unknown,
  object: KubeObject,
  dryRun: (object: KubeObject) => Promise<unknown>,
): Promise<readonly FieldFault[] | undefined> {
  const found = new Map<string, FieldFault>();
  const fixed: FieldPath[] = [];
  let error = refusal;
  let current = object;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const faults = error instanceof KubeStatusError ? fieldFaults(error.status, current) : undefined;
    const fresh = faults?.filter((fault) => isNew(fault, found, fixed)) ?? [];
    if (round === 0 && !fresh.some(({ ofDocument }) => ofDocument)) return undefined;
    for (const fault of fresh) found.set(keyOf(fault), fault);
    const schema = fresh.filter(({ ofDocument, path }) => ofDocument && path !== undefined && path.length > 0);
    if (schema.length === 0) break;
    for (const { path = [], fitting } of schema) {
      current = withValue(current, path, fitting) as KubeObject;
      fixed.push(path);
    }
    try {
      await dryRun(current);
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

/** Whether a fault is new. A fault of a fixed field, or of one that contains it, may be caused by the fix. */
function isNew(fault: FieldFault, found: ReadonlyMap<string, FieldFault>, fixed: readonly FieldPath[]): boolean {
  const { path } = fault;
  if (found.has(keyOf(fault))) return false;
  if (path === undefined) return fixed.length === 0 || fault.ofDocument;
  return !fixed.some((other) => other.slice(0, path.length).every((step, at) => step === path[at]));
}

/** Returns a copy in which the field at a path is replaced, or removed if `value` is undefined. */
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
