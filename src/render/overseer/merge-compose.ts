import { MAX_COMPOSE_BYTES } from "../../api/core/app.js";
import { jsonText } from "../../base/hash.js";
import { isRecord } from "../../manifest/shape.js";
import { expandedSize } from "../../manifest/yaml/expansion.js";
import type { ComposeScope, ServiceLayer } from "./compose/extends.js";
import { DocumentResolver, withLayers } from "./compose/include.js";
import { mergeDocuments } from "./compose/merge.js";
import { withoutTags } from "./compose/merge-tags.js";
import { placeOf } from "./compose/places.js";
import type { Mapping } from "./compose/shape.js";
import type { WrittenCompose } from "./expanded.js";
import type { Lookup } from "./interpolate.js";
import { interpolateTree } from "./interpolate-tree.js";
import type { Reporter } from "./reporter.js";

/** Message for a Compose document that exceeds the size limit of a Core. */
export const TOO_LARGE = `the Compose document is larger than ${MAX_COMPOSE_BYTES} bytes`;

/** Limit on the expanded size, in characters, above which a document is not serialized. */
const MAX_EXPANDED = 16 * MAX_COMPOSE_BYTES;

/** The most bytes of JSON for each unit of the expanded size: a character that is written as `\u0000`. */
const MAX_BYTES_EACH = 6;

/** Several times what large public documents have: the work grows with the product of services. */
const MAX_SERVICES = 500;

/** Limit on the mounts of all services, with those that `volumes_from` multiplies. */
const MAX_MOUNTS = 10_000;

/** Reports whether a Compose document exceeds the size limit of a Core. */
export function isTooLarge(compose: Mapping): boolean {
  // Measure before serializing: extends and aliases can expand to much more than the file size.
  const expanded = expandedSize(compose) ?? Number.POSITIVE_INFINITY;
  if (expanded > MAX_EXPANDED) return true;
  if (expanded * MAX_BYTES_EACH <= MAX_COMPOSE_BYTES) return false;
  return Buffer.byteLength(jsonText(compose)) > MAX_COMPOSE_BYTES;
}

/** A Compose document merged from several files. */
export interface MergedCompose {
  readonly value: Mapping;
  /** Reports problems at the place where a field is defined. */
  readonly report: Reporter;
}

/**
 * Interpolates each document, resolves its `extends` and `include`, and merges it over the previous ones, in this order, as Compose does.
 * Undefined after a fatal problem.
 */
export function mergeCompose(written: readonly WrittenCompose[], lookup: Lookup): MergedCompose | undefined {
  const reader = new ScopeReader(lookup);
  const resolver = new DocumentResolver(MAX_EXPANDED);
  const documents: ServiceLayer[] = [];
  let services: ReadonlyMap<string, readonly ServiceLayer[]> = new Map();
  let value: Mapping = {};
  for (const one of written) {
    const scope = reader.scopeOf(one);
    if (scope === undefined) return undefined;
    const resolved = resolver.resolve(scope);
    if (isTooLarge(resolved.value)) {
      if (!one.report.failed) one.report.problem(TOO_LARGE);
      return undefined;
    }
    value = documents.length === 0 ? resolved.value : mergeDocuments(value, resolved.value);
    documents.unshift(...resolved.documents);
    services = withLayers(services, resolved.services);
  }
  const [first] = written;
  const report = first?.report.withPlaces((path) => placeOf({ documents, services }, path));
  const plain = withoutTags(value);
  if (report === undefined) return undefined;
  const merged = isRecord(plain) ? plain : {};
  return hasTooMany(merged, report) ? undefined : { value: merged, report };
}

/** Reports whether services, or the mounts that they take from each other, are so many that compiling them takes long. */
function hasTooMany({ services }: Mapping, report: Reporter): boolean {
  if (!isRecord(services)) return false;
  const names = Object.keys(services);
  const at = report.at("services");
  if (names.length > MAX_SERVICES) {
    at.problem(`has ${names.length} services, and an app has at most ${MAX_SERVICES}: split it into several apps`);
    return true;
  }
  let mounts = 0;
  for (const name of names) {
    mounts += listOf(services[name], "volumes").length;
    for (const from of listOf(services[name], "volumes_from"))
      mounts += listOf(services[String(from).split(":", 1)[0] ?? ""], "volumes").length;
  }
  if (mounts <= MAX_MOUNTS) return false;
  at.problem(`with volumes_from, its services have more than ${MAX_MOUNTS} mounts: remove some`);
  return true;
}

function listOf(service: unknown, field: string): readonly unknown[] {
  const list = isRecord(service) ? service[field] : undefined;
  return Array.isArray(list) ? list : [];
}

/** Interpolates each file once, regardless of how many services extend it. */
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
