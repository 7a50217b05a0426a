import type { FieldPath } from "../../../manifest/field-path.js";
import { isRecord } from "../../../manifest/shape.js";
import { expandedSize } from "../../../manifest/yaml/expansion.js";
import { unknownField } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { noService } from "./dependencies.js";
import { mergeService } from "./merge.js";
import type { Mapping } from "./shape.js";

/** A Compose document whose variables are filled in, before its `extends` are resolved. */
export interface ComposeScope {
  readonly value: Mapping;
  /** For what is wrong in it. */
  readonly report: Reporter;
  /** Another file of the source, by a path relative to this one; reports at `from` why it cannot be had. */
  readonly open: (file: string, from: Reporter) => ComposeScope | undefined;
}

/** Where a service, or a part of it, is written. */
export interface ServiceLayer {
  readonly value: Mapping;
  readonly report: Reporter;
}

/** A document in which no service extends another any more. */
export interface Resolved {
  readonly value: Mapping;
  /** What each service is made of: its own part first, then what it extends, and so on. */
  readonly layers: ReadonlyMap<string, readonly ServiceLayer[]>;
}

interface Chain {
  readonly value: Mapping;
  readonly layers: readonly ServiceLayer[];
}

/** Longest chain of services that extend each other. */
const MAX_CHAIN = 50;

/**
 * Resolves `extends` of all services, as Compose does: in the file that it stands in, before files are merged. What is wrong
 * is reported; the service is then as it is written, with its `extends`. `maxSize`: see `expandedSize`.
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
  /** What all services that extend others may still unfold to, in characters. */
  #left: number;
  #full = false;

  constructor(maxSize: number) {
    this.#left = maxSize;
  }

  /** `trail`: the services that led here. */
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
    if (trail.includes(base)) return problem("leads back to the service itself: a service cannot extend itself");
    if (this.#left < 0) {
      if (!this.#full) problem("the services that extend others unfold to more than a Core takes");
      this.#full = true;
      return undefined;
    }
    if (trail.length > MAX_CHAIN) return problem(`more than ${MAX_CHAIN} services extend each other`);
    return this.resolve(other, wanted, base, trail);
  }
}
