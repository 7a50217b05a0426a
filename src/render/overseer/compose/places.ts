import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import type { ServiceLayer } from "./extends.js";
import { overrideOf } from "./merge-tags.js";

/** What a merged Compose document was made of. */
export interface ComposeLayers {
  /** The files, the last one first. */
  readonly documents: readonly ServiceLayer[];
  /** The parts of each service, the most specific one first. */
  readonly services: ReadonlyMap<string, readonly ServiceLayer[]>;
}

/** Where a field of a merged document is written; undefined when no part has anything of it. */
export function placeOf({ documents, services }: ComposeLayers, path: FieldPath): Reporter | undefined {
  const [first, name, ...rest] = path;
  const parts = first === "services" && typeof name === "string" ? services.get(name) : undefined;
  return parts === undefined ? deepest(documents, path) : deepest(parts, rest);
}

/** The place in the part that goes the deepest along the path. The position in a list that several parts fill says nothing. */
function deepest(parts: readonly ServiceLayer[], path: FieldPath): Reporter | undefined {
  const index = path.findIndex((step) => typeof step === "number");
  const shared = index >= 0 && parts.filter(({ value }) => depthOf(value, path.slice(0, index)) === index).length > 1;
  const steps = shared ? path.slice(0, index) : path;
  let best: ServiceLayer | undefined;
  let depth = -1;
  for (const part of parts) {
    const reached = depthOf(part.value, steps);
    if (reached > depth) [best, depth] = [part, reached];
  }
  return best?.report.at(...steps);
}

/** How many steps of a path there are in a value. */
function depthOf(value: unknown, path: FieldPath): number {
  let at = overrideOf(value)?.content ?? value;
  for (const [depth, step] of path.entries()) {
    if (Array.isArray(at) && typeof step === "number" && step < at.length) at = at[step];
    else if (isRecord(at) && Object.hasOwn(at, String(step))) at = at[String(step)];
    else return depth;
    at = overrideOf(at)?.content ?? at;
  }
  return path.length;
}
