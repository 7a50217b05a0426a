import { canonicalJson, type Json, sha256 } from "../base/hash.js";
import type { RenderTarget, SourceSelection } from "./request.js";

/** All that a render depends on. */
export interface RenderInputs {
  /** What the renderer declares: for plain manifests `tree`, the object id of the tree or file at `source.path`. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Version of the renderer. */
  readonly version: number;
  readonly source: Pick<SourceSelection, "path" | "include" | "exclude">;
  readonly defaultNamespace: string;
  /** Defaults to kubernetes. */
  readonly target?: RenderTarget;
  /** Variables for Compose documents. They are no secrets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether submodules are read. */
  readonly recurseSubmodules?: boolean;
  /** What the steps after the renderer depend on. */
  readonly steps?: Readonly<Record<string, unknown>>;
}

/** The name of a set of inputs: equal inputs render to equal documents. 32 hex digits. */
export function inputKey(inputs: RenderInputs): string {
  const {
    content,
    version,
    source,
    defaultNamespace,
    target = "kubernetes",
    env = {},
    steps = {},
    recurseSubmodules,
  } = inputs;
  const { path, include = [], exclude = [] } = source;
  // Later fields are absent where they say nothing, so that the keys of running apps stay the same.
  const more = {
    ...(target === "kubernetes" ? {} : { target }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(recurseSubmodules === true ? { recurseSubmodules } : {}),
    ...(Object.keys(steps).length === 0 ? {} : { steps }),
  };
  const all = { ...content, source: { path, include, exclude }, defaultNamespace, rendererVersion: version, ...more };
  return sha256(canonicalJson(all as Json), 32);
}
