import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";

const build = (env: Record<string, string>) =>
  spawnSync("sh", ["tools/image.sh"], {
    cwd: repositoryRoot(),
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", ...env },
  });

describe("the script that builds the image", () => {
  const other = process.arch === "arm64" ? "linux/amd64" : "linux/arm64";
  for (const [platform, said] of [
    ["windows/amd64", /PLATFORM=windows\/amd64 is not supported: use linux\/amd64 or linux\/arm64/],
    [other, /kubectl and Helm of this machine are for .*: set TOOLS_IMAGE to an image/],
  ] as const)
    it(`refuses ${platform} without what it needs, before it builds anything`, () => {
      const { status, stderr } = build({ PLATFORM: platform });
      expect(status).to.equal(2);
      expect(stderr).to.match(said);
    });
});
