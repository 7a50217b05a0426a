import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compileWithSupplies, STEPS } from "../../../../tools/compose-corpus.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";

const folder = join(repositoryRoot(), "test/unit/render/overseer/fixtures");

/** What has to be supplied to each file, besides variables; undefined if it is refused. */
const NEEDS: Readonly<Record<string, (typeof STEPS)[number] | undefined>> = {
  "sample-minecraft.yaml": undefined,
  "sample-nginx-golang.yaml": "images",
  "store-blinko.yaml": "variables",
  "store-cloudflare-ddns.yaml": "host access",
  "store-enshrouded.yaml": "variables",
  "store-gitlab-ce.yaml": "variables",
  "store-mattermost.yaml": "variables",
  "store-rallly.yaml": "variables",
  "store-superset.yaml": "files",
  "store-weblate.yaml": "variables",
  "store-wg-easy.yaml": "host access",
  "store-zulip.yaml": "variables",
};

describe("public Compose files on Kubernetes", () => {
  it("compile with what a user supplies, or are refused with the reason", async () => {
    const found: Record<string, string | undefined> = {};
    for (const file of (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort()) {
      const { needed, problems } = await compileWithSupplies("app", await readFile(join(folder, file), "utf8"));
      found[file] = needed === undefined ? undefined : STEPS[needed];
      if (needed === undefined)
        expect(problems).to.deep.equal([
          "app/compose.yaml:13 services.minecraft.volumes[0]: ~ is the home directory of a user, which pods do not have; use a named volume",
        ]);
    }
    expect(found).to.deep.equal(NEEDS);
  });
});
