import type { Decision } from "../../../api/approval-state.js";
import { isFinal } from "../../../api/change.js";
import { findCondition } from "../../../api/conditions.js";
import { findChange, shownName } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import { follow } from "../../connection/follow.js";
import type { LiveApproval, LiveChange } from "../../connection/live.js";
import { withWholePlan } from "../../connection/whole-plan.js";
import { withConnection } from "../../connection/with-connection.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { plainText } from "../../output/plain-text.js";
import { confirm, print, say } from "../../terminal.js";
import { reviewText } from "./review-text.js";

/** Flags of `overseer approve`, `reject` and `withdraw`. */
export interface DecideFlags extends ClusterFlags, OutputFlags {
  readonly comment?: string;
  readonly planHash?: string;
  readonly yes?: boolean;
  readonly timeout: number;
  /** Decide about all Changes of this commit instead. */
  readonly commit?: string;
  readonly allNamespaces?: boolean;
}

/** Length of the comment of a break-glass. */
const MIN_REASON = 10;

const VERBS: Readonly<Record<Decision, string>> = {
  Approve: "approve",
  Reject: "reject",
  Withdraw: "withdraw your decisions on",
  BreakGlass: "break the glass for",
  Acknowledge: "acknowledge the break-glass of",
};

/** Shows the plan of a Change, and creates an Approval of exactly what was shown, as the user. */
export function decide(name: string, decision: Decision, flags: DecideFlags): Promise<ExitCode> {
  if (decision === "BreakGlass" && (flags.comment?.length ?? 0) < MIN_REASON)
    throw new UsageError(`break-glass requires --comment with at least ${MIN_REASON} characters that say why`);
  return withConnection(flags, async (connection) => {
    const found = await findChange(connection, name);
    const change = decision === "Approve" ? await withWholePlan(connection, found) : found;
    const planHash = decidable(change, decision, flags);
    process.stderr.write(plainText(reviewText(change)));
    await confirm(`${VERBS[decision][0]?.toUpperCase()}${VERBS[decision].slice(1)} ${shownName(change)}?`, flags);
    if (decision === "Withdraw") ensureDecided(change, (await connection.whoAmI()).username);
    const approval = await connection.decide(change, { decision, planHash, comment: flags.comment });
    // A withdrawal has no effect of its own that could be waited for: it ends that of others.
    if (decision === "Withdraw") return reportWithdrawal(approval, change, flags);
    return report(await untilCounted(connection, approval, flags.timeout), change, flags);
  });
}

/**
 * Returns the hash of the plan that is decided about.
 *
 * @throws CommandError if there is nothing to decide, or the plan is not the expected one.
 */
export function decidable(
  { metadata, status }: LiveChange,
  decision: Decision,
  { planHash }: Pick<DecideFlags, "planHash">,
): string {
  const name = `Change ${metadata.namespace}/${metadata.name}`;
  const no = (why: string): CommandError => new CommandError(`${name} ${why}`, EXIT.failed);
  const hash = status?.planHash;
  if (hash === undefined) throw no("has no plan yet: try again when it is Waiting");
  if (planHash !== undefined && planHash !== hash)
    throw no(`has another plan than --plan-hash: it is ${hash} now; look at it with "overseer plan ${metadata.name}"`);
  if (decision === "Withdraw" || decision === "Acknowledge") return hash;
  if (isFinal(status?.phase)) throw no(`has ended (${status?.phase}): there is nothing to ${decision.toLowerCase()}`);
  if (decision === "Approve" && status?.planIncomplete !== undefined)
    throw no(
      `cannot be approved, because its plan is not shown completely: ${status.planIncomplete}; split the commit, or use --break-glass`,
    );
  return hash;
}

function ensureDecided({ metadata, status }: LiveChange, user: string): void {
  const own = (status?.approvals ?? []).some(({ approver, decision }) => approver === user && decision !== "Withdraw");
  if (!own)
    throw new CommandError(
      `${user} has no decision on Change ${metadata.namespace}/${metadata.name} to withdraw`,
      EXIT.failed,
    );
}

async function reportWithdrawal(
  approval: LiveApproval,
  change: LiveChange,
  { output }: DecideFlags,
): Promise<ExitCode> {
  if (output === "json" || output === "yaml" || output === "name")
    print(await formatObjects([approval], output, false));
  else print(`${shownName(approval)} withdraws the decisions of ${approval.spec.approver} on ${shownName(change)}\n`);
  return EXIT.done;
}

/** Waits until the operator has judged the Approval. */
export async function untilCounted(
  connection: Connection,
  approval: LiveApproval,
  timeoutMs: number,
): Promise<LiveApproval> {
  const { name, namespace = "" } = approval.metadata;
  let last = approval;
  for await (const object of follow<LiveApproval>(
    connection,
    { kind: KINDS.approval, namespace, name },
    AbortSignal.timeout(timeoutMs),
  )) {
    // It is deleted together with its Change.
    if (object === undefined) return last;
    last = object;
    if (findCondition(object.status?.conditions, "Ready") !== undefined) return object;
  }
  return last;
}

async function report(approval: LiveApproval, change: LiveChange, { output }: DecideFlags): Promise<ExitCode> {
  const ready = findCondition(approval.status?.conditions, "Ready");
  if (output === "json" || output === "yaml" || output === "name")
    print(await formatObjects([approval], output, false));
  else
    print(
      `${shownName(approval)} ${approval.spec.decision} ${shownName(change)}: ${ready?.reason ?? "not judged yet"}\n`,
    );
  if (ready === undefined) {
    say(`the operator has not judged the decision yet: see "overseer describe approval ${approval.metadata.name}"`);
    return EXIT.timeout;
  }
  if (ready.status !== "True") {
    say(`the decision does not count: ${ready.message}`);
    return EXIT.failed;
  }
  return EXIT.done;
}
