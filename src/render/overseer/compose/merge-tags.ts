import { isRecord } from "../../../manifest/shape.js";
import { OVERRIDE_TAG, RESET_TAG } from "../../../manifest/yaml/yaml-schema.js";

/** A value with the tag `!reset`: what it would be merged with is removed. */
export function isReset(value: unknown): boolean {
  return isTagged(value, RESET_TAG);
}

/** The content of a value with the tag `!override`, which replaces what it would be merged with; undefined for others. */
export function overrideOf(value: unknown): { readonly content: unknown } | undefined {
  return isTagged(value, OVERRIDE_TAG) ? { content: value[OVERRIDE_TAG] } : undefined;
}

/** The step of a path that a tag adds to a tree; it stands in no file. */
export function isTagStep(step: string | number): boolean {
  return step === RESET_TAG || step === OVERRIDE_TAG;
}

/** A tree as it is after all merging: what has `!reset` is gone, what has `!override` is there without the tag. */
export function withoutTags(value: unknown): unknown {
  const content = overrideOf(value);
  if (content !== undefined) return withoutTags(content.content);
  if (Array.isArray(value)) return value.filter((item) => !isReset(item)).map(withoutTags);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, child]) => !isReset(child));
  return Object.fromEntries(kept.map(([key, child]) => [key, withoutTags(child)]));
}

function isTagged(value: unknown, tag: string): value is Record<string, unknown> {
  return isRecord(value) && Object.hasOwn(value, tag) && Object.keys(value).length === 1;
}
