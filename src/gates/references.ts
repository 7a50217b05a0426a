import { type DestinationFacts, known } from "./context.js";
import type { Gate } from "./gate.js";

/** Maximum number of references in one message. */
const SHOWN = 10;

/** Holds a Change until everything its documents refer to exists: a secret, a node, an app of another source. */
export const referencesGate: Gate = {
  name: "references",
  waitReason: "References",
  judge: ({ destination }) => {
    const missing = known(destination.missing, "what the documents refer to");
    return missing.length === 0
      ? { state: "Pass" }
      : {
          state: "Wait",
          message: `needs ${describe(missing)}`,
          opens: "users who create what is missing, or a commit that does not refer to it",
        };
  },
};

/** Lists each missing reference once, with every place that contains it. */
function describe(missing: NonNullable<DestinationFacts["missing"]>): string {
  const places = new Map<string, string[]>();
  for (const { what, where } of missing) places.set(what, [...(places.get(what) ?? []), where]);
  const named = [...places].map(([what, where]) => `${what}, referenced in ${[...new Set(where)].join(" and ")}`);
  const more = named.length > SHOWN ? `; and ${named.length - SHOWN} more` : "";
  return `${named.slice(0, SHOWN).join("; ")}${more}`;
}
