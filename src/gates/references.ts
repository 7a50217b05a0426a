import type { Gate, GateFacts } from "./gate.js";

/** So many are named in one message. */
const SHOWN = 10;

/** What documents refer to has to be there before anything is written: a secret, a node, another source's app. */
export const referencesGate: Gate = {
  name: "references",
  judge: ({ missing }) =>
    missing.length === 0 ? { state: "Pass" } : { state: "Wait", message: `needs ${describe(missing)}` },
};

/** Each missing thing once, with every place that names it. */
function describe(missing: GateFacts["missing"]): string {
  const places = new Map<string, string[]>();
  for (const { what, where } of missing) places.set(what, [...(places.get(what) ?? []), where]);
  const named = [...places].map(([what, where]) => `${what}, referenced in ${[...new Set(where)].join(" and ")}`);
  const more = named.length > SHOWN ? `; and ${named.length - SHOWN} more` : "";
  return `${named.slice(0, SHOWN).join("; ")}${more}`;
}
