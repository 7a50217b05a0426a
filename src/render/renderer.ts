import type { ComposeSource } from "../api/compose-source.js";
import type { SecretValueReference } from "../api/documents/secret.js";
import type { RendererKind } from "../api/renderers.js";
import type { GitSnapshot } from "../git/engine.js";
import type { PreparedDocument } from "../manifest/to-document.js";
import type { FileDecryptor } from "../secrets/file-decryptor.js";
import type { ChartValues } from "./external-values.js";
import type { ChartCredentials } from "./helm/registry/chart-pull.js";
import type { RenderLimits } from "./limits.js";
import type { SourceFile } from "./links.js";
import type { SourcePlace } from "./locate.js";
import type { Reads } from "./reads.js";
import type { OpenRemoteBase } from "./remote-base.js";
import type { RenderProblem } from "./render-error.js";
import type { RepositoryPath } from "./repository-path.js";
import type { ClusterFacts, Note, RenderTarget, SourceSelection } from "./request.js";
import type { TreeLinks } from "./source-links.js";

/** The files of a folder, for what reads all manifests there. */
export interface RendererInput {
  readonly snapshot: GitSnapshot;
  /** Folder that the paths of the files are relative to. */
  readonly folder: RepositoryPath;
  /** All files below the folder, and those that symbolic links lead to. */
  readonly files: readonly SourceFile[];
  /** Those that the source means. */
  readonly selected: readonly SourceFile[];
  /** Take each selected file, whatever its name ends in: the source names this one file. */
  readonly anyName: boolean;
  readonly limits: RenderLimits;
  readonly target: RenderTarget;
  /** Variables for Compose documents. */
  readonly env: Readonly<Record<string, string>>;
  /** What the cluster offers to Compose documents. */
  readonly compose?: ComposeSource | undefined;
  /** Keys of the Secrets of the source by the names that apps refer to them by. */
  readonly secrets?: ReadonlyMap<string, { readonly object: string; readonly key: string }>;
}

/** A source at one commit, and what a renderer may take from elsewhere. */
export interface SourceInput {
  readonly snapshot: GitSnapshot;
  /** What stands at the path of the source. */
  readonly place: SourcePlace;
  readonly source: SourceSelection;
  readonly limits: RenderLimits;
  readonly target: RenderTarget;
  /** Variables for Compose documents. */
  readonly env: Readonly<Record<string, string>>;
  /** Name of the app: the release name unless the source says otherwise. */
  readonly name: string;
  /** Where namespaced objects go that name no namespace. */
  readonly defaultNamespace: string;
  /** What the destination is; undefined where it is no cluster, or not known yet. */
  readonly cluster: () => ClusterFacts | undefined;
  /** Values that the source takes from objects of the cluster, in their order. */
  readonly values: readonly ChartValues[];
  /** Reads files, decrypted where they are encrypted. */
  readonly decryptor: FileDecryptor;
  /** Credentials of the registry of `source.helm.chart`. */
  readonly chartCredentials: ChartCredentials;
  /** Opens remote bases of kustomizations; undefined where none are fetched. */
  readonly openRemoteBase?: OpenRemoteBase | undefined;
  readonly signal: AbortSignal;
}

/** What a render depends on, as its renderer declares it before anything is rendered. */
export interface DeclaredInputs {
  /** The renderer's part of the input key: equal parts render to equal documents. */
  readonly content: Readonly<Record<string, unknown>>;
  /**
   * The rest of that part: versions of programs, and what the destination is. No user of the app has changed these, so that decisions about
   * inputs outlive an upgrade.
   */
  readonly environment?: Readonly<Record<string, unknown>>;
  /** What was read of the commit to find that out. While all of it is the same in another commit, so is `content`. */
  readonly reads?: Reads;
  /** Whether the answer depends on what the destination is. */
  readonly asksCluster?: boolean;
  /** What is kept of the symbolic links of a folder. */
  readonly links?: TreeLinks;
}

/** What a renderer made of it. With problems, the documents are not used. */
export interface RendererOutput {
  readonly documents: readonly PreparedDocument[];
  readonly notes: readonly Note[];
  readonly problems: readonly RenderProblem[];
  /** What follows from the problems, for the end of the message. */
  readonly remark?: string;
  /** Why objects may be missing that the source still wants: nothing may be pruned. */
  readonly unread?: string | undefined;
  /** Templates that make random values, which are not in Git. */
  readonly random?: readonly string[];
  /** Why there is no document; needed only where there is none. */
  readonly nothing?: string;
}

/** A value that Secret documents refer to, with the places where they do. */
export interface SecretReferenceFound {
  readonly reference: SecretValueReference;
  /** `apps/db.yaml:7: Secret db: spec.values.password`. */
  readonly place: string;
}

/**
 * Turns a source into objects. What holds for all kinds of sources (namespaces, order, notes) comes after it.
 *
 * @example
 * class Jsonnet implements Renderer {
 *   readonly kind = "jsonnet";
 *   readonly version = 1;
 *   async declare({ snapshot, place }: SourceInput): Promise<DeclaredInputs> { … }
 *   async render(input: SourceInput): Promise<RendererOutput> { … }
 * }
 */
export interface Renderer {
  readonly kind: RendererKind;
  /** Goes up whenever the same inputs would render to other documents: its apps are then rendered once. */
  readonly version: number;
  /** Whether results are worth keeping on disk, since they cost a child process. */
  readonly keepsResults: boolean;
  /** Names what a render of the source reads. `known`: the links that were found before. */
  declare(input: SourceInput, known: TreeLinks | undefined): Promise<DeclaredInputs>;
  render(input: SourceInput): Promise<RendererOutput>;
  /** Returns what Secret documents of the source refer to, in order. Undefined where a source of this kind has no such documents. */
  secretReferences?(input: SourceInput): Promise<readonly SecretReferenceFound[]>;
}
