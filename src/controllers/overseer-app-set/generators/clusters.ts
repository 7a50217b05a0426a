import type { LabelSelector } from "../../../api/app-set-generators.js";
import { PARAMETER_PREFIX } from "../../../api/group.js";
import type { ParameterSet } from "../parameters.js";

/** Name, labels and annotations of a Secret with a kubeconfig. */
export interface ClusterSecret {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only the annotations that are parameters, by name: others may hold the content of the Secret, as that of kubectl does. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Returns one set of parameters for each Secret, sorted by name. */
export function clusterParameters(secrets: Iterable<ClusterSecret>): ParameterSet[] {
  return [...secrets]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, labels, annotations }) => ({
      values: { name, metadata: { labels, annotations } },
      fromGit: new Set<string>(),
      origin: `Secret ${name}`,
    }));
}

/** Returns the annotations of a Secret that are parameters, by name. */
export function parameterAnnotations(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  const found = Object.entries(annotations).filter(([key]) => key.startsWith(PARAMETER_PREFIX));
  return Object.fromEntries(found.map(([key, value]) => [key.slice(PARAMETER_PREFIX.length), value]));
}

/** Returns a selector as the API server expects it in a request. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort().join(",")})`;
    return { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }[operator];
  });
  return [...labels.sort(), ...expressions].join(",");
}
