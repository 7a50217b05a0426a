import type { Gate } from "../../../../src/gates/gate.js";

/** Holds the Changes of an app while its GitRepository is suspended. */
export const frozenSourceGate: Gate = {
  name: "frozenSource",
  waitReason: "Suspended",
  watches: [
    {
      kind: "GitRepository",
      concerns: ({ current, previous }) => current?.spec.suspend !== previous?.spec.suspend,
    },
  ],
  judge: ({ app, started, lister }) => {
    if (started) return { state: "Pass" };
    const { name, namespace = app.metadata.namespace } = app.spec.source.repositoryRef;
    const repository = lister.get("GitRepository", `${namespace}/${name}`);
    if (repository === undefined || repository.spec.suspend) {
      return {
        state: "Wait",
        message: `GitRepository ${namespace}/${name} is suspended: set spec.suspend to false`,
        opens: `users who may edit GitRepository ${namespace}/${name}`,
      };
    }
    return { state: "Pass" };
  },
};
