import { Option } from "commander";
import { withClusterFlags, withOutput } from "../flags.js";
import type { AddVerbs } from "../verb.js";
import type { SealFlags } from "./secret/seal.js";
import type { ListFlags, SetFlags } from "./secret/set.js";

/** Adds the commands about secrets. */
export const addSecret: AddVerbs = (program, finish) => {
  const secret = program
    .command("secret")
    .summary("set Secrets that are kept out of Git, and seal those that are in Git")
    .description("Set Secrets that are kept out of Git, list them, and encrypt Secrets for Git.")
    .addHelpText(
      "after",
      "\nExamples:\n  overseer secret set db password=- -n shop\n  overseer secret list -n shop\n  overseer secret seal db password=env:DB_PASSWORD -n shop --cert sealed.pem",
    );
  const set = secret
    .command("set")
    .argument("<NAME>", "the Secret")
    .argument("<KEY=SOURCE...>", "KEY=- reads standard input, KEY=@FILE a file, KEY=env:VARIABLE a variable")
    .summary("create a Secret, or set some of its keys")
    .description(
      "Create a Secret, or set some of its keys. Other keys stay. The Secret is marked with your name and the time; no app overwrites or deletes it. Values are never arguments.",
    )
    .option("--type <TYPE>", "type of the Secret, such as kubernetes.io/tls")
    .option("--replace", "remove keys that are not given")
    .action(async (name: string, items: string[], flags: SetFlags) => {
      const { setSecret } = await import("./secret/set.js");
      finish(await setSecret(name, items, flags));
    });
  withClusterFlags(set);
  const list = secret
    .command("list")
    .summary("list Secrets that are kept out of Git, with owner and age")
    .description("List the Secrets that were set by overseer secret set, with who set them and when. Reads no values.")
    .option("-A, --all-namespaces", "Secrets of all namespaces")
    .action(async (flags: ListFlags) => {
      const { listSecrets } = await import("./secret/set.js");
      finish(await listSecrets(flags));
    });
  withClusterFlags(withOutput(list, ["json"]));
  secret
    .command("seal")
    .argument("[NAME]", "the Secret")
    .argument("[KEY=SOURCE...]", "values, as for set; or -f")
    .summary("encrypt a Secret for Sealed Secrets, without a cluster")
    .description(
      "Encrypt a Secret for the public key of Sealed Secrets, and print the SealedSecret. Needs no cluster and no kubeseal.",
    )
    .requiredOption("--cert <FILE>", "certificate of the controller, or RSA public key, in PEM")
    .option("-n, --namespace <NAME>", "namespace of the Secret")
    .option("-f, --filename <FILE>", "manifest of a Secret, or - for standard input; it must not be committed")
    .addOption(
      new Option("--scope <SCOPE>", "where the value may be used")
        .choices(["strict", "namespace-wide", "cluster-wide"])
        .default("strict"),
    )
    .action(async (name: string | undefined, items: string[], flags: SealFlags) => {
      const { sealSecret } = await import("./secret/seal.js");
      finish(await sealSecret(name, items, flags));
    });
};
