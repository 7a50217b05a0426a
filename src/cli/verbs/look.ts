import type { ClusterFlags, OutputFlags } from "../flags.js";
import { withClusterFlags, withOutput, withSelection } from "../flags.js";
import type { AddVerbs } from "../verb.js";
import type { GetFlags } from "./get/get.js";

/** Adds the commands that look at objects. */
export const addLook: AddVerbs = (program, finish) => {
  const get = program
    .command("get")
    .argument(
      "<KIND>",
      "apps, changes, repositories, approvals or environments; several separated by commas; or KIND/NAME",
    )
    .argument("[NAME...]", "names; defaults to all objects")
    .summary("list apps, Changes, repositories and approvals")
    .description("List objects, with the columns of kubectl get.")
    .option("-w, --watch", "print each change until interrupted")
    .option("--no-headers", "print no headings")
    .addHelpText(
      "after",
      `
Examples:
  overseer get apps -A
  overseer get changes -n shop -o wide
  overseer get app web -o yaml
  overseer get apps -l team=shop -w`,
    )
    .action(async (kind: string, names: string[], flags: GetFlags) => {
      const { get: run } = await import("./get/get.js");
      finish(await run(kind, names, flags));
    });
  withClusterFlags(withOutput(withSelection(get), ["json", "yaml", "name", "wide"]));

  const describe = program
    .command("describe")
    .argument("<NAME...>", "NAME of an app, KIND NAME, or KIND/NAME")
    .summary("show an object with its conditions, plan and Events")
    .description("Show objects with their conditions and Events; a Change with its gates, approvals and whole plan.")
    .addHelpText(
      "after",
      `
Examples:
  overseer describe web
  overseer describe change web-7
  overseer describe repository shop -n shop`,
    )
    .action(async (names: string[], flags: ClusterFlags & OutputFlags) => {
      const { describe: run } = await import("./describe/describe.js");
      finish(await run(names, flags));
    });
  withClusterFlags(withOutput(describe, ["json", "yaml", "name"]));
};
