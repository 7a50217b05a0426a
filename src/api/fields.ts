import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";

/** A CEL rule of a CRD: the API server refuses what breaks it, with this message. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Attaches CEL rules to a schema; the CRD generator turns them into `x-kubernetes-validations`. */
export function withRules<T extends z.ZodType>(schema: T, rules: readonly CelRule[]): T {
  return schema.meta({ ...(schema.meta() ?? {}), "x-kubernetes-validations": rules });
}

/** A duration in Go's syntax that is never shorter than `least` nor longer than `most`: `30s`, `3m`, `1h30m`. */
export function duration(description: string, fallback: string, least: string, most?: string) {
  const text = z.string().max(32).regex(new RegExp(DURATION_PATTERN));
  const longest = most === undefined ? [] : [longestRule(most)];
  return withRules(text, [
    { rule: `duration(self) >= duration('${least}')`, message: `must not be shorter than ${least}` },
    ...longest,
  ])
    .describe(`${description} A duration like 30s, 3m or 1h30m.`)
    .default(fallback);
}

function longestRule(most: string): CelRule {
  return { rule: `duration(self) <= duration('${most}')`, message: `must not be longer than ${most}` };
}

/** Name of a namespace: a DNS label. */
export const NAMESPACE_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Name of an object: a DNS subdomain. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** A namespace, named. */
export function namespaceName(description: string) {
  return z.string().min(1).max(63).regex(NAMESPACE_PATTERN).describe(description);
}

/** An object, named. */
export function objectName(description: string) {
  return z.string().min(1).max(253).regex(NAME_PATTERN).describe(description);
}

/** A struct that one writer owns as a whole: two writers that set one half each would make nonsense of it. */
export function atomicMap<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...(schema.meta() ?? {}), "x-kubernetes-map-type": "atomic" });
}

/** Name of an object in the same namespace. */
export function localRef(description: string) {
  return atomicMap(z.object({ name: objectName("Name of the object, in the same namespace.") }).describe(description));
}

/** A list that the API server merges by one key. */
export function mapList<T extends z.ZodType>(item: T, keys: readonly string[], max: number, description: string) {
  return z
    .array(item)
    .max(max)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [...keys] })
    .describe(description);
}

/** A list that is replaced as a whole. */
export function atomicList<T extends z.ZodType>(item: T, max: number, description: string) {
  return z.array(item).max(max).meta({ "x-kubernetes-list-type": "atomic" }).describe(description);
}
