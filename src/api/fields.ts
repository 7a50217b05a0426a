import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";

/** A CEL validation rule of a CRD. The API server rejects objects that violate it with this message. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Attaches CEL rules to a schema. The CRD generator writes them as `x-kubernetes-validations`. */
export function withRules<T extends z.ZodType>(schema: T, rules: readonly CelRule[]): T {
  return schema.meta({ ...(schema.meta() ?? {}), "x-kubernetes-validations": rules });
}

/** A duration in Go's syntax, such as `30s`, `3m` or `1h30m`, from `least` to `most`. */
export function duration(description: string, fallback: string, least: string, most?: string) {
  const text = z.string().max(32).regex(new RegExp(DURATION_PATTERN));
  const longest = most === undefined ? [] : [longestRule(most)];
  return withRules(text, [
    { rule: `duration(self) >= duration('${least}')`, message: `must not be shorter than ${least}` },
    ...longest,
  ])
    .describe(`${description} A duration such as 30s, 3m or 1h30m. Defaults to ${fallback}.`)
    .default(fallback);
}

function longestRule(most: string): CelRule {
  return { rule: `duration(self) <= duration('${most}')`, message: `must not be longer than ${most}` };
}

/** Name of a namespace: a DNS label. */
export const NAMESPACE_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** Name of an object: a DNS subdomain. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Field with the name of a namespace. */
export function namespaceName(description: string) {
  return z.string().min(1).max(63).regex(NAMESPACE_PATTERN).describe(description);
}

/** Field with the name of an object. */
export function objectName(description: string) {
  return z.string().min(1).max(253).regex(NAME_PATTERN).describe(description);
}

/** A struct that server-side apply treats as one value: one field manager owns all of it. */
export function atomicMap<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...(schema.meta() ?? {}), "x-kubernetes-map-type": "atomic" });
}

/** Reference to an object in the same namespace. */
export function localRef(description: string) {
  return atomicMap(z.object({ name: objectName("Name of the object, in the same namespace.") }).describe(description));
}

/** A list that server-side apply merges by key. */
export function mapList<T extends z.ZodType>(item: T, keys: readonly string[], max: number, description: string) {
  return z
    .array(item)
    .max(max)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [...keys] })
    .describe(description);
}

/** A list that server-side apply replaces as a whole. */
export function atomicList<T extends z.ZodType>(item: T, max: number, description: string) {
  return z.array(item).max(max).meta({ "x-kubernetes-list-type": "atomic" }).describe(description);
}

/** A list of names of namespaces, or `*` for all. */
export function namespaceList(description: string) {
  const item = z
    .string()
    .min(1)
    .max(63)
    .regex(new RegExp(`^[*]$|${NAMESPACE_PATTERN.source}`));
  return atomicList(item, 100, description);
}
