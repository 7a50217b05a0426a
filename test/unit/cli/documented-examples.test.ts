import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Command } from "commander";
import { createProgram } from "../../../src/cli/program.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

const DOCS = join(repositoryRoot(), "docs");

/** Every command line `overseer …` in the code blocks of the pages about the command line and about secrets. */
function documented(): string[] {
  const inFolder = (folder: string) => readdirSync(join(DOCS, folder)).map((name) => join(folder, name));
  const pages = ["cli.md", "sources/sops.md", ...inFolder("cli"), ...inFolder("secrets")];
  return pages.flatMap((page) =>
    commandsIn(
      readFileSync(join(DOCS, page), "utf8")
        .split("```")
        .filter((_, index) => index % 2 === 1)
        .join("\n"),
    ),
  );
}

/** The beginning of a command line, also as a step of a pipeline of CI. */
const COMMAND = /^\s*(?:\$ |- (?:run: )?)?overseer /;

function commandsIn(text: string): string[] {
  return text.split("\n").flatMap((line) => (COMMAND.test(line) ? [line.replace(COMMAND, "overseer ").trim()] : []));
}

/** Splits a command line as a shell does, up to a pipe or redirection. */
function split(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
  const end = words.findIndex((word) => /^(\||&&|\d?>)/.test(word));
  return (end < 0 ? words : words.slice(0, end)).slice(1);
}

/** The program with commands that do nothing but accept their arguments. */
function inert(ran: string[]): Command {
  const program = createProgram("overseer", () => {});
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0) command.action(() => void ran.push(command.name()));
    command.commands.forEach(silence);
  };
  silence(program);
  return program;
}

describe("documented command lines", () => {
  const examples = [...new Set(documented())];

  it("exist for every command", () => {
    const leaves = (command: Command): string[] =>
      command.commands.length === 0 ? [command.name()] : command.commands.flatMap(leaves);
    const shown = new Set(examples.flatMap(split));
    expect(leaves(createProgram("overseer", () => {})).filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it("are accepted with all their flags, those of the pages and those of --help", async () => {
    const helps: string[] = [];
    const collect = (command: Command): void => {
      command.configureOutput({ writeOut: (text) => void helps.push(...commandsIn(text)) }).outputHelp();
      command.commands.forEach(collect);
    };
    collect(createProgram("overseer", () => {}));
    expect(helps.length).to.be.greaterThan(20);
    for (const line of new Set([...examples, ...helps])) {
      if (/overseer (COMMAND|__complete)/.test(line)) continue;
      const ran: string[] = [];
      await inert(ran)
        .parseAsync(split(line), { from: "user" })
        .catch((error: Error) => expect.fail(`${line}: ${error.message}`));
      expect(ran.length, line).to.equal(1);
    }
  });
});
