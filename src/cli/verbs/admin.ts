import { Argument, type Command } from "commander";
import { EXIT } from "../exit-codes.js";
import {
  type ClusterFlags,
  type OutputFlags,
  type SelectionFlags,
  withClusterFlags,
  withOutput,
  withSelection,
} from "../flags.js";
import { print } from "../terminal.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { Shell } from "./completion/scripts.js";

/** Adds the commands about rights, the installation and this program. */
export const addAdmin: AddVerbs = (program, finish) => {
  addAuth(program, finish);
  addDoctor(program, finish);
  addExport(program, finish);
  addCompletion(program, finish);
};

function addAuth(program: Command, finish: Finish): void {
  const auth = program
    .command("auth")
    .summary("ask who you are, and who may do what")
    .description("Ask who you are, and who may do what.")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer auth whoami\n  overseer auth can-i sync web\n  overseer auth who-can approve web",
    );
  const whoami = auth
    .command("whoami")
    .summary("show the user and groups that the API server sees")
    .description("Show the user and groups that the API server sees.")
    .action(async (flags: ClusterFlags & OutputFlags) => {
      const { whoami: run } = await import("./auth/auth.js");
      finish(await run(flags));
    });
  withClusterFlags(withOutput(whoami, ["json", "yaml", "name"]));
  const canI = auth
    .command("can-i")
    .argument(
      "<ACTION>",
      "get, sync, rollback, promote, approve, reject, break-glass, refresh, suspend, edit or delete",
    )
    .argument("[APP]", "the app; defaults to all apps of the namespace")
    .summary("say whether you may do something with an app")
    .description("Say whether you may do something with an app, and which permission is missing. Exit code 1 if not.")
    .action(async (action: string, app: string | undefined, flags: ClusterFlags & OutputFlags) => {
      const { canI: run } = await import("./auth/auth.js");
      finish(await run(action, app, flags));
    });
  withClusterFlags(withOutput(canI, ["json", "yaml"]));
  const whoCan = auth
    .command("who-can")
    .argument(
      "<ACTION>",
      "get, sync, rollback, promote, approve, reject, break-glass, refresh, suspend, edit or delete",
    )
    .argument("[APP]", "the app; defaults to all apps of the namespace")
    .summary("list the users, groups and ServiceAccounts that may do something")
    .description(
      "List the users, groups and ServiceAccounts whose RBAC roles permit something. Other authorizers are not known. Needs the verb list for RBAC objects.",
    )
    .action(async (action: string, app: string | undefined, flags: ClusterFlags & OutputFlags) => {
      const { whoCan: run } = await import("./auth/auth.js");
      finish(await run(action, app, flags));
    });
  withClusterFlags(withOutput(whoCan, ["json", "yaml", "name"]));
}

function addDoctor(program: Command, finish: Finish): void {
  const doctor = program
    .command("doctor")
    .summary("check the installation: versions, leader, policies, rights, clocks")
    .description(
      "Check the installation: API server, definitions, Deployments and versions, leader, admission policies, your rights, and clocks. Exit code 1 if a check has failed; what you may not read is unknown.",
    )
    .addHelpText("after", "\nExamples:\n  overseer doctor\n  overseer doctor -o json")
    .action(async (flags: ClusterFlags & OutputFlags) => {
      const { doctor: run } = await import("./doctor/doctor.js");
      finish(await run(flags));
    });
  withClusterFlags(withOutput(doctor, ["json", "yaml"]));
}

function addExport(program: Command, finish: Finish): void {
  const command = program
    .command("export")
    .argument("[NAME...]", "apps, or repository/NAME; or select apps with -l")
    .summary("print manifests of apps and their repositories")
    .description(
      "Print manifests of apps and of the repositories that they read, without status, to apply them elsewhere or to put them into Git. Secrets are not part of them.",
    )
    .addHelpText("after", "\nExamples:\n  overseer export web > web.yaml\n  overseer export -l team=shop -o json")
    .action(async (names: string[], flags: ClusterFlags & OutputFlags & SelectionFlags) => {
      const { exportManifests } = await import("./export/export.js");
      finish(await exportManifests(names, flags));
    });
  withClusterFlags(withOutput(withSelection(command), ["json", "yaml", "name"]));
}

function addCompletion(program: Command, finish: Finish): void {
  program
    .command("completion")
    .addArgument(new Argument("<SHELL>", "shell").choices(["bash", "zsh", "fish", "powershell"]))
    .summary("print the completion script of a shell")
    .description("Print the completion script of a shell. It completes commands, flags and the names of objects.")
    .addHelpText(
      "after",
      '\nExamples:\n  source <(overseer completion bash)\n  overseer completion zsh > "${fpath[1]}/_overseer"\n  overseer completion fish > ~/.config/fish/completions/overseer.fish',
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completion/scripts.js");
      print(completionScript(shell));
      finish(EXIT.done);
    });
}
