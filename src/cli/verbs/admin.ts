import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { EXIT, UsageError } from "../exit-codes.js";
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
import type { FinishFlags } from "./backup/finish-restore.js";
import type { BackupFlags } from "./backup/write-backup.js";
import type { Shell } from "./completion/scripts.js";

/** Adds the commands about rights, the installation and this program. */
export const addAdmin: AddVerbs = (program, finish) => {
  addAuth(program, finish);
  addDoctor(program, finish);
  addExport(program, finish);
  addRestore(program, finish);
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
    .summary("print manifests of apps and their repositories, or a backup")
    .description(
      "Print manifests of apps and of the repositories that they read, without status, to apply them elsewhere or to put them into Git. With --all, a backup of all objects of the operator with their status, for overseer restore. Secrets are not part of them.",
    )
    .option("--all", "a backup of all Environments, repositories, sets of apps, apps, Changes and Approvals")
    .option("-d, --output-dir <DIR>", "with --all: write a file with the time in its name into this directory")
    .addOption(
      new Option(
        "--keep <NUMBER>",
        "with --output-dir: delete the oldest files of the cluster beyond this number",
      ).argParser(atLeastOne),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  overseer export web > web.yaml\n  overseer export -l team=shop -o json\n  overseer export --all --output-dir backups --keep 14",
    )
    .action(async (names: string[], flags: BackupFlags & SelectionFlags & { readonly all?: boolean }) => {
      if (flags.all === true) {
        if (names.length > 0 || flags.selector !== undefined)
          throw new UsageError("--all cannot be combined with names or -l");
        const { writeBackup } = await import("./backup/write-backup.js");
        return finish(await writeBackup(flags));
      }
      const { exportManifests } = await import("./export/export.js");
      finish(await exportManifests(names, flags));
    });
  withClusterFlags(withOutput(withSelection(command), ["json", "yaml", "name"]));
}

function addRestore(program: Command, finish: Finish): void {
  const command = program
    .command("restore")
    .argument("[NAME...]", "the file of the backup; with --finish, apps, or appset/NAME")
    .summary("restore a backup, without moving anything forward")
    .description(
      "Create the Environments, repositories and apps of a backup that are missing. Nothing that exists is changed, and nothing is deleted: apps stay at the commit that they had applied, and wait, and sets of apps are suspended. With --finish, apps that are synced again get the policy that they had, and then their sets. An app that was rolled back stays at that commit.",
    )
    .option("--finish", "give restored apps and sets of apps the policy that they had")
    .option("--end-rollbacks", "with --finish: let apps that were rolled back continue to the newest commit")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer restore backups/overseer-1a2b3c4d-20270101T020000Z.yaml\n  overseer restore --finish web\n  overseer restore --finish -A",
    )
    .action(async (names: string[], flags: FinishFlags & { readonly finish?: boolean }) => {
      if (flags.finish === true) {
        const { finishRestore } = await import("./backup/finish-restore.js");
        return finish(await finishRestore(names, flags));
      }
      if (flags.endRollbacks === true) throw new UsageError("--end-rollbacks needs --finish");
      const { restore } = await import("./backup/restore.js");
      const [file, more] = names;
      if (file === undefined || more !== undefined)
        throw new UsageError("name the file of one backup, or use --finish");
      finish(await restore(file, flags));
    });
  withClusterFlags(withSelection(command));
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It must be a number from 1.");
  return Number(text);
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
