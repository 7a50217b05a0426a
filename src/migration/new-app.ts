import { ANNOTATION_IMPORTED_FROM, ANNOTATION_IMPORTED_POLICY, API_VERSION } from "../api/group.js";
import type { ImportOptions, InputObject, OutputManifest } from "./conversion.js";
import type { Findings } from "./finding.js";
import type { KeptMetadata } from "./object-metadata.js";

/** The policy that an app gets once it has taken over. */
export interface FinalPolicy {
  readonly mode: "Automatic" | "Manual";
  readonly selfHeal: boolean;
  readonly prune: boolean;
  readonly deletionPolicy: "Delete" | "DeleteAll" | "Orphan";
}

/** What an app is made of. Undefined fields are not written. */
export interface NewApp {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: KeptMetadata;
  readonly source: Readonly<Record<string, unknown>>;
  readonly kubernetes: Readonly<Record<string, unknown>>;
  readonly sync: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly policy: FinalPolicy;
}

/** `argoproj.io/Application/argocd/shop`: how an app names the object that it replaces. */
export function importedFrom({ apiVersion, kind, metadata }: InputObject): string {
  return `${apiVersion.split("/")[0] ?? ""}/${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}

/**
 * Makes the manifest of an app that changes nothing by itself: it plans, adopts on request, and deletes nothing. Its final policy is
 * kept in an annotation.
 */
export function newApp(from: InputObject, app: NewApp): OutputManifest {
  const { labels, annotations } = app.metadata;
  return {
    apiVersion: API_VERSION,
    kind: "OverseerApp",
    metadata: {
      name: app.name,
      namespace: app.namespace,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      annotations: {
        ...annotations,
        [ANNOTATION_IMPORTED_FROM]: importedFrom(from),
        [ANNOTATION_IMPORTED_POLICY]: JSON.stringify(app.policy),
      },
    },
    spec: defined({
      source: defined(app.source),
      destination: { kubernetes: defined(app.kubernetes) },
      sync: defined({ mode: "Manual", adopt: "Always", prune: false, selfHeal: false, ...app.sync }),
      ...app.spec,
      deletionPolicy: "Orphan",
    }),
  };
}

/** ServiceAccount of an app that has none; reports what is missing without one. */
export function serviceAccountOf(options: ImportOptions, remote: boolean, findings: Findings): string | undefined {
  if (remote) return undefined;
  if (options.serviceAccount === undefined)
    findings.add(
      "manual",
      "",
      "spec.serviceAccountName is not set: outside of trusted namespaces, an app needs a ServiceAccount with permissions for its objects; --service-account NAME sets one",
    );
  return options.serviceAccount;
}

/** Drops fields that are undefined, empty objects excepted. */
export function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
