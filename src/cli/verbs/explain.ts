import { type Command, InvalidArgumentError, Option } from "commander";
import { type ClusterFlags, duration, type OutputFlags, withClusterFlags, withOutput } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { EventsFlags } from "./events/events.js";
import type { LogsFlags } from "./logs/logs.js";

/** Adds the commands that explain an app. */
export const addExplain: AddVerbs = (program, finish) => {
  addWhy(program, finish);
  addHistory(program, finish);
  addEvents(program, finish);
  addTree(program, finish);
  addTrace(program, finish);
  addLogs(program, finish);
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

function addTree(program: Command, finish: Finish): void {
  const tree = program
    .command("tree")
    .argument("<APP>", "the app")
    .summary("show the live objects of an app and their health")
    .description(
      "Show the live objects of an app, and what controllers made of them, with their health. Read with your rights.",
    )
    .addHelpText("after", "\nExamples:\n  overseer tree web\n  overseer tree web -o json")
    .action(async (name: string, flags: ClusterFlags & OutputFlags) => {
      const { tree: run } = await import("./tree/tree.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(tree, ["json", "yaml", "name"]));
}

function addTrace(program: Command, finish: Finish): void {
  const trace = program
    .command("trace")
    .argument("<OBJECT>", "KIND/NAME or KIND/NAMESPACE/NAME")
    .summary("trace a live object to its app, Change, file, commit and author")
    .description(
      "Trace a live object to its app, the last Change that wrote it, its file, commit and author, and to others who write it. The author of an older commit is looked up in the Git repository of the current directory.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  overseer trace deployment/web\n  overseer trace configmap/shop/settings -o json",
    )
    .action(async (name: string, flags: ClusterFlags & OutputFlags) => {
      const { trace: run } = await import("./trace/trace.js");
      finish(await run(name, flags));
    });
  withClusterFlags(withOutput(trace, ["json", "yaml"]));
}

function addLogs(program: Command, finish: Finish): void {
  const logs = program
    .command("logs")
    .argument("<APP>", "the app")
    .summary("print the logs of the pods of an app")
    .description(
      "Print the logs of all containers of the pods of an app, or of one of its objects. Needs the verb get for pods/log.",
    )
    .option("-f, --follow", "print new lines until interrupted")
    .option("-p, --previous", "logs of the container before its last restart")
    .option("-c, --container <NAME>", "only this container")
    .option("--object <KIND/NAME>", "only the pods of this object, such as deployment/web")
    .option("--tail <LINES>", "last lines of each container; -1 is all", lines, 100)
    .addOption(new Option("--since <DURATION>", "only lines of this time, such as 10m").argParser(duration))
    .addHelpText(
      "after",
      "\nExamples:\n  overseer logs web\n  overseer logs web --object deployment/web -f\n  overseer logs web --since 10m --tail -1",
    )
    .action(async (name: string, flags: LogsFlags) => {
      const { logs: run } = await import("./logs/logs.js");
      finish(await run(name, flags));
    });
  withClusterFlags(logs);
}

function lines(text: string): number {
  if (/^(-1|\d{1,9})$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number of lines, or -1.");
}
