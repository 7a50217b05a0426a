import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compileWithSupplies, STEPS } from "../../../../tools/compose-corpus.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";
import { NEEDS, publicFiles } from "./support/public-files.js";

/** Why the others are refused. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "sample-nginx-golang-postgres.yaml": [
    "app/compose.yaml:15 services.db.user: expected the number of the user: names are only known to the image",
  ],
};

/** What files are refused for, as the documentation names it. */
const KINDS: Readonly<Record<string, RegExp>> = {
  "folders of the host": /~ is the home directory|(?<!docker\.sock") is a path of the node/,
  "devices of the host": /is a device of the node/,
  "the Docker socket": /docker\.sock" is a path of the node/,
  "the network or the processes of the host": /add Host\w+ to source.compose.allow/,
  "a user by name": /expected the number of the user/,
};

describe("sixty public Compose files on Kubernetes", () => {
  it("compile with what a user supplies, or are refused with the reason; the documentation has the counts", async () => {
    const found: Record<string, string[]> = Object.fromEntries(STEPS.map((step) => [step, []]));
    const refused: Record<string, readonly string[]> = {};
    const kinds = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
    const files = await publicFiles();
    for (const { name, text } of files) {
      const { needed, problems, refusals, result } = await compileWithSupplies("app", text);
      if (needed === undefined) refused[name] = problems;
      else found[STEPS[needed] ?? ""]?.push(name.replace(".yaml", ""));
      for (const [kind, pattern] of Object.entries(KINDS))
        if (refusals.some((problem) => pattern.test(problem))) kinds[kind] = (kinds[kind] ?? 0) + 1;
      for (const problem of refusals)
        expect(
          Object.values(KINDS).filter((pattern) => pattern.test(problem)),
          problem,
        ).to.have.length(1);
      for (const { message } of result?.notes ?? []) expect(message, name).to.match(/^\S/);
    }
    expect(files).to.have.length(60);
    expect(refused).to.deep.equal(REFUSED);
    for (const step of STEPS) expect(found[step], step).to.have.members(NEEDS[step]);
    const withoutHost = STEPS.filter((step) => step !== "host access").flatMap((step) => found[step] ?? []);
    expect(withoutHost.length, "at least 85 % without host access").to.be.at.least(0.85 * files.length);

    const page = await readFile(join(repositoryRoot(), "docs/compose-on-kubernetes.md"), "utf8");
    const [, table = ""] = /## How public files fare\n(.*?)\n## /s.exec(page) ?? [];
    const rows = [...table.matchAll(/^\| (.*) \| (\d+) \|$/gm)].map(([, what = "", count]) => [what, Number(count)]);
    let sum = 0;
    const sums = STEPS.map((step) => (sum += NEEDS[step].length));
    expect(rows.slice(0, STEPS.length).map(([, count]) => count)).to.deep.equal(sums);
    expect(Object.fromEntries(rows.slice(STEPS.length))).to.deep.equal(kinds);
  });
});
