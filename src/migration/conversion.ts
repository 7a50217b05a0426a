import type { Finding } from "./finding.js";

/** An object of Kubernetes, as read from a file or the API server. */
export interface InputObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly [field: string]: unknown;
}

/** A manifest of this operator that a conversion writes. */
export interface OutputManifest {
  readonly apiVersion: string;
  readonly kind: "GitRepository" | "OverseerApp" | "OverseerAppSet";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An Environment, or an object of RBAC, that limits the apps of a project. */
export interface ProjectManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Manifests of a project that are applied together. */
export interface ProjectFile {
  /** Namespace and name of the project. */
  readonly namespace: string;
  readonly name: string;
  readonly contents: "environment" | "rights";
  readonly manifests: readonly ProjectManifest[];
}

/** What became of one object. */
export interface Conversion {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `NAMESPACE/NAME` of the OverseerApps and GitRepositories that stand for it, with their kind. */
  readonly results: readonly string[];
  /** Fields that were converted without a remark. */
  readonly converted: readonly string[];
  readonly findings: readonly Finding[];
}

/** All that an import produces. */
export interface ImportResult {
  /** Repositories first. */
  readonly manifests: readonly OutputManifest[];
  readonly conversions: readonly Conversion[];
  /** Limits of projects, which are not applied with the apps. Unset if there are none. */
  readonly projects?: readonly ProjectFile[];
}

/** Choices of the user. */
export interface ImportOptions {
  /** `spec.serviceAccountName` of apps that have none. */
  readonly serviceAccount?: string | undefined;
  /** GitRepository for apps whose chart comes from a registry and that have no repository of their own. */
  readonly repository?: { readonly namespace: string; readonly name: string } | undefined;
}

/** Name of an object in messages: `Application argocd/shop`. */
export function describeInput({ kind, metadata }: InputObject): string {
  return metadata.namespace === undefined || metadata.namespace === ""
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`;
}
