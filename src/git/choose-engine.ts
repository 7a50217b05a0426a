import { findConfinement } from "../child/confinement.js";
import type { GitEngine } from "./engine.js";
import { IsomorphicGitEngine, type IsomorphicGitEngineOptions } from "./isomorphic/engine.js";
import { NativeGitEngine } from "./native/engine.js";
import { findGit, USUAL_PATH } from "./native/find-git.js";
import { SparseGitEngine } from "./sparse/sparse-engine.js";

/** Configurable engines: `auto` uses the native one if available. */
export const GIT_ENGINES = ["auto", "native", "isomorphic"] as const;
export type GitEnginePreference = (typeof GIT_ENGINES)[number];

/** Options of both engines, and the preferred one. */
export interface ChooseGitEngineOptions extends IsomorphicGitEngineOptions {
  readonly preference: GitEnginePreference;
  /** Path or name of the program. Defaults to `git`. */
  readonly executable?: string;
  /** Search path of git and its helpers, in the format of `PATH`. Defaults to the usual directories. */
  readonly path?: string;
}

/** The chosen engine and the reason. */
export interface ChosenGitEngine {
  readonly engine: GitEngine;
  readonly kind: Exclude<GitEnginePreference, "auto">;
  /** For the log: the version of git, or why the native engine is not available. */
  readonly note: string;
}

/**
 * Creates the preferred engine after checking the available `git`; the isomorphic one is always available. If the native engine is
 * requested but not available, the isomorphic one is used with a warning: a slower operator is better than none. Both can
 * share a cache directory.
 */
export async function chooseGitEngine(options: ChooseGitEngineOptions): Promise<ChosenGitEngine> {
  const { preference, executable = "git", path = USUAL_PATH, ...shared } = options;
  if (preference === "isomorphic") return isomorphic(shared, "chosen by the configuration");
  const found = await findGit(executable, path);
  if (found.usable) {
    const native = new NativeGitEngine({ ...shared, executable, path, confinement: await findConfinement() });
    return {
      engine: new SparseGitEngine(native, shared),
      kind: "native",
      note: `git ${found.version}`,
    };
  }
  const note = `git ${found.why}`;
  if (preference === "native")
    shared.logger.warn("cannot use the native Git engine, using the isomorphic one", { why: note });
  return isomorphic(shared, note);
}

function isomorphic(options: IsomorphicGitEngineOptions, note: string): ChosenGitEngine {
  return { engine: new IsomorphicGitEngine(options), kind: "isomorphic", note };
}
