import type { BadSpec } from "./crd-cases.js";
import { badAppSetSpecs } from "./crd-cases-app-sets.js";
import { badSourceSpecs } from "./crd-cases-sources.js";

/** Sources, objects and promotions of requests that the API server must refuse. */
export const badObjectSpecs: readonly BadSpec[] = [
  ...badSourceSpecs,
  ...badAppSetSpecs,
  {
    kind: "Change",
    set: { objects: [{ kind: "ConfigMap", name: "a" }] },
    field: "spec",
    message: "objects must name at least one object, and is only for requests of cause Sync without dryRun",
  },
  {
    kind: "Change",
    set: { promote: { commit: "6f3c1f0a2b4d5e6f708192a3b4c5d6e7f8091a2b" } },
    field: "spec",
    message: "cause Promotion requires promote; it must not be set for other causes",
  },
];
