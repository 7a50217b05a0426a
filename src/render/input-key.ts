import { canonicalJson, type Json, sha256 } from "../base/hash.js";
import type { RenderTarget, SourceSelection } from "./request.js";

/** All that a render depends on. */
export interface RenderInputs {
  /** What the renderer declares: for plain manifests `tree`, the object id of the tree or file at `source.path`. */
  readonly content: Readonly<Record<string, unknown>>;
  /** What else the renderer declares, that no user of the app has changed: versions of programs, and what the cluster is. */
  readonly environment?: Readonly<Record<string, unknown>> | undefined;
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

/** The names of a set of inputs, of 32 hex digits each. */
export interface InputKeys {
  /** Equal keys render to equal documents. */
  readonly key: string;
  /** The same without the versions of renderers and programs, and without what the cluster is: an upgrade does not change it. */
  readonly sourceKey: string;
}

/** Returns the names of a set of inputs. */
export function inputKeys(inputs: RenderInputs): InputKeys {
  const {
    content,
    environment = {},
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
    source: { path, include, exclude },
    defaultNamespace,
    ...(target === "kubernetes" ? {} : { target }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(recurseSubmodules === true ? { recurseSubmodules } : {}),
  };
  const key = { ...content, ...environment, ...more, rendererVersion: version, ...withSteps(steps) };
  const sourceKey = { ...content, ...more, ...withSteps(withoutVersions(steps)) };
  return { key: digestOf(key), sourceKey: digestOf(sourceKey) };
}

function withSteps(steps: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.keys(steps).length === 0 ? {} : { steps };
}

/** Leaves out the versions of steps, and of the programs that they start. */
function withoutVersions(steps: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(steps).map(([name, step]) => {
    const { version: _, program: __, ...rest } = step as Readonly<Record<string, unknown>>;
    return [name, rest] as const;
  });
  return Object.fromEntries(entries);
}

function digestOf(content: Readonly<Record<string, unknown>>): string {
  return sha256(canonicalJson(content as Json), 32);
}
