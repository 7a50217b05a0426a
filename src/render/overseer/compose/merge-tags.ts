import { isRecord } from "../../../manifest/shape.js";
import { OVERRIDE_TAG, RESET_TAG } from "../../../manifest/yaml/yaml-schema.js";

/** Reports whether a value has the tag `!reset`, which removes the value that it is merged with. */
export function isReset(value: unknown): boolean {
  return isTagged(value, RESET_TAG);
}

/** Returns the content of a value with the tag `!override`, which replaces the value that it is merged with. */
export function overrideOf(value: unknown): { readonly content: unknown } | undefined {
  return isTagged(value, OVERRIDE_TAG) ? { content: value[OVERRIDE_TAG] } : undefined;
}

/** Reports whether a path step represents a tag. Such steps are not part of the file. */
export function isTagStep(step: string | number): boolean {
  return step === RESET_TAG || step === OVERRIDE_TAG;
}

/** Removes the tags from a merged tree: drops `!reset` values and unwraps `!override` values. */
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
