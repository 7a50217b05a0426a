import type { Command } from "commander";
import { type ClusterFlags, type OutputFlags, withClusterFlags, withOutput } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { EventsFlags } from "./events/events.js";

/** Adds the commands that explain an app. */
export const addExplain: AddVerbs = (program, finish) => {
  addWhy(program, finish);
  addHistory(program, finish);
  addEvents(program, finish);
};

function addWhy(program: Command, finish: Finish): void {
  const why = program
    .command("why")
    .argument("<APP>", "the app")
    .summary("say why an app is not ready, not healthy or not synced")
    .description(
      "Say what keeps an app from being ready, healthy, or at the newest revision: the cause, since when, and the command that helps. Exit code 1 if there is something.",
    )
    .addHelpText("after", "\nExamples:\n  overseer why web\n  overseer why shop/web -o json")
    .action(async (name: string, flags: ClusterFlags & OutputFlags) => {
      const { why: run } = await import("./why/why.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(why, ["json", "yaml", "name"]));
}

function addHistory(program: Command, finish: Finish): void {
  const history = program
    .command("history")
    .argument("<APP>", "the app")
    .summary("list the Changes of an app, newest first")
    .description("List the Changes of an app, newest first, with who requested, approved or rejected them.")
    .addHelpText("after", "\nExamples:\n  overseer history web\n  overseer history web -o wide")
    .action(async (name: string, flags: ClusterFlags & OutputFlags) => {
      const { history: run } = await import("./history/history.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(history, ["json", "yaml", "name", "wide"]));
}

function addEvents(program: Command, finish: Finish): void {
  const events = program
    .command("events")
    .argument("<APP>", "the app")
    .summary("list the Events about an app, its Changes and its repository")
    .description("List the Events about an app, its Changes and its repository, oldest first.")
    .option("-w, --watch", "print new Events until interrupted")
    .addHelpText("after", "\nExamples:\n  overseer events web\n  overseer events web -w")
    .action(async (name: string, flags: EventsFlags) => {
      const { events: run } = await import("./events/events.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(events, ["json", "yaml", "name"]));
}
