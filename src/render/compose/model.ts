import type { ComposeSource } from "../../api/compose-source.js";
import type { KubeObject } from "../../manifest/document.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Lookup } from "../overseer/interpolate.js";
import type { Reporter } from "../overseer/reporter.js";

/** A file of the repository. */
export interface RepositoryFile {
  /** Path relative to the folder that was asked for; empty for the file itself. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
  /** Whether the file was encrypted: its content must be in Secrets only. */
  readonly secret: boolean;
}

/** What is in the repository at a path. */
export type RepositoryEntry =
  | { readonly kind: "file"; readonly file: RepositoryFile }
  | { readonly kind: "folder"; readonly files: readonly RepositoryFile[] }
  | { readonly kind: "missing" }
  | { readonly kind: "fault"; readonly message: string };

/** Returns what is in the repository at a path as it is written in the Compose document. */
export type RepositoryFiles = (path: string) => RepositoryEntry;

/** What the cluster, and the policies of the source, permit and prescribe for an app. */
export interface AppSettings {
  readonly cluster: ComposeSource;
  /** Labels that the node of the app must have. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** Host paths that may be mounted, with all paths below them. */
  readonly hostPaths: readonly string[];
  readonly dockerSocket: boolean;
  /** Whether other apps can reach the app by its routes only. */
  readonly isolated: boolean;
}

/** A service that runs. */
export interface ServiceModel {
  readonly name: string;
  /** Name in DNS and of its Service. */
  readonly dns: string;
  /** Its definition. Strings are plain text, except in `environment`, `command` and `entrypoint`. */
  readonly service: Mapping;
  readonly report: Reporter;
}

/** Where a secret is that an app refers to by name. */
export interface SecretPlace {
  readonly object: string;
  readonly key: string;
}

/** IDs in Git of the folders that images are built from, by their paths as they are written. */
export type BuildFolders = ReadonlyMap<string, string | undefined>;

/** A service of an app that is compiled. */
export interface AppModel {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Node that runs the app. */
  readonly node: string | undefined;
  /** The Compose document; see `ServiceModel` for strings. */
  readonly compose: Mapping;
  /** Reporter of the Compose document. */
  readonly report: Reporter;
  readonly services: ReadonlyMap<string, ServiceModel>;
  readonly files: RepositoryFiles;
  readonly builds: BuildFolders;
  /** Relative paths that services mount as they are written, by their shortest spelling. */
  readonly folders: ReadonlyMap<string, string>;
  readonly lookup: Lookup;
  /** Secrets of the source by the names that apps refer to them by; all others are in the key `value` of the Secret of this name. */
  readonly secrets?: ReadonlyMap<string, SecretPlace> | undefined;
  readonly settings: AppSettings;
}

/** A compiled object and the place in Git that it comes from. */
export interface CompiledObject {
  readonly object: KubeObject;
  readonly report: Reporter;
}

/** Prefix of labels and annotations that only compiled apps have. */
export const COMPOSE_GROUP = "compose.overseer.io";

/** Returns the labels of the objects of a service, or of the app. The pods of a service are selected by all of them. */
export function labelsOf(app: string, service?: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": app,
    ...(service === undefined ? {} : { "app.kubernetes.io/component": service }),
  };
}
