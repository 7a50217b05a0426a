import type { Environment } from "../api/environment.js";
import { known } from "./context.js";
import { environmentsOf } from "./environments.js";
import type { Gate, GateVerdict } from "./gate.js";

/** Holds a Change that is read from a Git repository which the Environments of the app do not permit: its own, a remote base or a submodule. */
export const repositoriesGate: Gate = {
  name: "repositories",
  waitReason: "Repositories",
  watches: [
    { kind: "Environment", concerns: () => true },
    { kind: "GitRepository", concerns: ({ current, previous }) => current?.spec.url !== previous?.spec.url },
  ],
  judge: async ({ app, inputs, started, lister, repositoryIsCurrent, relatedRepositories }) => {
    if (started) return { state: "Pass" };
    const restricting = environmentsOf(app.metadata.namespace, lister.list("Environment")).filter(
      ({ spec }) => spec.repositories !== undefined,
    );
    if (restricting.length === 0) return { state: "Pass" };
    const { name, namespace = app.metadata.namespace } = inputs.source.repositoryRef;
    const key = `${namespace}/${name}`;
    const { url } = known(lister.get("GitRepository", key), `GitRepository ${key}`).spec;
    const refusing = refusedBy(restricting, url);
    if (refusing !== "") return refused(`GitRepository ${key} (${url})`, refusing);
    if (!known(repositoryIsCurrent, `the URL that GitRepository ${key} was read from`))
      return {
        state: "Wait",
        message: `GitRepository ${key} has not been read since its URL was changed`,
        opens: "the operator, once it has read the repository",
      };
    for (const related of await relatedRepositories()) {
      const by = refusedBy(restricting, related.url);
      if (by !== "") return refused(`the ${related.kind} ${related.url}, named at ${related.place},`, by);
    }
    return { state: "Pass" };
  },
};

function refusedBy(restricting: readonly Environment[], url: string): string {
  return restricting
    .filter(({ spec }) => !spec.repositories?.some((pattern) => matches(pattern, url)))
    .map(({ metadata }) => metadata.name)
    .join(", ");
}

function refused(what: string, environments: string): GateVerdict {
  return {
    state: "Wait",
    message: `${what} is not in spec.repositories of Environment ${environments}`,
    opens: "administrators, by editing the Environment",
  };
}

/** Compares a URL with a pattern in which `*` stands for any text. Path segments `..` match nothing. */
function matches(pattern: string, url: string): boolean {
  if (/(^|[/\\]|%2f)([.]|%2e){2}($|[/\\]|%2f)/i.test(url)) return false;
  const text = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${text.join(".*")}$`).test(url);
}
