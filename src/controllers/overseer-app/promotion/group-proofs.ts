import { MissingFactError } from "../../../gates/context.js";
import { allProven, type EarlierApp, type Proof, proofOfCommit } from "../../../gates/promotion/eligibility.js";
import { notFailedFor } from "../../../gates/promotion/groups.js";
import { type LinePositions, liesWithin } from "../../../gates/promotion/line-range.js";
import type { PromotionPath } from "../../../gates/promotion/paths.js";
import { serverTime } from "../gates/server-time.js";
import { keyAt } from "../hosts/input-changes.js";
import type { AppRun } from "../run.js";
import type { LocatedInputs } from "../source/locate-inputs.js";
import { newestLedger } from "../status/ledger-signature.js";
import { earlierAppOf } from "./earlier-app.js";

/**
 * Returns whether a commit has proven itself in the earlier apps of an app and of all others of its groups. A commit between two that an earlier app
 * has processed with the same inputs counts for it, so that commits that concern one app of the group do not hold up the others. Throws the errors
 * of reading the history.
 */
export async function proofOfGroup(
  run: AppRun,
  path: PromotionPath,
  head: LocatedInputs,
  commit: string,
): Promise<Proof> {
  const now = serverTime(run.services);
  const members = [
    ...path.earlier.map((one) => ({ prefix: "", isOwn: true, earlier: earlierAppOf(run, one) })),
    ...path.mates.flatMap(({ group, earlier }) =>
      earlier.map((one) => ({ prefix: `group ${group}: `, isOwn: false, earlier: earlierAppOf(run, one) })),
    ),
  ];
  const proofs: Proof[] = [];
  for (const { prefix, isOwn, earlier } of members) {
    if ("problem" in earlier) {
      proofs.push({ proven: false, why: `${prefix}${earlier.problem}` });
      continue;
    }
    const positions = await positionsTo(run, head, earlier.ledger.at(-1)?.commit);
    const isCovered = !isOwn || (await hasSameInputs(run, head, commit, earlier, positions));
    const proof = proofOfCommit(commit, earlier, path, now, isCovered ? positions : undefined);
    proofs.push(proof.proven ? proof : { ...proof, why: `${prefix}${proof.why}` });
  }
  return allProven(proofs);
}

/** Returns the positions of the commits from the newest one down to another one at least, if that is among the last 1,024. */
async function positionsTo(run: AppRun, head: LocatedInputs, commit: string | undefined): Promise<LinePositions> {
  const { commits } = await run.services.lines.of(head.remote, head.inputs.commit, commit, run.signal);
  let known = computed.get(commits);
  if (known === undefined) {
    known = new Map(commits.map((one, index) => [one, index]));
    computed.set(commits, known);
  }
  return known;
}

/** Positions by the lines, which are cached as well. */
const computed = new WeakMap<readonly string[], LinePositions>();

/** Reports whether a commit has the inputs of those between which it lies: the app would apply what was not tested otherwise. */
async function hasSameInputs(
  run: AppRun,
  head: LocatedInputs,
  commit: string,
  { ledger, newest }: EarlierApp,
  positions: LinePositions,
): Promise<boolean> {
  const entry = ledger.findLast((one) => liesWithin(commit, one, newest, positions));
  if (entry === undefined || entry.commit === commit) return true;
  const key = await keyAt(run, head, commit);
  return key !== undefined && key === (await keyAt(run, head, entry.commit));
}

/** Returns whether a commit has neither failed nor been rolled back in this Environment for another app of a group. */
export function notFailedForMates({ services }: AppRun, paths: readonly PromotionPath[], commit: string): Proof {
  const mates = paths.flatMap((path) => path.mates);
  try {
    return allProven(
      mates.map((mate) =>
        notFailedFor(mate, newestLedger(services, services.lister.get("OverseerApp", mate.key)), commit),
      ),
    );
  } catch (error) {
    if (!(error instanceof MissingFactError)) throw error;
    return { proven: false, why: error.message };
  }
}
