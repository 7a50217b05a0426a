import { type Command, Option } from "commander";
import { duration, withClusterFlags, withOutput, withSelection, withTimeout } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { FreezeFlags } from "./act/freeze.js";
import type { RefreshFlags } from "./act/refresh.js";
import type { SuspendFlags } from "./act/suspend.js";
import type { PromoteFlags, RequestFlags, RollbackFlags } from "./act/sync.js";
import type { WaitFlags } from "./wait/wait.js";

/** Adds the commands that change what the operator does. */
export const addAct: AddVerbs = (program, finish) => {
  addSync(program, finish);
  addRollback(program, finish);
  addPin(program, finish);
  addPromote(program, finish);
  addRefresh(program, finish);
  addWait(program, finish);
  addSuspend(program, finish);
  addFreeze(program, finish);
};

function addSync(program: Command, finish: Finish): void {
  const sync = program
    .command("sync")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("request a sync of apps, and wait for it")
    .description(
      "Request a sync to the newest revision, as yourself, by a Change of cause Sync, and wait until it has ended. A sync lifts the pin of a rollback. Needs the verb sync for the app.",
    )
    .option("--dry-run", "plan only: print what would change, and write nothing")
    .option("--no-wait", "do not wait for the end of the Change")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer sync web\n  overseer sync web --dry-run\n  overseer sync -l team=shop --timeout 10m",
    )
    .action(async (names: string[], flags: RequestFlags) => {
      const { sync: run } = await import("./act/sync.js");
      finish(await run(names, flags));
    });
  withClusterFlags(withOutput(withTimeout(withSelection(sync), "5m"), ["json", "yaml", "name"]));
}

function addRollback(program: Command, finish: Finish): void {
  const rollback = program
    .command("rollback")
    .argument("<APP>", "the app")
    .summary("roll an app back to an earlier Change")
    .description(
      "Roll an app back to the inputs of an earlier Change that succeeded, as yourself, and pin it to them until the next sync. Git stays as it is. Needs the verb rollback for the app.",
    )
    .option("--to <CHANGE>", "the earlier Change; defaults to the last one that succeeded with other inputs")
    .option("--dry-run", "plan only: print what would change, and write nothing")
    .option("--no-wait", "do not wait for the end of the Change")
    .addHelpText("after", "\nExamples:\n  overseer rollback web\n  overseer rollback web --to web-6 --dry-run")
    .action(async (name: string, flags: RollbackFlags) => {
      const { rollback: run } = await import("./act/sync.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(withTimeout(rollback, "5m"), ["json", "yaml", "name"]));
}

function addPin(program: Command, finish: Finish): void {
  const pin = program
    .command("pin")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("keep apps at what is applied, whatever is committed")
    .description(
      "Pin apps to the inputs that are applied now, as yourself, by a Change of cause Rollback: newer commits wait until unpin or a sync. Drift is still reverted. Needs the verb rollback for the app.",
    )
    .option("--dry-run", "plan only: pin nothing")
    .option("--no-wait", "do not wait for the end of the Change")
    .addHelpText("after", "\nExamples:\n  overseer pin web\n  overseer pin -l team=shop")
    .action(async (names: string[], flags: RequestFlags) => {
      const { pin: run } = await import("./act/sync.js");
      finish(await run(names, flags));
    });
  withClusterFlags(withOutput(withTimeout(withSelection(pin), "5m"), ["json", "yaml", "name"]));
  const unpin = program
    .command("unpin")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("lift the pin of apps, and sync them to the newest revision")
    .description(
      "Lift the pin of apps by a Change of cause Sync, as yourself, which applies the newest revision: the same as overseer sync. Needs the verb sync for the app.",
    )
    .option("--dry-run", "plan only: print what would change, and write nothing")
    .option("--no-wait", "do not wait for the end of the Change")
    .addHelpText("after", "\nExamples:\n  overseer unpin web --dry-run\n  overseer unpin web")
    .action(async (names: string[], flags: RequestFlags) => {
      const { sync } = await import("./act/sync.js");
      finish(await sync(names, flags));
    });
  withClusterFlags(withOutput(withTimeout(withSelection(unpin), "5m"), ["json", "yaml", "name"]));
}

function addPromote(program: Command, finish: Finish): void {
  const command = program
    .command("promote")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("promote a commit that earlier Environments have tested")
    .description(
      "Promote a commit that the earlier Environments have tested to apps of this Environment, as yourself, by a Change of cause Promotion. Needs the verb promote for the app.",
    )
    .option("--commit <ID>", "complete commit ID; defaults to status.promotion.promotable of the app")
    .option("--dry-run", "plan only: print what would change, and write nothing")
    .option("--no-wait", "do not wait for the end of the Change")
    .addHelpText("after", "\nExamples:\n  overseer promote web -n shop-prod\n  overseer promote web --dry-run")
    .action(async (names: string[], flags: PromoteFlags) => {
      const { promote } = await import("./act/sync.js");
      finish(await promote(names, flags));
    });
  withClusterFlags(withOutput(withTimeout(withSelection(command), "5m"), ["json", "yaml", "name"]));
}

function addRefresh(program: Command, finish: Finish): void {
  const refresh = program
    .command("refresh")
    .argument("[NAME...]", "apps, or repository/NAME; or select apps with -l")
    .summary("look for new commits now")
    .description(
      "Poll the repositories of apps now, and reconcile the apps. Waits until the operator has done so, not until the apps are synced: see overseer wait. Needs the verb patch.",
    )
    .option("--no-wait", "do not wait for the operator")
    .addHelpText("after", "\nExamples:\n  overseer refresh web\n  overseer refresh repository/shop")
    .action(async (names: string[], flags: RefreshFlags) => {
      const { refresh: run } = await import("./act/refresh.js");
      finish(await run(names, flags));
    });
  withClusterFlags(withTimeout(withSelection(refresh), "2m"));
}

function addWait(program: Command, finish: Finish): void {
  const wait = program
    .command("wait")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("wait until apps are synced, ready, healthy or deleted")
    .description(
      "Wait until apps are synced. Prints what is missing, and ends at once when an app cannot get there by itself. With --commit, the commit must have been seen by the operator, whether it changes the app or not.",
    )
    .addOption(
      new Option("--for <GOAL>", "what to wait for")
        .choices(["synced", "ready", "healthy", "deleted"])
        .default("synced"),
    )
    .option("--commit <ID>", "commit that the app must be at; needs the verb patch for the app")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer wait web\n  overseer wait web --commit 6f3c2ab --timeout 10m\n  overseer wait -l team=shop --for healthy",
    )
    .action(async (names: string[], flags: WaitFlags) => {
      const { wait: run } = await import("./wait/wait.js");
      finish(await run(names, flags));
    });
  withClusterFlags(withTimeout(withSelection(wait), "5m"));
}

function addSuspend(program: Command, finish: Finish): void {
  for (const suspend of [true, false]) {
    const name = suspend ? "suspend" : "resume";
    const command = program
      .command(name)
      .argument("[APP...]", "apps; or select them with -l")
      .summary(suspend ? "stop syncs and self-heal of apps" : "continue syncs and self-heal of apps")
      .description(
        suspend
          ? "Suspend apps by spec.suspend: nothing is applied, reverted or deleted. Your name and the reason are shown in the app. Needs the verb patch."
          : "Resume suspended apps by spec.suspend. Needs the verb patch.",
      )
      .addHelpText(
        "after",
        `\nExamples:\n  overseer ${name} web${suspend ? ' --reason "database migration until 18:00"' : ""}\n  overseer ${name} -l team=shop`,
      )
      .action(async (names: string[], flags: SuspendFlags) => {
        const { setSuspended } = await import("./act/suspend.js");
        finish(await setSuspended(names, suspend, flags));
      });
    if (suspend)
      command
        .option("--reason <TEXT>", "why; shown in the app")
        .addOption(new Option("--for <DURATION>", "end the suspension by itself, for example 2h").argParser(duration));
    withClusterFlags(withOutput(withSelection(command), ["json", "yaml", "name"]));
  }
  const pause = program
    .command("pause")
    .argument("[APP...]", "apps; or select them with -l")
    .summary("suspend apps for a time")
    .description(
      "Suspend apps until a time, for work by hand: nothing is applied, reverted or deleted. Then they go on by themselves: drift is shown for one minute before it is reverted. The same as overseer suspend, but --for and --reason are required. Needs the verb patch.",
    )
    .requiredOption("--reason <TEXT>", "why; shown in the app")
    .addOption(new Option("--for <DURATION>", "how long, for example 2h").argParser(duration).makeOptionMandatory())
    .addHelpText("after", '\nExamples:\n  overseer pause web --for 2h --reason "hotfix of incident 4711"')
    .action(async (names: string[], flags: SuspendFlags) => {
      const { setSuspended } = await import("./act/suspend.js");
      finish(await setSuspended(names, true, flags));
    });
  withClusterFlags(withOutput(withSelection(pause), ["json", "yaml", "name"]));
}

function addFreeze(program: Command, finish: Finish): void {
  for (const isFrozen of [true, false]) {
    const name = isFrozen ? "freeze" : "unfreeze";
    const command = program
      .command(name)
      .argument("<ENVIRONMENT>", "the Environment")
      .summary(isFrozen ? "permit no new revision in an Environment" : "lift the freeze of an Environment")
      .description(
        isFrozen
          ? "Freeze an Environment by spec.freeze: no new revision is applied; drift is reverted, and rollbacks are possible. Needs the verbs patch and freeze for the Environment."
          : "Lift the freeze of an Environment by spec.freeze. Needs the verbs patch and freeze for the Environment.",
      )
      .addHelpText(
        "after",
        `\nExamples:\n  overseer ${name} prod${isFrozen ? ' --reason "holidays" --until 2026-12-27T06:00:00Z' : ""}`,
      )
      .action(async (environment: string, flags: FreezeFlags) => {
        const { setFreeze } = await import("./act/freeze.js");
        finish(await setFreeze(environment, isFrozen, flags));
      });
    if (isFrozen)
      command
        .option("--reason <TEXT>", "why; shown in every Change that waits")
        .option("--until <TIME>", "end of the freeze: a time, or a duration such as 4h");
    withClusterFlags(withOutput(command, ["json", "yaml", "name"]));
  }
}
