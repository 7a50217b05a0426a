import { Argument, type Command, Option } from "commander";
import { collect, withClusterFlags, withOutput } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { ImportFlags } from "./import/import.js";
import type { Tool } from "./import/input.js";

/** Adds the commands for those who come from another tool. */
export const addMigrate: AddVerbs = (program, finish) => {
  addImport(program, finish);
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
