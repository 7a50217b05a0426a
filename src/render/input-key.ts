import { canonicalJson, sha256 } from "../base/hash.js";
import type { SourceSelection } from "./request.js";

/** Goes up whenever the same files would render to other documents: every app is then rendered once. */
export const RENDERER_VERSION = 1;

/** All that a render of plain manifests reads. */
export interface RenderInputs {
  /** Object id of the tree, or of the file, at `source.path`. It stays the same in commits that do not touch it. */
  readonly tree: string;
  readonly source: SourceSelection;
  readonly defaultNamespace: string;
}

/** The name of a set of inputs: equal inputs render to equal documents. 32 hex digits. */
export function inputKey({ tree, source, defaultNamespace }: RenderInputs, rendererVersion = RENDERER_VERSION): string {
  const { path, include = [], exclude = [] } = source;
  return sha256(canonicalJson({ tree, source: { path, include, exclude }, defaultNamespace, rendererVersion }), 32);
}
