import { MAX_COMPOSE_BYTES } from "../../api/core/app.js";
import { isRecord } from "../../manifest/shape.js";
import { expandedSize } from "../../manifest/yaml/expansion.js";
import { type ComposeScope, resolveExtends, type ServiceLayer } from "./compose/extends.js";
import { mergeDocuments } from "./compose/merge.js";
import { withoutTags } from "./compose/merge-tags.js";
import { placeOf } from "./compose/places.js";
import type { Mapping } from "./compose/shape.js";
import type { WrittenCompose } from "./expanded.js";
import type { Lookup } from "./interpolate.js";
import { interpolateTree } from "./interpolate-tree.js";
import type { Reporter } from "./reporter.js";

/** What to say of a Compose document that a Core would not take. */
export const TOO_LARGE = `the Compose document is larger than ${MAX_COMPOSE_BYTES} bytes`;

/** What no honest document unfolds to, in characters: it is not even written out. */
const MAX_EXPANDED = 16 * MAX_COMPOSE_BYTES;

/** Whether a Compose document is larger than a Core takes. */
export function isTooLarge(compose: Mapping): boolean {
  // First without writing it out: with extends and aliases, much can be said in little.
  if ((expandedSize(compose) ?? Number.POSITIVE_INFINITY) > MAX_EXPANDED) return true;
  return Buffer.byteLength(JSON.stringify(compose)) > MAX_COMPOSE_BYTES;
}

/** The Compose document that several written ones are together. */
export interface MergedCompose {
  readonly value: Mapping;
  /** Says what is wrong with a field, wherever it is written. */
  readonly report: Reporter;
}

/**
 * Fills in the variables of each document, resolves its `extends`, and lays each over those before it: the order of
 * Compose. Undefined after a problem that leaves nothing to look at.
 */
export function mergeCompose(written: readonly WrittenCompose[], lookup: Lookup): MergedCompose | undefined {
  const reader = new ScopeReader(lookup);
  const documents: ServiceLayer[] = [];
  const services = new Map<string, readonly ServiceLayer[]>();
  let value: Mapping = {};
  for (const one of written) {
    const scope = reader.scopeOf(one);
    if (scope === undefined) return undefined;
    const resolved = resolveExtends(scope, MAX_EXPANDED);
    if (isTooLarge(resolved.value)) {
      if (!one.report.failed) one.report.problem(TOO_LARGE);
      return undefined;
    }
    value = documents.length === 0 ? resolved.value : mergeDocuments(value, resolved.value);
    documents.unshift({ value: scope.value, report: one.report });
    for (const [name, layers] of resolved.layers) services.set(name, [...layers, ...(services.get(name) ?? [])]);
  }
  const [first] = written;
  const report = first?.report.withPlaces((path) => placeOf({ documents, services }, path));
  const plain = withoutTags(value);
  return report === undefined ? undefined : { value: isRecord(plain) ? plain : {}, report };
}

/** Reads each file once, however many services extend one of it. */
class ScopeReader {
  readonly #lookup: Lookup;
  readonly #known = new Map<Mapping, ComposeScope>();

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  scopeOf({ value, report, open }: WrittenCompose): ComposeScope | undefined {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (isTooLarge(value)) {
      report.problem(TOO_LARGE);
      return undefined;
    }
    const filled = interpolateTree(value, this.#lookup, MAX_COMPOSE_BYTES, report);
    const scope: ComposeScope = {
      value: isRecord(filled) ? filled : {},
      report,
      open: (file, from) => {
        const other = open(file, from);
        return other && this.scopeOf(other);
      },
    };
    this.#known.set(value, scope);
    return scope;
  }
}
