import { type Command, Option } from "commander";
import { VERSION } from "../../version.js";
import { EXIT } from "../exit-codes.js";
import { print } from "../terminal.js";
import type { AddVerbs } from "../verb.js";

/** Adds `overseer version`. */
export const addVersion: AddVerbs = (program: Command, finish) => {
  program
    .command("version")
    .summary("print the version of this program")
    .description('Print the version of this program, without a request. "overseer doctor" shows that of the operator.')
    .addOption(new Option("-o, --output <FORMAT>", "output format").choices(["json", "yaml", "name"]))
    .action(({ output }: { readonly output?: string }) => {
      const platform = `${process.platform}/${process.arch}`;
      if (output === "json")
        print(`${JSON.stringify({ version: VERSION, node: process.version, platform }, undefined, 2)}\n`);
      else if (output === "yaml") print(`version: ${VERSION}\nnode: ${process.version}\nplatform: ${platform}\n`);
      else print(`${VERSION}\n`);
      finish(EXIT.done);
    });
};
