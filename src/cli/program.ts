import { Command } from "commander";
import { VERSION } from "../version.js";
import { addRender } from "./render/command.js";
import type { Finish } from "./verb.js";
import { addAct } from "./verbs/act.js";
import { addAdmin } from "./verbs/admin.js";
import { addAudit } from "./verbs/audit.js";
import { addCore } from "./verbs/core.js";
import { addExplain } from "./verbs/explain.js";
import { addLook } from "./verbs/look.js";
import { addMigrate } from "./verbs/migrate.js";
import { addNotify } from "./verbs/notify.js";
import { addOffline } from "./verbs/offline.js";
import { addReview } from "./verbs/review.js";
import { addSecret } from "./verbs/secret.js";
import { addSignIn } from "./verbs/sign-in.js";
import { addVersion } from "./verbs/version.js";

/** Creates the program with all its commands. `name` is how it was called, and `finish` takes the exit code of a command. */
export function createProgram(name: string, finish: Finish): Command {
  const program = new Command(name)
    .description(
      "Command line of Overseer GitOps. It talks to the cluster of the kubeconfig, as its user: what it does, kubectl can do as well. With --server, it talks to the REST API.",
    )
    .version(VERSION, "-V, --version", "print the version and exit")
    .helpOption("-h, --help", "print this help and exit")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true })
    .exitOverride();
  for (const add of [
    addLook,
    addExplain,
    addAct,
    addReview,
    addOffline,
    addMigrate,
    addAdmin,
    addAudit,
    addCore,
    addNotify,
    addSecret,
    addSignIn,
    addVersion,
  ])
    add(program, finish);
  addRender(program);
  for (const command of program.commands) command.copyInheritedSettings(program).showHelpAfterError(false);
  return program;
}
