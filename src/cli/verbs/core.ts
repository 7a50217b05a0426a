import { type Command, Option } from "commander";
import { withClusterFlags, withOutput, withTimeout } from "../flags.js";
import type { AddVerbs, Finish } from "../verb.js";
import type { BackupFlags, ListFlags, RestoreFlags } from "./core/backups.js";
import type { CoreFlags } from "./core/connect-core.js";
import type { DrainFlags } from "./core/drain.js";
import type { LogFlags } from "./core/look.js";

/** Adds the commands about an Overseer Core: its nodes, its apps with their services and logs, and their backups. */
export const addCore: AddVerbs = (program, finish) => {
  const core = program
    .command("core")
    .summary("see nodes, apps and logs of an Overseer Core, drain nodes, back up and restore apps")
    .description(
      "Talk to an Overseer Core: with --core and --core-token-file directly, otherwise with the credentials of an OverseerApp, which the user of the kubeconfig must be allowed to read.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  overseer core nodes -n home\n  overseer core drain node-1 --app home/cloud\n  overseer core logs nextcloud --follow\n  overseer core restore nextcloud --core https://core.example.com:8480 --core-token-file admin-token",
    );
  addLooks(core, finish);
  addDrains(core, finish);
  addBackups(core, finish);
};

function addLooks(core: Command, finish: Finish): void {
  const nodes = core
    .command("nodes")
    .summary("list the nodes of a Core")
    .description("List the nodes of a Core, with their state, number of apps and labels.")
    .action(async (flags: CoreFlags & ListFlags) => {
      const { listNodes } = await import("./core/lists.js");
      finish(await listNodes(flags));
    });
  withOutput(withCore(nodes), ["json"]);
  const apps = core
    .command("apps")
    .summary("list the apps of a Core")
    .description("List the apps of a Core, with their node and state. With --app, those of that OverseerApp.")
    .action(async (flags: CoreFlags & ListFlags) => {
      const { listApps } = await import("./core/lists.js");
      finish(await listApps(flags));
    });
  withOutput(withCore(apps), ["json"]);
  const services = core
    .command("services")
    .argument("[APP]", "an app of the Core; defaults to all")
    .summary("list the services of apps, with state and image")
    .description(
      "List the services of apps as their nodes last reported them: state, image with its digest, and the last line of the log of those that are not well.",
    )
    .action(async (app: string | undefined, flags: CoreFlags & ListFlags) => {
      const { listServices } = await import("./core/look.js");
      finish(await listServices(app, flags));
    });
  withOutput(withCore(services), ["json"]);
  const logs = core
    .command("logs")
    .argument("<APP>", "an app of the Core")
    .summary("print the log of the last deployment or backup of an app")
    .description(
      "Print the log of the newest job of an app: a deployment, with what its containers printed meanwhile, a removal, a backup or a restore.",
    )
    .option("-f, --follow", "go on until the job ends; the exit code is 1 if it failed")
    .option("--job <ID>", "another job of the app")
    .action(async (app: string, flags: LogFlags) => {
      const { showLog } = await import("./core/look.js");
      finish(await showLog(app, flags));
    });
  withCore(logs);
}

function addDrains(core: Command, finish: Finish): void {
  const drain = core
    .command("drain")
    .argument("<NODE>", "the node")
    .summary("move apps off a node, and let it accept no more")
    .description(
      "Drain a node: it accepts no deployments, and apps that store nothing on it move to other nodes. Apps with data stay, and are listed with what to do. Asks before.",
    )
    .option("--dry-run", "only print what would happen")
    .option("-y, --yes", "do not ask; required without a terminal")
    .action(async (node: string, flags: DrainFlags) => {
      const { drainNode } = await import("./core/drain.js");
      finish(await drainNode(node, flags));
    });
  withCore(drain);
  const undrain = core
    .command("undrain")
    .argument("<NODE>", "the node")
    .summary("let a drained node accept deployments again")
    .description("Let a drained node accept deployments again. Apps that have moved do not come back by themselves.")
    .action(async (node: string, flags: CoreFlags) => {
      const { undrainNode } = await import("./core/drain.js");
      finish(await undrainNode(node, flags));
    });
  withCore(undrain);
}

function addBackups(core: Command, finish: Finish): void {
  const backups = core
    .command("backups")
    .argument("[APP]", "an app of the Core; defaults to all")
    .summary("list the backups of apps, with age and size")
    .description(
      "List the stored backups of apps, newest first, with their age, and the size of the data in the last one.",
    )
    .action(async (app: string | undefined, flags: CoreFlags & ListFlags) => {
      const { listBackups } = await import("./core/backups.js");
      finish(await listBackups(app, flags));
    });
  withOutput(withCore(backups), ["json"]);
  const backup = core
    .command("backup")
    .argument("<APP>", "an app of the Core")
    .summary("back up the data of an app now")
    .description("Back up the data of an app now, and wait until the backup is stored and verified.")
    .option("--no-wait", "do not wait for the end of the job")
    .action(async (app: string, flags: BackupFlags) => {
      const { backUp } = await import("./core/backups.js");
      finish(await backUp(app, flags));
    });
  withTimeout(withCore(backup), "1h");
  const restore = core
    .command("restore")
    .argument("<APP>", "an app of the Core")
    .summary("replace the data of an app by that of a backup")
    .description(
      "Replace the data of an app by that of a backup, and wait until it is done. What was written since then is lost: names the backup and what is overwritten, and asks.",
    )
    .option("--snapshot <ID>", "the backup, by its ID", "latest")
    .option("--no-wait", "do not wait for the end of the job")
    .option("-y, --yes", "do not ask; required without a terminal")
    .action(async (app: string, flags: RestoreFlags) => {
      const { restoreApp } = await import("./core/backups.js");
      finish(await restoreApp(app, flags));
    });
  withTimeout(withCore(restore), "1h");
}

function withCore(command: Command): Command {
  return withClusterFlags(command)
    .addOption(new Option("--core <URL>", "URL of the Core").env("OVERSEER_CORE"))
    .addOption(
      new Option("--core-token-file <FILE>", "with --core: file with a token of the Core").env(
        "OVERSEER_CORE_TOKEN_FILE",
      ),
    )
    .addOption(
      new Option("--core-ca <FILE>", "with --core: certificate of the Core's authority, PEM").env("OVERSEER_CORE_CA"),
    )
    .addOption(
      new Option(
        "--app <OVERSEERAPP>",
        "use the credentials of this OverseerApp; defaults to the only one of the namespace with a Core",
      ),
    );
}
