import type { z } from "zod";
import type { Freeze } from "./environment-gates.js";

/** `spec.freeze` of an Environment. */
export type FreezeSpec = z.output<typeof Freeze>;

/**
 * Returns the merge patch that replaces the freeze of an Environment as a whole, or with null removes it. A merge would keep the end of an
 * earlier freeze, so a freeze without an end removes it explicitly.
 */
export function freezePatch(freeze: FreezeSpec | null): object {
  return { spec: { freeze: freeze === null ? null : { reason: freeze.reason, until: freeze.until ?? null } } };
}
