import { hasSameSource, type Inputs } from "../../../api/inputs.js";
import { OverseerError } from "../../../base/errors.js";
import {
  allProven,
  failedBefore,
  type Proof,
  proofOfCommit,
  proofOfVersion,
} from "../../../gates/promotion/eligibility.js";
import type { PromotionPath } from "../../../gates/promotion/paths.js";
import { versionsOf } from "../../../gates/promotion/versions.js";
import { serverTime } from "../gates/server-time.js";
import { documentsWithHooks } from "../rendered.js";
import type { AppRun } from "../run.js";
import type { LocatedInputs } from "../source/locate-inputs.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { renderEarlier } from "../source/render.js";
import { earlierAppOf } from "./earlier-app.js";
import { notFailedForMates, proofOfGroup } from "./group-proofs.js";
import { locateAt, locatedOrThrow, UnlocatedError } from "./locate-at.js";

/**
 * Returns whether a commit has proven itself in every earlier Environment. What cannot be found out is not proven. `inputs` are those that
 * would be applied at this commit; by default those of the app's spec.
 */
export async function proofIn(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  commit: string,
  inputs?: Inputs,
): Promise<Proof> {
  return proofOfAll(async () => {
    const proofs: Proof[] = [unsigned(run, head, commit)];
    for (const path of paths) proofs.push(await proofOnPath(run, path, head, commit, inputs));
    return proofs;
  });
}

/** Returns whether other inputs of a commit that was promoted before bring only tested images, where images are compared. */
export async function proofOfEdit(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  inputs: Inputs,
): Promise<Proof> {
  return proofOfAll(async () => {
    const proofs: Proof[] = [];
    for (const path of paths)
      if (path.compare === "Images") proofs.push(await proofOnPath(run, path, head, inputs.commit, inputs));
    return proofs;
  });
}

async function proofOfAll(find: () => Promise<readonly Proof[]>): Promise<Proof> {
  try {
    return allProven(await find());
  } catch (error) {
    if (!(error instanceof OverseerError) && !(error instanceof UnlocatedError)) throw error;
    return { proven: false, why: error.message };
  }
}

/** Returns whether inputs are none that failed, or were rolled back, in this Environment before, nor their commit for an app of the group. */
export async function notFailedHere(
  run: AppRun,
  paths: readonly PromotionPath[],
  head: LocatedInputs,
  commit: string,
): Promise<Proof> {
  const group = notFailedForMates(run, paths, commit);
  if (!group.proven) return group;
  const ledger = run.status.ledger ?? [];
  if (ledger.every(({ how }) => how !== "Failed" && how !== "RolledBack")) return { proven: true };
  const located = await locateAt(run, head, commit);
  if ("stage" in located) return { proven: false, why: located.message };
  const entry = failedBefore(ledger, located.inputs);
  if (entry === undefined) return { proven: true };
  const what = entry.how === "Failed" ? "failed" : "was rolled back";
  return {
    proven: false,
    why: `it ${what} here at ${entry.ended}: push a commit that changes it, or promote it by a Change of cause Promotion`,
  };
}

/** Signatures are verified for the newest commit of a ref only. */
function unsigned({ app, services }: AppRun, head: LocatedInputs, commit: string): Proof {
  const key = repositoryKey(app);
  if (commit === head.inputs.commit || services.repositories.get(key)?.spec.verify === undefined)
    return { proven: true };
  return {
    proven: false,
    why: `GitRepository ${key} requires signatures by spec.verify, and only the newest commit was verified`,
  };
}

async function proofOnPath(
  run: AppRun,
  path: PromotionPath,
  head: LocatedInputs,
  commit: string,
  inputs: Inputs | undefined,
): Promise<Proof> {
  if (path.mates.length > 0) return proofOfGroup(run, path, head, commit);
  const now = serverTime(run.services);
  const versions = path.compare === "Images" ? await newVersions(run, head, commit, inputs) : [];
  const proofs: Proof[] = [];
  for (const one of path.earlier) {
    const earlier = earlierAppOf(run, one);
    if ("problem" in earlier) proofs.push({ proven: false, why: earlier.problem });
    else if (path.compare === "Commit") proofs.push(proofOfCommit(commit, earlier, path, now));
    else for (const version of versions) proofs.push(proofOfVersion(version, earlier, path, now));
  }
  return allProven(proofs);
}

/** Returns the images and chart versions of a commit that the applied documents do not have. */
async function newVersions(
  run: AppRun,
  head: LocatedInputs,
  commit: string,
  inputs: Inputs | undefined,
): Promise<readonly string[]> {
  const wanted = inputs ?? locatedOrThrow(await locateAt(run, head, commit)).inputs;
  const { applied } = run.status;
  if (hasSameSource(wanted, applied)) return [];
  const versions = await versionsAt(run, wanted);
  const before = new Set(applied === undefined ? [] : await versionsAt(run, applied));
  return versions.filter((version) => !before.has(version));
}

/** Returns the images and chart versions of inputs. Throws UnlocatedError if they can no longer be rendered. */
export async function versionsAt(run: AppRun, inputs: Inputs): Promise<readonly string[]> {
  const known = run.memory.versions.get(inputs.key);
  if (known !== undefined) return known;
  const rendered = await renderEarlier(run, inputs);
  if (rendered === undefined) throw new UnlocatedError(`${inputs.revision} can no longer be rendered`);
  const versions = versionsOf(documentsWithHooks(rendered));
  run.memory.versions.set(inputs.key, versions);
  return versions;
}
