import type { Command } from "commander";
import type { Decision } from "../../api/approval-state.js";
import { UsageError } from "../exit-codes.js";
import { type ClusterFlags, type OutputFlags, withClusterFlags, withOutput, withTimeout } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { DecideFlags } from "./review/decide.js";

/** Adds the commands to review Changes. */
export const addReview: AddVerbs = (program, finish) => {
  addPlan(program, finish);
  addDecision(
    program,
    finish,
    "Approve",
    "approve the plan of a Change",
    "Approve the plan of a Change, as yourself: exactly the plan that is shown first, deletions at the top. Needs the verb approve for the app.",
  );
  addDecision(
    program,
    finish,
    "Reject",
    "reject the plan of a Change",
    "Reject the plan of a Change, as yourself: the Change ends, and an equal plan is not tried again until the decision is withdrawn. Needs the verb approve for the app.",
  );
  addDecision(
    program,
    finish,
    "Withdraw",
    "revoke your decisions on a Change",
    "Revoke your earlier decisions on a Change. Needs the verb approve for the app.",
  );
  addDecision(
    program,
    finish,
    "BreakGlass",
    "let a Change through in an emergency",
    "Let the plan of a Change through without the approvals, windows and dependencies that it waits for, as yourself. Shown in the app until others have acknowledged it. Requires --comment, and the verb break-glass for the app.",
  );
  addDecision(
    program,
    finish,
    "Acknowledge",
    "confirm that you have seen a break-glass",
    "Confirm that you have seen the break-glass of another user. Needs the verb approve for the app.",
  );
};

function addPlan(program: Command, finish: Finish): void {
  const plan = program
    .command("plan")
    .argument("<CHANGE>", "a Change, or an app for its current Change")
    .summary("show the whole plan of a Change")
    .description(
      "Show the whole plan of a Change, deletions first, with its gates. To plan without a Change, use overseer sync --dry-run or overseer diff.",
    )
    .option("--no-diff", "only the objects, without their fields")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer plan web\n  overseer plan web-7 --no-diff\n  overseer plan web -o json",
    )
    .action(async (name: string, flags: ClusterFlags & OutputFlags & { readonly diff: boolean }) => {
      const { plan: run } = await import("./plan/plan.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(plan, ["json", "yaml", "name"]));
}

function addDecision(program: Command, finish: Finish, decision: Decision, summary: string, description: string): void {
  const name = decision === "BreakGlass" ? "break-glass" : decision.toLowerCase();
  const isBulk = decision === "Approve" || decision === "Reject";
  const command = program
    .command(name)
    .argument(isBulk ? "[CHANGE]" : "<CHANGE>", "a Change, or an app for its current Change")
    .summary(summary)
    .description(description)
    .option("--comment <TEXT>", "why; shown in the Change")
    .option("--plan-hash <HASH>", "do nothing if the plan has another hash")
    .option("-y, --yes", "do not ask; required without a terminal")
    .addHelpText(
      "after",
      `\nExamples:\n  overseer ${name} web\n  overseer ${name} web-7 --comment "reviewed with the database team" --yes${isBulk ? `\n  overseer ${name} --commit 6f3c1d0 -n shop-prod` : ""}`,
    )
    .action(async (change: string | undefined, flags: DecideFlags) => {
      if ((change === undefined) === (flags.commit === undefined))
        throw new UsageError("name a Change or an app, or give --commit for all Changes of a commit, but not both");
      if (change === undefined && isBulk) {
        const { decideCommit } = await import("./review/decide-commit.js");
        return finish(await decideCommit(decision, flags));
      }
      const { decide } = await import("./review/decide.js");
      finish(await decide(change ?? "", decision, flags));
    });
  if (isBulk)
    command
      .option("--commit <SHA>", "decide about all open Changes of this commit, each by an Approval of its own")
      .option("-A, --all-namespaces", "with --commit: in all namespaces");
  withClusterFlags(withOutput(withTimeout(command, "30s"), ["json", "yaml", "name"]));
}
