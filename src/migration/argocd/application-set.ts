import { API_VERSION } from "../../api/group.js";
import type { Conversion, InputObject, OutputManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { appName } from "../names.js";
import { defined } from "../new-app.js";
import { type ArgoContext, convertApplication } from "./application.js";
import { generatorsOf } from "./generators.js";
import { Placeholders } from "./placeholders.js";

const HAND_OVER =
  "Before you take over: set spec.syncPolicy.preserveResourcesOnDeletion: true, wait until the Applications have no finalizer, and delete the set with kubectl delete --cascade=orphan";

/** What an ApplicationSet becomes. */
export interface ConvertedSet {
  readonly set: OutputManifest | undefined;
  /** What the set and its apps read, in the form of apps: for the repositories. */
  readonly users: readonly OutputManifest[];
  readonly conversion: Conversion;
}

/**
 * Converts an ApplicationSet whose generators and placeholders have equals here to an OverseerAppSet that only shows what it would do. The
 * Applications that it has made are converted as well, as they are now.
 */
export function convertSet(object: InputObject, made: number, context: ArgoContext): ConvertedSet {
  const findings = new Findings();
  const { namespace: home = "argocd", name } = object.metadata;
  const root = Fields.of(object, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  const goTemplate = spec.flag("goTemplate") === true;
  spec.ignore("goTemplateOptions", "preservedFields", "syncPolicy", "ignoreApplicationDifferences");
  spec.reportIfSet("templatePatch", "blocked", "has no counterpart: an OverseerAppSet has one template");
  spec.reportIfSet("strategy", "difference", "is not converted: limits of an Environment order the apps");
  const generators = generatorsOf(spec, context, home, findings);
  const placeholders = new Placeholders(goTemplate);
  const template = placeholders.hide(spec.value("template"));
  for (const text of placeholders.unknown)
    findings.add(
      "blocked",
      "spec.template",
      `the placeholder ${text} has no counterpart: only names of parameters have`,
    );
  const { metadata, spec: appSpec } = Object(template) as { metadata?: object; spec?: unknown };
  const application = {
    ...object,
    kind: "Application",
    spec: appSpec,
    metadata: { ...metadata, name: nameOf(metadata), namespace: home },
  };
  const { apps, conversion } = convertApplication(application, context);
  for (const finding of conversion.findings)
    findings.add(finding.level, `spec.template.${finding.field}`, placeholders.show(finding.message) as string);
  const [app, second] = apps;
  if (second !== undefined)
    findings.add(
      "blocked",
      "spec.template.spec.sources",
      "several sources become several apps, which a template cannot make",
    );
  if (app !== undefined && placeholders.isIn(app.metadata.namespace))
    findings.add(
      "blocked",
      "spec.template.spec.destination.namespace",
      "differs between the apps: an OverseerAppSet makes apps in its own namespace, so that each namespace needs one",
    );
  root.reportUnread();
  const isEqual = app !== undefined && !findings.isBlocked;
  const set = isEqual ? setOf(object, app, generators, placeholders) : undefined;
  const theirs =
    made === 0
      ? "its Applications are not part of this import: import from the cluster, where it has made them"
      : `its ${made} Applications are converted as they are now`;
  const what = isEqual
    ? `${theirs}. The OverseerAppSet only shows what it would do (dryRun): write the policy of the apps into its template, and set dryRun to false, once they have been taken over`
    : `${theirs}. Further ones must be made as OverseerApps in Git`;
  // Nothing is lost without the set: its apps are converted.
  const all = findings.all.map((finding) =>
    finding.level === "blocked"
      ? { ...finding, level: "manual" as const, message: `no OverseerAppSet: ${finding.message}` }
      : finding,
  );
  return {
    set,
    users: set === undefined ? [] : usersOf(set, app, generators),
    conversion: {
      ...{ kind: "ApplicationSet", namespace: home, name, converted: isEqual ? findings.converted : [] },
      results: set === undefined ? [] : [`OverseerAppSet ${set.metadata.namespace}/${set.metadata.name}`],
      findings: [{ level: "manual", field: "spec", message: `${what}. ${HAND_OVER}` }, ...all],
    },
  };
}

function nameOf(metadata: object | undefined): string {
  const { name } = (metadata ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : "app";
}

function setOf(
  { metadata }: InputObject,
  app: OutputManifest | undefined,
  generators: readonly Readonly<Record<string, unknown>>[],
  placeholders: Placeholders,
): OutputManifest | undefined {
  if (app === undefined) return undefined;
  const { name, labels, annotations } = app.metadata;
  const template = { metadata: defined({ name, labels, annotations }), spec: app.spec };
  const account = (app.spec as { serviceAccountName?: string }).serviceAccountName;
  return {
    apiVersion: API_VERSION,
    kind: "OverseerAppSet",
    metadata: { name: appName(metadata.name), namespace: app.metadata.namespace },
    spec: defined({
      serviceAccountName: account,
      dryRun: true,
      prune: false,
      generators,
      template: placeholders.show(template),
    }),
  };
}

function usersOf(
  set: OutputManifest,
  app: OutputManifest | undefined,
  generators: readonly object[],
): readonly OutputManifest[] {
  const { namespace } = set.metadata;
  const read = JSON.stringify(generators).matchAll(/"repositoryRef":(\{[^}]*\})/g);
  const refs = [...read].map(([, ref = "{}"]) => JSON.parse(ref) as object);
  const users = refs.map(
    (repositoryRef): OutputManifest => ({
      ...set,
      kind: "OverseerApp",
      metadata: { name: "", namespace },
      spec: { source: { repositoryRef } },
    }),
  );
  return app === undefined ? users : [...users, app];
}
