import type { ComposeSource } from "../../api/compose-source.js";
import type { PolicyDocument } from "../../api/documents/policy.js";
import type { Reporter } from "../overseer/reporter.js";
import type { CompiledBackup } from "./backup.js";
import type { AppSettings } from "./model.js";

/** A Policy document of the source. */
export interface SourcePolicy {
  readonly document: PolicyDocument;
  readonly report: Reporter;
}

/** Returns what the cluster and the policies of the source say about an app. Later policies take precedence. */
export function settingsOf(app: string, cluster: ComposeSource, policies: readonly SourcePolicy[]): AppSettings {
  let settings: AppSettings = { cluster, nodeLabels: {}, hostPaths: [], dockerSocket: false, isolated: false };
  for (const { spec } of policiesOf(app, policies)) {
    const { placement, network, storage, hostAccess } = spec;
    const { className, size } = storage ?? {};
    const ownStorage = {
      ...settings.cluster.storage,
      ...(className === undefined ? {} : { className }),
      ...(size === undefined ? {} : { size }),
    };
    settings = {
      cluster: storage === undefined ? settings.cluster : { ...settings.cluster, storage: ownStorage },
      nodeLabels: { ...settings.nodeLabels, ...placement?.nodeLabels },
      hostPaths: [...settings.hostPaths, ...(hostAccess?.paths ?? [])],
      dockerSocket: settings.dockerSocket || hostAccess?.dockerSocket === true,
      isolated: network?.isolated ?? settings.isolated,
    };
  }
  return settings;
}

/** Returns the backups that policies prescribe for an app. Undefined if there are none, or they are disabled. */
export function policyBackup(app: string, policies: readonly SourcePolicy[]): CompiledBackup | undefined {
  const found = policies
    .filter(({ document }) => appliesTo(document, app) && document.spec.backup !== undefined)
    .at(-1);
  const backup = found?.document.spec.backup;
  if (found === undefined || backup === undefined || !backup.enabled) return undefined;
  return compiledBackup(backup, found.report.at("spec", "backup"));
}

function policiesOf(app: string, policies: readonly SourcePolicy[]): PolicyDocument[] {
  return policies.flatMap(({ document }) => (appliesTo(document, app) ? [document] : []));
}

function appliesTo({ spec }: PolicyDocument, app: string): boolean {
  return spec.apps === undefined || spec.apps.includes(app);
}

/** Returns the backups that a document prescribes. Notes what Kubernetes cannot do. */
export function compiledBackup(
  backup: NonNullable<PolicyDocument["spec"]["backup"]>,
  report: Reporter,
): CompiledBackup {
  const { schedule, timeZone, retention, stop, preHooks } = backup;
  if (stop === true) report.at("stop").note("has no effect on Kubernetes: pods run while their claims are copied");
  if (preHooks !== undefined && preHooks.length > 0) {
    report.at("preHooks").note("has no effect on Kubernetes: make consistent copies with a CronJob of your own");
  }
  return { schedule, timeZone, days: retention.days, report };
}
