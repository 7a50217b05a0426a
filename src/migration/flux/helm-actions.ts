import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";

/** What `install`, `upgrade` and so on mean for an app. */
export interface HelmActions {
  readonly skipCrds: boolean;
  readonly rollback: boolean;
}

const COMMON: readonly (readonly [string, string])[] = [
  ["disableHooks", "hooks of the chart run as hooks of the Change: remove them by a patch if they must not run"],
  ["disableOpenAPIValidation", "objects are always validated by the API server"],
  ["disableSchemaValidation", "values are validated by the schema of the chart: correct the values"],
  ["disableTakeOwnership", "sync.adopt decides which existing objects become the app's"],
  ["disableWait", "a sync is complete when all objects are healthy"],
  ["disableWaitForJobs", "a sync is complete when all objects are healthy, Jobs included"],
  ["serverSideApply", "objects are always applied by server-side apply"],
  [
    "createNamespace",
    "the app is in this namespace of the local cluster, so create it before; for a namespace of another cluster, set sync.createNamespace: {}",
  ],
  ["replace", "has no effect: there is no release"],
  [
    "force",
    "is dangerous, and not converted: set the annotation gitops.overseer.io/recreate: allowed on the objects that need it",
  ],
  ["preserveValues", "has no effect: values are those of the app"],
  ["cleanupOnFail", "has no effect: a Change that fails keeps what it has written, or is rolled back"],
  ["recreate", "has no effect: pods are replaced by their controllers"],
  ["keepHistory", "has no effect: Changes are kept up to historyLimit"],
  ["deletionPropagation", "use sync.deletePropagation"],
  ["timeout", "use health.timeout, which counts for each Change"],
  ["enable", "tests of the chart are not run"],
  ["ignoreFailures", "tests of the chart are not run"],
  ["chartNameChangeStrategy", "has no effect: there is no release"],
  ["filters", "tests of the chart are not run"],
];

/** Reads the settings of Helm's actions. What has no counterpart is reported. */
export function readActions(spec: Fields, findings: Findings): HelmActions {
  let rollback = false;
  const crdsOf = new Map<string, string | undefined>();
  for (const name of ["install", "upgrade", "rollback", "uninstall", "test"]) {
    const action = spec.object(name);
    if (action === undefined) continue;
    for (const [field, message] of COMMON) action.reportIfSet(field, "difference", message);
    crdsOf.set(name, action.text("crds") ?? (action.flag("skipCRDs") === true ? "Skip" : undefined));
    rollback = remediation(action, findings) || rollback;
    const strategy = action.object("strategy");
    for (const field of strategy?.names() ?? [])
      strategy?.reportIfSet(
        field,
        "difference",
        "failed syncs are retried without end, with a growing delay (sync.retry)",
      );
  }
  return { skipCrds: skipsCrds(crdsOf.get("install"), crdsOf.get("upgrade"), findings), rollback };
}

/** Whether definitions in `crds/` of the chart are skipped. Otherwise each sync updates them, which Flux does with CreateReplace only. */
function skipsCrds(install: string | undefined, upgrade: string | undefined, findings: Findings): boolean {
  if (install === "Skip" && (upgrade ?? "Skip") === "Skip") return true;
  if (upgrade !== "CreateReplace")
    findings.add(
      "difference",
      "spec.upgrade.crds",
      `definitions in crds/ of the chart, if there are any, are updated in each sync; with ${upgrade ?? "its default"}, Flux leaves those that exist as they are. To leave them here, too, set source.helm.skipCrds: true, and create new ones by hand`,
    );
  return false;
}

/** Whether a failed upgrade is rolled back. */
function remediation(action: Fields, findings: Findings): boolean {
  const settings = action.object("remediation");
  if (settings === undefined) return false;
  const retries = settings.integer("retries");
  if (retries !== undefined && retries !== 0)
    settings.report("retries", "difference", "failed syncs are retried without end, with a growing delay (sync.retry)");
  settings.reportIfSet("ignoreTestFailures", "difference", "tests of the chart are not run");
  settings.reportIfSet(
    "remediateLastFailure",
    "difference",
    "health.rollbackOnFailure rolls back each Change that fails",
  );
  const strategy = settings.text("strategy");
  if (strategy === "uninstall")
    findings.add(
      "difference",
      settings.pathOf("strategy"),
      "nothing is uninstalled after a failure: the Change is rolled back",
    );
  return action.path.endsWith("upgrade");
}
