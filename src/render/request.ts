import type { CommonMetadata } from "../api/common-metadata.js";
import type { ComposeSource } from "../api/compose-source.js";
import type { Decryption, RestartSource, SubstituteSource, UnsealSource } from "../api/external-values.js";
import type { RendererSettings, SourcePatch } from "../api/renderers.js";
import type { SecretStore } from "../api/secret-stores.js";
import type { Document, Origin } from "../manifest/document.js";
import type { Hook } from "../manifest/hook.js";
import type { HasStatusSubresource } from "../manifest/normalize.js";
import type { GroupVersionKind, ObjectKey } from "../manifest/object-id.js";
import type { ExternalValues } from "./external-values.js";
import type { RenderLimits } from "./limits.js";
import type { OpenRemoteBase } from "./remote-base.js";

/** What of a commit is rendered, and how. */
export interface SourceSelection extends RendererSettings {
  /** Folder or file in the repository; `""`, `.` and `/` are the root. */
  readonly path: string;
  /** Globs relative to `path`; a file has to match one of them. Absent or empty = every file. */
  readonly include?: readonly string[];
  /** Globs relative to `path`; a file that matches one is excluded. */
  readonly exclude?: readonly string[];
  /** Folder in the repository with partial App documents, which are merged over those of `path`. */
  readonly overlay?: string;
  /** What the cluster offers to documents of overseer.io. */
  readonly compose?: ComposeSource;
  /** How encrypted files are decrypted, before anything reads them. */
  readonly decryption?: Decryption;
  /** Applied to what the renderer makes of it, in this order. */
  readonly patches?: readonly SourcePatch[];
  /** Variables of the documents, replaced after the patches. */
  readonly substitute?: SubstituteSource;
  /** Stores that Secret documents take values from. */
  readonly secretStores?: readonly SecretStore[];
  /** Whether SealedSecrets become Secrets here. */
  readonly unseal?: UnsealSource;
  /** Whether workloads are restarted when what they use changes, and what they use besides the source. */
  readonly restart?: RestartSource;
  /** Whether secrets that are readable in Git are refused. */
  readonly refusePlaintextSecrets?: boolean;
  /** Labels and annotations of every document, set last. */
  readonly commonMetadata?: CommonMetadata;
}

/** What charts may ask of the cluster that they are rendered for. */
export interface ClusterFacts {
  /** Like v1.35.2. */
  readonly kubeVersion: string;
  /** `v1`, `apps/v1`, `apps/v1/Deployment` and so on, sorted. */
  readonly apiVersions: readonly string[];
}

/** Whether a kind lives in namespaces; undefined when the destination does not know the kind (yet). */
export type ScopeOf = (kind: GroupVersionKind) => "Namespaced" | "Cluster" | undefined;

/** What takes the documents: a cluster, or an Overseer Core. */
export type RenderTarget = "kubernetes" | "overseer";

/** Everything that a render depends on besides the commit. */
export interface RenderRequest {
  readonly source: SourceSelection;
  /** Where namespaced objects go that name no namespace. Never overrides one that is named. */
  readonly defaultNamespace: string;
  readonly scopeOf: ScopeOf;
  /** For kinds that are not built in; see `normalise`. */
  readonly hasStatusSubresource?: HasStatusSubresource;
  readonly limits?: RenderLimits;
  /** Defaults to kubernetes. For a Core, documents of `overseer.io/v1` become objects of `core.overseer.io/v1`; for a cluster, its own. */
  readonly target?: RenderTarget;
  /** Variables that `${NAME}` in a Compose document may stand for, besides those of the document itself, which win. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the app. Defaults to "app". */
  readonly name?: string;
  /** What the destination is; read only for sources that depend on it. Equal facts are the same object. */
  readonly cluster?: () => ClusterFacts | undefined;
  /** Keyed hash for checksums of what pods use, and the namespace of the app. Undefined where there is no key: no checksums then. */
  readonly checksums?: { readonly digest: (text: string) => string; readonly namespace: string };
  /** What the source takes from ConfigMaps and Secrets; undefined if it takes nothing, or they cannot be read. */
  readonly external?: ExternalValues | undefined;
  /** Opens remote bases of kustomizations; undefined where none are fetched. */
  readonly openRemoteBase?: OpenRemoteBase | undefined;
  /** Whether `openRemoteBase` refuses bases that name no full commit ID. Defaults to false. */
  readonly remoteBasesByCommit?: boolean;
  /** Whether the snapshot reads submodules as directories. Defaults to false. */
  readonly recurseSubmodules?: boolean;
  /** Ends children that render. */
  readonly signal?: AbortSignal;
}

/** Something that a person should know and that is no error. */
export interface Note {
  readonly message: string;
  readonly origin?: Origin;
  /** How people name the object, for example `ClusterRole reader`. */
  readonly object?: string;
  /** Whether it names a secret that is readable in Git, which may be refused. */
  readonly readable?: boolean;
}

/** What a source says. */
export interface RenderResult {
  /** In apply order. No two have the same key. */
  readonly documents: readonly Document[];
  /** Documents that run as hooks, in apply order. They are not part of `documents`. */
  readonly hooks?: readonly Hook[];
  /** Why there is no document, and which files are there instead; undefined where there is one. */
  readonly nothing?: string;
  /** Why objects may be missing that the source still wants: nothing may be pruned. Undefined where all of it was read. */
  readonly unread?: string | undefined;
  /** Keys of documents that are not applied, because of an annotation of another tool; their live objects are left alone. */
  readonly skipped?: ReadonlySet<ObjectKey>;
  /** Sorted by place, without duplicates. */
  readonly notes: readonly Note[];
  /** Number of further notes that were not kept. */
  readonly notesOmitted: number;
  /**
   * Kinds that `scopeOf` did not know and that no definition in the source describes: they were taken as namespaced.
   * When the destination learns one of them, render again.
   */
  readonly unknownKinds: readonly GroupVersionKind[];
}

/** Returns everything that a source renders to: the documents, and then those that run as hooks. */
export function allDocuments({
  documents,
  hooks = [],
}: Pick<RenderResult, "documents" | "hooks">): readonly Document[] {
  return [...documents, ...hooks.map(({ document }) => document)];
}
