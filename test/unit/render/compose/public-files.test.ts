import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compileWithSupplies, STEPS } from "../../../../tools/compose-corpus.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";
import { NEEDS, publicFiles } from "./support/public-files.js";

/** Why the others are refused. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "sample-minecraft.yaml": [
    "app/compose.yaml:13 services.minecraft.volumes[0]: ~ is the home directory of a user, which pods do not have; use a named volume",
  ],
  "sample-nginx-golang-postgres.yaml": [
    "app/compose.yaml:16 services.db.user: expected the number of the user: names are only known to the image",
  ],
};

describe("sixty public Compose files on Kubernetes", () => {
  it("compile with what a user supplies, or are refused with the reason; the documentation has the counts", async () => {
    const found: Record<string, string[]> = Object.fromEntries(STEPS.map((step) => [step, []]));
    const refused: Record<string, readonly string[]> = {};
    const files = await publicFiles();
    for (const { name, text } of files) {
      const { needed, problems, result } = await compileWithSupplies("app", text);
      if (needed === undefined) refused[name] = problems;
      else found[STEPS[needed] ?? ""]?.push(name.replace(".yaml", ""));
      for (const { message } of result?.notes ?? []) expect(message, name).to.match(/^\S/);
    }
    expect(files).to.have.length(60);
    expect(refused).to.deep.equal(REFUSED);
    for (const step of STEPS) expect(found[step], step).to.have.members(NEEDS[step]);
    expect(files.length - Object.keys(refused).length, "at least 85 %").to.be.at.least(0.85 * files.length);

    const page = await readFile(join(repositoryRoot(), "docs/compose-on-kubernetes.md"), "utf8");
    const [, table = ""] = /## How public files fare\n(.*?)\n## /s.exec(page) ?? [];
    const counts = [...table.matchAll(/^\| .* \| (\d+) \|$/gm)].map(([, count]) => Number(count));
    let sum = 0;
    expect(counts).to.deep.equal(STEPS.map((step) => (sum += NEEDS[step].length)));
  });
});
