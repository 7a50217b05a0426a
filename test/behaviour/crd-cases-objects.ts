/** Objects of requests that the API server must refuse. */
export const badObjectSpecs = [
  {
    kind: "Change",
    set: { objects: [{ kind: "ConfigMap", name: "a" }] },
    field: "spec",
    message: "objects must name at least one object, and is only for requests of cause Sync without dryRun",
  },
] as const;
