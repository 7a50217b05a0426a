import { known } from "./context.js";
import { environmentsOf } from "./environments.js";
import type { Gate } from "./gate.js";

/** Holds a Change of an app whose Git repository its Environments do not permit. */
export const repositoriesGate: Gate = {
  name: "repositories",
  waitReason: "Repositories",
  watches: [
    { kind: "Environment", concerns: () => true },
    { kind: "GitRepository", concerns: ({ current, previous }) => current?.spec.url !== previous?.spec.url },
  ],
  judge: ({ app, inputs, started, lister, repositoryIsCurrent }) => {
    if (started) return { state: "Pass" };
    const restricting = environmentsOf(app.metadata.namespace, lister.list("Environment")).filter(
      ({ spec }) => spec.repositories !== undefined,
    );
    if (restricting.length === 0) return { state: "Pass" };
    const { name, namespace = app.metadata.namespace } = inputs.source.repositoryRef;
    const key = `${namespace}/${name}`;
    const { url } = known(lister.get("GitRepository", key), `GitRepository ${key}`).spec;
    const refusing = restricting.filter(({ spec }) => !spec.repositories?.some((pattern) => matches(pattern, url)));
    if (refusing.length === 0) {
      if (known(repositoryIsCurrent, `the URL that GitRepository ${key} was read from`)) return { state: "Pass" };
      return { state: "Wait", message: `GitRepository ${key} has not been read since its URL was changed` };
    }
    const names = refusing.map(({ metadata }) => metadata.name).join(", ");
    return {
      state: "Wait",
      message: `GitRepository ${key} (${url}) is not in spec.repositories of Environment ${names}`,
      opens: "administrators, by editing the Environment",
    };
  },
};

/** Compares a URL with a pattern in which `*` stands for any text. Path segments `..` match nothing. */
function matches(pattern: string, url: string): boolean {
  if (/(^|[/\\]|%2f)([.]|%2e){2}($|[/\\]|%2f)/i.test(url)) return false;
  const text = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${text.join(".*")}$`).test(url);
}
