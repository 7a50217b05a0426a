import { isFinal } from "../../../api/change.js";
import { findCondition } from "../../../api/conditions.js";
import { messageOf } from "../../../base/errors.js";
import { shownName } from "../../connection/apps.js";
import type { LiveApproval, LiveChange } from "../../connection/live.js";
import { withWholePlan } from "../../connection/whole-plan.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { plainText } from "../../output/plain-text.js";
import { confirm, print, say } from "../../terminal.js";
import { type DecideFlags, decidable, untilCounted } from "./decide.js";
import { reviewText } from "./review-text.js";

/** Phases in which a decision has no effect any more. */
const BEGUN: ReadonlySet<string | undefined> = new Set(["Applying", "Verifying"]);

/** What has become of one decision. */
export interface Decided {
  readonly change: LiveChange;
  readonly approval?: LiveApproval;
  readonly problem?: string;
}

/**
 * Decides about all Changes of a commit that have not ended: shows every plan, asks once, and creates one Approval for each, as the user.
 * Nothing is created unless all of them can be decided about, and each that does not count is named.
 */
export function decideCommit(decision: "Approve" | "Reject", flags: DecideFlags): Promise<ExitCode> {
  const { commit = "", planHash, allNamespaces } = flags;
  if (!/^[0-9a-f]{7,40}$/.test(commit))
    throw new UsageError("--commit must be a commit ID of 7 to 40 hexadecimal digits");
  if (planHash !== undefined)
    throw new UsageError("--plan-hash is of one Change, and cannot be combined with --commit");
  return withConnection(flags, async (connection) => {
    const namespace = allNamespaces === true ? "" : connection.namespace;
    const { items } = await connection.list<LiveChange>(KINDS.change, { namespace });
    const changes: LiveChange[] = [];
    // A list may not have the plans.
    for (const { metadata } of changesOfCommit(items, commit)) {
      const change = await connection.get<LiveChange>({ kind: KINDS.change, ...placeOf(metadata) });
      changes.push(decision === "Approve" ? await withWholePlan(connection, change) : change);
    }
    const plans = changes.map((change) => ({ change, planHash: decidable(change, decision, {}) }));
    for (const { change } of plans) process.stderr.write(plainText(`${reviewText(change)}\n`));
    await confirm(`${decision} these ${plans.length} Changes?`, flags);
    const created: Decided[] = [];
    for (const { change, planHash: hash } of plans)
      created.push(
        await connection.decide(change, { decision, planHash: hash, comment: flags.comment }).then(
          (approval) => ({ change, approval }),
          (error: unknown) => ({ change, problem: messageOf(error) }),
        ),
      );
    return report(await judged(created, (one) => untilCounted(connection, one, flags.timeout)), decision, flags);
  });
}

/** Waits for all decisions at the same time. A wait that fails is the problem of its decision only: the others were created as well. */
export function judged(
  created: readonly Decided[],
  wait: (approval: LiveApproval) => Promise<LiveApproval>,
): Promise<readonly Decided[]> {
  return Promise.all(
    created.map(async (one) => {
      if (one.approval === undefined) return one;
      const { name } = one.approval.metadata;
      return wait(one.approval).then(
        (approval) => ({ ...one, approval }),
        (error: unknown) => ({
          ...one,
          problem: `Approval ${name} was created, and it is not known whether it counts: ${messageOf(error)}; see "overseer describe approval ${name}"`,
        }),
      );
    }),
  );
}

/**
 * Returns the Changes of a commit that have neither begun nor ended.
 *
 * @throws CommandError if there is none, or `commit` is the beginning of several.
 */
export function changesOfCommit(all: readonly LiveChange[], commit: string): readonly LiveChange[] {
  const found = all.filter(
    ({ spec, status }) =>
      spec.inputs?.commit.startsWith(commit) === true && !isFinal(status?.phase) && !BEGUN.has(status?.phase),
  );
  const commits = new Set(found.map(({ spec }) => spec.inputs?.commit));
  if (commits.size > 1)
    throw new CommandError(
      `--commit ${commit} is the beginning of ${[...commits].join(" and ")}: give more digits`,
      EXIT.failed,
    );
  if (found.length === 0)
    throw new CommandError(
      `no Change of commit ${commit} is open: select the namespace with -n, or all with -A`,
      EXIT.notAllowed,
    );
  return [...found].sort((one, other) => (shownName(one) < shownName(other) ? -1 : 1));
}

function placeOf({ namespace = "", name }: LiveChange["metadata"]): {
  readonly namespace: string;
  readonly name: string;
} {
  return { namespace, name };
}

async function report(results: readonly Decided[], decision: string, { output }: DecideFlags): Promise<ExitCode> {
  const approvals = results.flatMap(({ approval }) => approval ?? []);
  const isObjects = output === "json" || output === "yaml" || output === "name";
  if (isObjects) print(await formatObjects(approvals, output, true));
  let counted = 0;
  for (const { change, approval, problem } of results) {
    const ready = findCondition(approval?.status?.conditions, "Ready");
    const isCounted = ready?.status === "True";
    if (isCounted) counted++;
    const why = problem ?? ready?.message ?? "the operator has not judged the decision yet";
    const isUnknown = approval !== undefined && problem !== undefined;
    const text = `${decision} ${shownName(change)}: ${isCounted ? "counted" : isUnknown ? why : `does not count: ${why}`}`;
    if (isCounted && !isObjects) print(`${text}\n`);
    if (!isCounted) say(text);
  }
  if (counted === results.length) return EXIT.done;
  say(`${counted} of ${results.length} decisions count: run this again for the others, which are named above`);
  return EXIT.failed;
}
