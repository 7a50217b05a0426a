import type { Findings } from "../finding.js";

/** What the variables of a build of Argo CD are made of, as the Application has it. */
export interface BuildFacts {
  /** Name of the Application; with its namespace before it, `team-a_shop`, where that is not the one of Argo CD. */
  readonly applicationName: string;
  /** Namespace of the destination. */
  readonly namespace: string;
  readonly project: string;
  readonly repoUrl: string;
  readonly path: string;
  readonly targetRevision: string;
}

/** Variables that each commit has another value of. */
const OF_THE_COMMIT: ReadonlySet<string> = new Set([
  "ARGOCD_APP_REVISION",
  "ARGOCD_APP_REVISION_SHORT",
  "ARGOCD_APP_REVISION_SHORT_8",
]);
const OF_THE_CLUSTER: ReadonlySet<string> = new Set(["KUBE_VERSION", "KUBE_API_VERSIONS"]);

/** `$NAME`, `${NAME}`, or `$` and one special character, as `os.Expand` of Go reads them; or a brace that is empty or never closed. */
const REFERENCE = /\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z_][A-Za-z0-9_]*))/g;

/** Replaces variables in fields of an Application as Argo CD does before it renders. There are none in `values`, patches and documents. */
export class BuildEnvironment {
  readonly #values: ReadonlyMap<string, string>;

  constructor(facts: BuildFacts) {
    this.#values = new Map([
      ["ARGOCD_APP_NAME", facts.applicationName],
      ["ARGOCD_APP_NAMESPACE", facts.namespace],
      ["ARGOCD_APP_PROJECT_NAME", facts.project],
      ["ARGOCD_APP_SOURCE_REPO_URL", facts.repoUrl],
      ["ARGOCD_APP_SOURCE_PATH", facts.path],
      ["ARGOCD_APP_SOURCE_TARGET_REVISION", facts.targetRevision],
      // Two dollar signs are one.
      ["$", "$"],
    ]);
  }

  /** Returns a text with the values of its variables. Those without a value that lasts are reported for the field. */
  expand(text: string, field: string, findings: Findings): string {
    return text.replace(
      REFERENCE,
      (found: string, braced?: string, _open?: string, special?: string, plain?: string) => {
        const name = braced ?? special ?? plain ?? "";
        const value = this.#values.get(name);
        if (value !== undefined) return value;
        const [level, message] = problemOf(name, found);
        findings.add(level, field, message);
        return "";
      },
    );
  }
}

function problemOf(name: string, found: string): readonly ["blocked" | "difference", string] {
  if (OF_THE_COMMIT.has(name))
    return [
      "blocked",
      `$${name} changes with each commit, and has no counterpart: let the CI write the value into Git, or remove the variable`,
    ];
  if (OF_THE_CLUSTER.has(name))
    return ["blocked", `$${name} depends on the cluster, and has no counterpart: write its value`];
  const shown = name === "" ? found : `$${name}`;
  return [
    "difference",
    `${shown} is no variable of Argo CD, which replaces it with nothing; so does this import. If a dollar sign is meant, correct the value here`,
  ];
}
