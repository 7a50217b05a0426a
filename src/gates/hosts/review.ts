import { MESSAGE_DIGITS } from "../../api/short-revision.js";
import type { PullRequest, Review } from "../../git/hosts/git-host.js";
import { known } from "../context.js";
import { environmentsOf } from "../environments.js";
import type { Gate } from "../gate.js";
import { judgeAgainAt, waitForHost } from "./wait-for-host.js";

/** Maximum number of commits in one message. */
const SHOWN = 3;

/**
 * Holds a Change until every commit that changed the inputs since the applied ones has come by a reviewed pull request. A host that cannot be
 * asked holds it as well.
 */
export const reviewGate: Gate = {
  name: "review",
  waitReason: "Review",
  judge: async ({ app, started, cause, approvals, host, lister, now }) => {
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    const rules = environmentsOf(app.metadata.namespace, lister.list("Environment")).flatMap(
      ({ spec }) => spec.gates?.review ?? [],
    );
    if (rules.length === 0) return { state: "Pass" };
    const required = Math.max(...rules.map((rule) => rule.required));
    const facts = known(host, "the Git host of the repository");
    const { approvedBy } = known(approvals, "what users have decided");
    if (facts.isSourceEdited && approvedBy === undefined)
      return {
        state: "Wait",
        message:
          "spec.source of the app was edited since the applied inputs: reviews of commits do not cover what the edit brings in, nor files that were pushed before; approve the plan, or undo the edit",
        opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
      };
    const isNew = app.status?.applied === undefined;
    // Without applied inputs, reviews must cover everything, since who deletes and creates an app chooses its beginning.
    if (isNew && approvedBy !== undefined)
      return { state: "Pass", message: `the first inputs are approved by ${approvedBy}` };
    return waitForHost(now, async () => {
      const problems: string[] = [];
      const { commits, isComplete } = await facts.changesToReview();
      if (!isComplete)
        problems.push(
          "nothing is applied yet, and the commits with the first files of the app are older than the last ones, which can be examined",
        );
      for (const commit of commits) {
        const problem = whyNotReviewed(await facts.pullRequestsOf(commit), required, facts.branch);
        if (problem !== undefined) problems.push(`commit ${commit.slice(0, MESSAGE_DIGITS)} ${problem}`);
      }
      if (problems.length === 0) return { state: "Pass" };
      const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more commits` : "";
      const remedy = isNew
        ? "since nothing is applied yet, reviews must cover all commits with files of the app: approve the plan"
        : "let it be reviewed, or revert it by a reviewed pull request";
      return {
        state: "Wait",
        message: `${problems.slice(0, SHOWN).join("; ")}${more}: ${remedy}`,
        opens: isNew
          ? `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`
          : "reviewers of the pull request; in an emergency users with the verb break-glass",
        until: judgeAgainAt(now),
      };
    });
  },
};

/** Returns why a commit does not count as reviewed, for a sentence that begins with the commit; undefined if it does. */
export function whyNotReviewed(
  pulls: readonly PullRequest[],
  required: number,
  branch: string | undefined,
): string | undefined {
  const own = pulls.filter(({ base }) => branch === undefined || base === branch);
  if (own.length === 0) return `did not come by a pull request${branch === undefined ? "" : ` to ${branch}`}`;
  const causes = own.map((pull) => whyPullNotReviewed(pull, required));
  return causes.includes(undefined) ? undefined : causes[0];
}

function whyPullNotReviewed(pull: PullRequest, required: number): string | undefined {
  const { number, reviews } = pull;
  const objection = reviews.find(({ state, canWrite }) => state === "ChangesRequested" && canWrite !== false);
  if (objection !== undefined)
    return `came by pull request ${number}, for which ${objection.user.name} requested changes`;
  const doubts: string[] = [];
  const reviewers = new Set<string>();
  for (const review of reviews) {
    if (review.state !== "Approved") continue;
    const doubt = doubtAbout(review, pull);
    if (doubt === undefined) reviewers.add(review.user.id);
    else doubts.push(doubt);
  }
  if (reviewers.size >= required) return undefined;
  const why = doubts.length === 0 ? "" : ` (${doubts.slice(0, 3).join("; ")})`;
  return `came by pull request ${number} with ${reviewers.size} of ${required} required approvals${why}`;
}

/** Returns why an approval does not count. What the host does not tell is not assumed. */
function doubtAbout({ user, commit, canWrite }: Review, { author, head }: PullRequest): string | undefined {
  if (user.id === author.id) return `${user.name} is its author`;
  if (commit === undefined) return `the Git host does not tell which commit ${user.name} has approved`;
  if (commit !== head) return `${user.name} has approved an earlier state`;
  if (canWrite === undefined) return `the Git host does not tell whether ${user.name} has write permission`;
  return canWrite ? undefined : `${user.name} has no write permission`;
}
