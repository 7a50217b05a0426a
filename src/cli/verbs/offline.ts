import { type Command, Option } from "commander";
import { type ClusterFlags, collect, type OutputFlags, withClusterFlags, withOutput, withTimeout } from "../flags.js";
import type { DiffFlags } from "../offline/diff.js";
import type { ParityFlags } from "../offline/parity.js";
import type { ValidateFlags } from "../offline/validate.js";
import type { AddVerbs, Finish } from "../verb.js";

/** Adds the commands that need no cluster, or can do without. */
export const addOffline: AddVerbs = (program, finish) => {
  addValidate(program, finish);
  addDiff(program, finish);
  addParity(program, finish);
};

function addParity(program: Command, finish: Finish): void {
  const parity = program
    .command("parity")
    .argument("[PATH]", "directory or file; defaults to the current directory")
    .summary("compare apps on a Core with the same apps on Kubernetes")
    .description(
      "Compare what the apps (overseer.io/v1) of a directory see and offer on a Core and on Kubernetes: host names, variables, commands, files, volumes and routes. No value of a variable is printed. Exit code 1 if they differ, or if the source is refused for one of both.",
    )
    .option("-f, --file <FILE>", "manifest of an OverseerApp: use its source and what its cluster offers")
    .option("--app <NAME>", "with -f: which OverseerApp of the file")
    .addOption(new Option("--env <NAME=VALUE>", "variable for Compose documents; may be repeated").argParser(collect))
    .option("--overlay <DIR>", "directory of partial App documents that are merged over those of PATH")
    .addHelpText("after", "\nExamples:\n  overseer parity apps\n  overseer parity -f apps.yaml -o json");
  withRenderFlags(withOutput(parity, ["json", "yaml"])).action(
    async (path: string | undefined, flags: ParityFlags & { readonly renderTimeout: number }) => {
      const { parity: run } = await import("../offline/parity.js");
      finish(await run(path, { ...flags, timeout: flags.renderTimeout }));
    },
  );
}

function addValidate(program: Command, finish: Finish): void {
  const validate = program
    .command("validate")
    .argument("[PATH]", "directory or file; defaults to the current directory")
    .summary("check manifests and sources without a cluster")
    .description(
      "Check the OverseerApps and GitRepositories below PATH by their schemas, and render the source of each app whose path is in the same repository; without an app, PATH itself. Says what could not be checked. Exit code 1 if something is wrong.",
    )
    .option("--strict", "exit code 1 also if an app could not be checked")
    .option("-q, --quiet", "print errors and what could not be checked only")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer validate\n  overseer validate apps --strict\n  overseer validate k8s/overlays/prod -o json",
    );
  withRenderFlags(withOutput(validate, ["json", "yaml"])).action(
    async (path: string | undefined, flags: ValidateFlags & { readonly renderTimeout: number }) => {
      const { validate: run } = await import("../offline/validate.js");
      finish(await run(path, { ...flags, timeout: flags.renderTimeout }));
    },
  );
}

function addDiff(program: Command, finish: Finish): void {
  const diff = program
    .command("diff")
    .argument("<APP|PATH>", "an app, or with --base a directory")
    .summary("show what a sync or a commit would change")
    .description(
      "Show what a sync of an app to the newest revision would change, by a dry run of the operator: needs the verb sync. With --base, compare what the sources below PATH render to now and at another commit, without a cluster. Exit codes: 0 equal, 1 differs, 2 and more: no difference could be made.",
    )
    .option("--base <COMMIT>", "compare PATH with this commit, such as origin/main")
    .addOption(
      new Option("-o, --output <FORMAT>", "output format; markdown is for comments of pull requests").choices([
        "json",
        "yaml",
        "name",
        "markdown",
      ]),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  overseer diff web\n  overseer diff apps --base origin/main\n  overseer diff . --base origin/main -o markdown",
    );
  withClusterFlags(withTimeout(withRenderFlags(diff), "2m")).action(
    async (name: string, flags: DiffFlags & ClusterFlags & OutputFlags & { readonly renderTimeout: number }) => {
      if (flags.base === undefined) {
        const { diffApp } = await import("./diff/diff-app.js");
        finish(await diffApp(name, flags));
      } else {
        const { diffTrees } = await import("../offline/diff.js");
        const { namespace: _, ...rest } = flags;
        finish(await diffTrees(name, flags.base, { ...rest, timeout: flags.renderTimeout }));
      }
    },
  );
}

/** Flags of programs that render, and of what charts may ask for. */
function withRenderFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--kube-version <VERSION>",
        "Kubernetes version that charts are rendered for; defaults to that of helm",
      ),
    )
    .addOption(
      new Option("--api-versions <VERSION>", "API version that charts can ask for; may be repeated").argParser(collect),
    )
    .addOption(new Option("--age-key-file <FILE>", "keys of age that decrypt files; defaults to SOPS_AGE_KEY_FILE"))
    .addOption(new Option("--kubectl <FILE>", "kubectl program, for Kustomize (default: from PATH)"))
    .addOption(new Option("--helm <FILE>", "helm program, for charts (default: from PATH)"))
    .addOption(
      new Option("--render-timeout <SECONDS>", "time limit of kubectl and helm").argParser(Number).default(60),
    );
}
