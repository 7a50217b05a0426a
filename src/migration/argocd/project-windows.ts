import type { InputObject } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";

/** A sync window of an app. */
export type Window = Readonly<Record<string, string>>;

/** What an app is selected by. */
interface Place {
  readonly namespace: string;
  readonly cluster: string;
}

/** A window of a project with what it selects. */
export interface ProjectWindow {
  readonly window: Window;
  readonly applications: readonly string[];
  readonly namespaces: readonly string[];
  readonly clusters: readonly string[];
  readonly all: boolean;
}

/** Sync windows of projects, to be written into the apps that they select. */
export class ProjectWindows {
  readonly #windows = new Map<string, readonly ProjectWindow[]>();

  /** Reads the windows of an AppProject. What is wrong with them is reported when the project is converted. */
  add({ metadata, spec }: InputObject): void {
    const unheeded = new Findings();
    this.#windows.set(
      `${metadata.namespace ?? "argocd"}/${metadata.name}`,
      readWindows(Fields.of(spec, "spec", unheeded), unheeded),
    );
  }

  /** Returns the windows that select an Application. `home`: namespace of its project. */
  of({ metadata, spec }: InputObject, home: string, place: Place): readonly Window[] {
    const { project } = (spec ?? {}) as { project?: unknown };
    const found = this.#windows.get(`${home}/${String(project ?? "default")}`) ?? [];
    return found.filter((one) => selects(one, metadata.name, place)).map(({ window }) => window);
  }
}

function selects({ applications, namespaces, clusters, all }: ProjectWindow, name: string, place: Place): boolean {
  const checks = [
    [applications, name],
    [namespaces, place.namespace],
    [clusters, place.cluster],
  ] as const;
  const given = checks.filter(([patterns]) => patterns.length > 0);
  const matches = ([patterns, value]: (typeof checks)[number]): boolean =>
    patterns.some((pattern) => globMatches(pattern, value));
  return all ? given.length > 0 && given.every(matches) : given.some(matches);
}

/** Compares a value with a glob in which `*` also stands for slashes; in linear time for each `*`, since the glob is given by others. */
export function globMatches(pattern: string, value: string): boolean {
  let [at, from, star, starAt] = [0, 0, -1, 0];
  while (from < value.length) {
    if (pattern[at] === "*") [star, starAt, at] = [at, from, at + 1];
    else if (pattern[at] === "?" || pattern[at] === value[from]) [at, from] = [at + 1, from + 1];
    else if (star >= 0) [at, starAt, from] = [star + 1, starAt + 1, starAt + 1];
    else return false;
  }
  return /^[*]*$/.test(pattern.slice(at));
}

/** Reads `syncWindows` of the spec of an AppProject. */
export function readWindows(spec: Fields, findings: Findings): readonly ProjectWindow[] {
  return spec.objects("syncWindows").map((window) => windowOf(window, findings));
}

function windowOf(window: Fields, findings: Findings): ProjectWindow {
  const kind = window.text("kind");
  if (kind !== "allow" && kind !== "deny") findings.add("blocked", window.pathOf("kind"), "must be allow or deny");
  window.reportIfSet(
    "manualSync",
    "difference",
    "a window holds manual syncs as well: overseer break-glass lets one pass",
  );
  window.reportIfSet("syncOverrun", "difference", "a sync that has begun is always completed");
  window.ignore("description");
  const timeZone = window.text("timeZone");
  return {
    window: {
      kind: kind === "deny" ? "Deny" : "Allow",
      schedule: window.text("schedule") ?? "",
      duration: window.text("duration") ?? "",
      ...(timeZone === undefined ? {} : { timeZone }),
    },
    applications: window.texts("applications") ?? [],
    namespaces: window.texts("namespaces") ?? [],
    clusters: window.texts("clusters") ?? [],
    all: window.flag("andOperator") === true || window.flag("useAndOperator") === true,
  };
}
