import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";
import { expandedSize } from "../../../manifest/yaml/expansion.js";
import { unknownField } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { noService } from "./dependencies.js";
import { mergeService } from "./merge.js";
import { folderOf, rebaseService } from "./rebase.js";
import type { Mapping } from "./shape.js";

/** An interpolated Compose document whose `extends` are not resolved yet. */
export interface ComposeScope {
  readonly value: Mapping;
  /** Reports problems of the document. */
  readonly report: Reporter;
  /** Opens another file of the source by a path relative to this one. Reports at `from` if that fails. */
  readonly open: (file: string, from: Reporter) => ComposeScope | undefined;
}

/** A definition that contributes to a service, with its reporter. */
export interface ServiceLayer {
  readonly value: Mapping;
  readonly report: Reporter;
}

/** A Compose document with all `extends` resolved. */
export interface Resolved {
  readonly value: Mapping;
  /** Definitions of each service: its own first, then those that it extends. */
  readonly layers: ReadonlyMap<string, readonly ServiceLayer[]>;
}

interface Chain {
  readonly value: Mapping;
  readonly layers: readonly ServiceLayer[];
}

/** Maximum length of a chain of `extends`. */
const MAX_CHAIN = 50;

/**
 * Resolves `extends` of all services in their own file, before files are merged, as Compose does. A service whose `extends`
 * is invalid is reported and returned unchanged. `maxSize` limits the total size; see `expandedSize`.
 */
export function resolveExtends(scope: ComposeScope, maxSize: number): Resolved {
  const { services } = scope.value;
  const layers = new Map<string, readonly ServiceLayer[]>();
  if (!isRecord(services)) return { value: scope.value, layers };
  const resolver = new ExtendsResolver(maxSize);
  const resolved = Object.entries(services).map(([name, service]): [string, unknown] => {
    if (!isRecord(service)) return [name, service];
    const chain = resolver.resolve(scope, name, service, []);
    layers.set(name, chain.layers);
    return [name, chain.value];
  });
  return { value: { ...scope.value, services: Object.fromEntries(resolved) }, layers };
}

class ExtendsResolver {
  readonly #known = new Map<Mapping, Chain>();
  readonly #reported = new Set<Mapping>();
  /** Remaining size budget of extended services, in characters. */
  #left: number;
  #full = false;

  constructor(maxSize: number) {
    this.#left = maxSize;
  }

  /** `trail` lists the services that extend this one. */
  resolve(scope: ComposeScope, name: string, service: Mapping, trail: readonly Mapping[]): Chain {
    const known = this.#known.get(service);
    if (known !== undefined) return known;
    const own: ServiceLayer = { value: service, report: scope.report.at("services", name) };
    const base = this.#baseOf(scope, own, [...trail, service]);
    const { extends: _, ...rest } = service;
    const chain: Chain =
      base === undefined
        ? { value: service, layers: [own] }
        : { value: mergeService(base.value, rest), layers: [own, ...base.layers] };
    if (base !== undefined) this.#left -= expandedSize(chain.value) ?? 0;
    this.#known.set(service, chain);
    return chain;
  }

  #baseOf(scope: ComposeScope, { value, report }: ServiceLayer, trail: readonly Mapping[]): Chain | undefined {
    const { extends: written } = value;
    if (written === undefined) return undefined;
    const at = report.at("extends");
    const problem = (message: string, where: FieldPath = []): undefined => {
      if (!this.#reported.has(value)) at.at(...where).problem(message);
      this.#reported.add(value);
      return undefined;
    };
    const { service: wanted, file } = isRecord(written) ? written : { service: written, file: undefined };
    const step = isRecord(written) ? ["service"] : [];
    if (typeof wanted !== "string" || wanted === "") return problem("expected the name of a service", step);
    const strange = isRecord(written) && Object.keys(written).find((key) => !["service", "file"].includes(key));
    if (strange) return problem(unknownField(strange, ["service", "file"]), [strange]);
    if (file !== undefined && typeof file !== "string") return problem("expected the path of a file", ["file"]);
    const other = file === undefined ? scope : scope.open(file, at.at("file"));
    if (other === undefined) return undefined;
    const services = isRecord(other.value.services) ? other.value.services : {};
    const base = Object.hasOwn(services, wanted) ? services[wanted] : undefined;
    if (!isRecord(base)) {
      return problem(`${noService(wanted, Object.keys(services))}${file === undefined ? "" : ` in ${file}`}`, step);
    }
    if (trail.includes(base)) return problem("is a cycle: a service cannot extend itself");
    if (this.#left < 0) {
      if (!this.#full) problem("services with extends expand to more than the size limit of a Core");
      this.#full = true;
      return undefined;
    }
    if (trail.length > MAX_CHAIN) return problem(`more than ${MAX_CHAIN} services extend each other`);
    const chain = this.resolve(other, wanted, base, trail);
    return file === undefined ? chain : { ...chain, value: rebaseService(chain.value, folderOf(file)) };
  }
}
