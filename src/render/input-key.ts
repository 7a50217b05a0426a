import { canonicalJson, sha256 } from "../base/hash.js";
import type { RenderTarget, SourceSelection } from "./request.js";

/** Goes up whenever the same files would render to other documents: every app is then rendered once. */
export const RENDERER_VERSION = 2;

/** All that a render of plain manifests reads. */
export interface RenderInputs {
  /** Object id of the tree, or of the file, at `source.path`. It stays the same in commits that do not touch it. */
  readonly tree: string;
  /** Digest of what is read outside of that tree, through symbolic links. */
  readonly links?: string | undefined;
  readonly source: SourceSelection;
  readonly defaultNamespace: string;
  /** Default: kubernetes. */
  readonly target?: RenderTarget;
  /** Variables for Compose documents. They are no secrets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The name of a set of inputs: equal inputs render to equal documents. 32 hex digits. */
export function inputKey(inputs: RenderInputs, rendererVersion = RENDERER_VERSION): string {
  const { tree, links, source, defaultNamespace, target = "kubernetes", env = {} } = inputs;
  const { path, include = [], exclude = [] } = source;
  // What is new is left out where it says nothing, so that the keys of what runs already stay.
  const more = {
    ...(links === undefined ? {} : { links }),
    ...(target === "kubernetes" ? {} : { target }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
  return sha256(
    canonicalJson({ tree, source: { path, include, exclude }, defaultNamespace, rendererVersion, ...more }),
    32,
  );
}
