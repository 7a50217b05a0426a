import type { GitSnapshot } from "../git/engine.js";
import type { PreparedDocument } from "../manifest/to-document.js";
import type { RendererKind } from "./detect.js";
import type { RenderLimits } from "./limits.js";
import type { SourceFile } from "./links.js";
import type { RenderProblem } from "./render-error.js";
import type { RepositoryPath } from "./repository-path.js";
import type { Note, RenderTarget } from "./request.js";

/** What a renderer may read. */
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
}

/** Turns the files of a source into objects. What holds for all kinds of sources (namespaces, order) comes after it. */
export interface Renderer {
  readonly kind: RendererKind;
  render(input: RendererInput): Promise<RendererOutput>;
}
