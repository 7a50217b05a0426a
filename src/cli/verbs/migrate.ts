import { Argument, type Command, Option } from "commander";
import { collect, withClusterFlags, withOutput, withSelection, withTimeout } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { ImportFlags } from "./import/import.js";
import type { Tool } from "./import/input.js";
import type { TakeOverFlags } from "./take-over/take-over-flags.js";

/** Adds the commands for those who come from another tool. */
export const addMigrate: AddVerbs = (program, finish) => {
  addImport(program, finish);
  addTakeOver(program, finish);
};

function addImport(program: Command, finish: Finish): void {
  const command = program
    .command("import")
    .addArgument(new Argument("<TOOL>", "tool that manages the apps now").choices(["argocd", "flux"]))
    .summary("convert apps of Argo CD or Flux to manifests")
    .description(
      "Convert the Applications of Argo CD, or the Kustomizations and HelmReleases of Flux, to OverseerApps and GitRepositories for Git, with a report about what is different, what is to be done, and what cannot be converted. Only reads, from the cluster or from files. Exit code 1 if something was not converted.",
    )
    .option("-l, --selector <SELECTOR>", "only apps with these labels, such as team=shop")
    .addOption(
      new Option(
        "-f, --filename <FILE>",
        "read this file or directory instead of the cluster, - is stdin; may be repeated",
      ).argParser(collect),
    )
    .option("-d, --output-dir <DIR>", "write a file for each object, and REPORT.md, into this directory")
    .option("--force", "overwrite files in --output-dir")
    .option("--service-account <NAME>", "ServiceAccount of apps that have none")
    .option("--repository <NAMESPACE/NAME>", "GitRepository for apps whose chart comes from a registry")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer import argocd -d apps\n  overseer import flux -n flux-system\n  overseer import flux -f clusters/production -d apps",
    );
  withClusterFlags(withOutput(command, ["json", "yaml"])).action(async (tool: Tool, flags: ImportFlags) => {
    const { importFrom } = await import("./import/import.js");
    finish(await importFrom(tool, flags));
  });
}

function addTakeOver(program: Command, finish: Finish): void {
  const command = program
    .command("take-over")
    .argument("[APP...]", "apps that were imported; or select them with -l")
    .summary("take apps over from Argo CD or Flux, without a restart")
    .description(
      "Take over the objects of imported apps: pauses the object of the other tool, adopts, compares UIDs, pod templates and pods, deletes the object of the other tool without its objects, and sets the final sync policy. Stops before anything is changed if a pod would be replaced, or an object re-created or deleted. Goes on where it was stopped, and back with --undo until the object of the other tool is deleted.",
    )
    .option("--dry-run", "plan only: say what would change, and write nothing")
    .addOption(
      new Option("--until <STEP>", "stop after this step").choices([
        "planned",
        "paused",
        "adopted",
        "detached",
        "done",
      ]),
    )
    .option("--undo", "give the objects back to the other tool")
    .option("--run-hooks", "go on although the first sync would run hooks")
    .option("--allow-create", "go on although objects would be created that the other tool does not have")
    .option("--target-kubeconfig <FILE>", "kubeconfig of the cluster that holds the objects, if it is another one")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer take-over web -n shop --dry-run\n  overseer take-over web -n shop --until adopted\n  overseer take-over web -n shop --undo\n  overseer take-over -A -l team=shop --yes",
    );
  withClusterFlags(withTimeout(withSelection(command), "5m")).action(async (names: string[], flags: TakeOverFlags) => {
    const { takeOver } = await import("./take-over/take-over.js");
    finish(await takeOver(names, flags));
  });
}
