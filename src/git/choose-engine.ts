import { findConfinement } from "../child/confinement.js";
import type { GitEngine } from "./engine.js";
import { IsomorphicGitEngine, type IsomorphicGitEngineOptions } from "./isomorphic/engine.js";
import { NativeGitEngine, USUAL_PATH } from "./native/engine.js";
import { findGit } from "./native/find-git.js";

/** Which engine a person wants: `auto` takes the native one where it can be had. */
export const GIT_ENGINES = ["auto", "native", "isomorphic"] as const;
export type GitEnginePreference = (typeof GIT_ENGINES)[number];

/** What both engines are made of, and which of them is wanted. */
export interface ChooseGitEngineOptions extends IsomorphicGitEngineOptions {
  readonly preference: GitEnginePreference;
  /** Path or name of the program; `git` unless told. */
  readonly executable?: string;
  /** Where it and its helpers are looked for, in the form of `PATH`; the usual places unless told. */
  readonly path?: string;
}

/** The engine, and why it is that one. */
export interface ChosenGitEngine {
  readonly engine: GitEngine;
  readonly kind: Exclude<GitEnginePreference, "auto">;
  /** For the log: the version of git, or why the native engine cannot be had. */
  readonly note: string;
}

/**
 * Makes the engine that is wanted, after a look at what `git` there is; the isomorphic one needs none and is always to be
 * had. Somebody who asks for the native one where that is impossible gets the other and a warning: an operator that
 * follows Git slower is better than none. The two keep their stores beside each other and may share a cache directory.
 */
export async function chooseGitEngine(options: ChooseGitEngineOptions): Promise<ChosenGitEngine> {
  const { preference, executable = "git", path = USUAL_PATH, ...shared } = options;
  if (preference === "isomorphic") return isomorphic(shared, "chosen by the configuration");
  const found = await findGit(executable, path);
  if (found.usable) {
    return {
      engine: new NativeGitEngine({ ...shared, executable, path, confinement: await findConfinement() }),
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
