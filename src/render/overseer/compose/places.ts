import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import type { ServiceLayer } from "./extends.js";
import { overrideOf } from "./merge-tags.js";

/** The parts of a merged Compose document. */
export interface ComposeLayers {
  /** Files, last one first. */
  readonly documents: readonly ServiceLayer[];
  /** Definitions of each service, most specific first. */
  readonly services: ReadonlyMap<string, readonly ServiceLayer[]>;
}

/** Returns the place of a field of a merged document, or undefined if no part contains it. */
export function placeOf({ documents, services }: ComposeLayers, path: FieldPath): Reporter | undefined {
  const [first, name, ...rest] = path;
  const parts = first === "services" && typeof name === "string" ? services.get(name) : undefined;
  return parts === undefined ? deepest(documents, path) : deepest(parts, rest);
}

/** Returns the place in the part that contains most of the path. Indexes of lists merged from several parts are dropped. */
export function deepest(parts: readonly ServiceLayer[], path: FieldPath): Reporter | undefined {
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

/** Returns the number of path steps that exist in a value. */
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
