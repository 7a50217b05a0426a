import { namespaceProblem } from "../check-names.js";
import type { Conversion, ImportOptions, InputObject, OutputManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { appName } from "../names.js";
import { defined, newApp, serviceAccountOf } from "../new-app.js";
import { FINALIZER_OF_APP, readMetadata } from "../object-metadata.js";
import { reportChildren } from "../parents.js";
import type { Repositories } from "../repositories.js";
import { destinationOf } from "./destination.js";
import type { ProjectWindows } from "./project-windows.js";
import { type SourceContext, sourcesOf } from "./sources.js";
import { syncOf } from "./sync.js";

/** What all Applications of an import share. */
export interface ArgoContext {
  readonly repositories: Repositories;
  readonly options: ImportOptions;
  /** Name of the Secret with the credentials of a URL. */
  readonly credential: (url: string, namespace: string) => string | undefined;
  readonly windows: ProjectWindows;
  /** Namespace of Argo CD, with its projects and credentials, as far as it is known; an Application may be in another one. */
  readonly installationOf: (application: InputObject) => string;
}

const FINALIZER = /^resources-finalizer\.argocd\.argoproj\.io/;

/** Converts an Application to OverseerApps; none if it cannot be converted as a whole. */
export function convertApplication(
  application: InputObject,
  context: ArgoContext,
): { readonly apps: readonly OutputManifest[]; readonly conversion: Conversion } {
  const findings = new Findings();
  const root = Fields.of(application, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  root.reportIfSet("operation", "manual", "a sync is under way: wait for its end before you take over");
  const metadata = readMetadata(application.metadata, findings, FINALIZER_OF_APP);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  const own = application.metadata.namespace ?? "argocd";
  const home = context.installationOf(application);
  const { name } = application.metadata;
  const wrongHome = namespaceProblem(own);
  if (wrongHome !== undefined) findings.add("blocked", "metadata.namespace", wrongHome);
  const destination = destinationOf(spec, own, findings);
  const { detected, detectedOfEach, revision } = statusOf(application);
  const sources = sourcesOf(
    spec,
    {
      applicationName: name,
      instanceName: own === home ? name : `${own}_${name}`,
      project: spec.text("project") || "default",
      appNamespace: destination.namespace,
      destinationNamespace: destination.namespace,
      repositoryNamespace: home,
      repositories: context.repositories,
      options: context.options,
      credential: (url) => context.credential(url, home),
      detected,
      detectedOfEach,
      revision,
    },
    findings,
  );
  const {
    sync,
    spec: more,
    policy,
  } = syncOf(spec, { deletes: deletes(application), remote: destination.remote }, findings);
  readRest(spec, home, findings);
  const account = serviceAccountOf(context.options, destination.remote, findings);
  const windows = context.windows.of(application, home, destination);
  reportChildren(childrenOf(application), findings);
  root.reportUnread();
  const apps = sources.map(({ source, suffix }) =>
    newApp(application, {
      namespace: destination.namespace,
      name: appName(suffix === undefined ? application.metadata.name : `${application.metadata.name}-${suffix}`),
      metadata,
      source,
      kubernetes: destination.kubernetes,
      sync: { ...sync, ...(windows.length === 0 ? {} : { windows }) },
      spec: defined({ serviceAccountName: account, ...more }),
      policy,
    }),
  );
  const made = findings.isBlocked ? [] : apps;
  return {
    apps: made,
    conversion: {
      kind: "Application",
      namespace: own,
      name: application.metadata.name,
      results: made.map(({ metadata: { namespace, name } }) => `OverseerApp ${namespace}/${name}`),
      converted: findings.converted,
      findings: findings.all,
    },
  };
}

function statusOf({ status }: InputObject): Pick<SourceContext, "detected" | "detectedOfEach" | "revision"> {
  const unheeded = new Findings();
  const fields = Fields.of(status, "status", unheeded);
  return {
    detected: fields.text("sourceType"),
    detectedOfEach: fields.texts("sourceTypes") ?? [],
    revision: fields.object("sync")?.text("revision"),
  };
}

/** Applications and ApplicationSets that an Application applies, by its status. */
function childrenOf({ status, metadata }: InputObject): string[] {
  const resources = Fields.of(status, "status", new Findings()).objects("resources");
  return resources.flatMap((one) => {
    const [kind, name, namespace = ""] = ["kind", "name", "namespace"].map((field) => one.text(field));
    const isChild = one.text("group") === "argoproj.io" && (kind === "Application" || kind === "ApplicationSet");
    return isChild && name !== metadata.name ? [`${kind} ${namespace}/${name}`] : [];
  });
}

function deletes({ metadata }: InputObject): boolean {
  const { finalizers } = metadata as { finalizers?: unknown };
  return Array.isArray(finalizers) && finalizers.some((one) => typeof one === "string" && FINALIZER.test(one));
}

function readRest(spec: Fields, home: string, findings: Findings): void {
  const project = spec.text("project");
  if (project !== undefined && project !== "default")
    spec.report(
      "project",
      "manual",
      `the limits of AppProject ${home}/${project} are not in the app: see its own part of the report`,
    );
  spec.objects("info").forEach((info, index) => {
    const name = info.text("name");
    info.text("value");
    findings.add(
      "manual",
      `${spec.pathOf("info")}[${index}]`,
      `${JSON.stringify(name ?? "")} has no counterpart: write it into an annotation of the app if it is needed`,
    );
  });
}
