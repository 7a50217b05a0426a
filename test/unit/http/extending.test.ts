import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { HttpRig } from "./support/http-rig.js";
import { revisionRoute } from "./support/revision-route.js";

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), "utf8");

describe("the page on how to add an HTTP endpoint", () => {
  it("shows code that is compiled here", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(read("docs/extending/http-endpoints.md")) ?? [];
    const compiled = read("test/unit/http/support/revision-route.ts")
      .replaceAll("../../../../src/server/", "./")
      .replaceAll("../../../../src/", "../");
    expect(shown).to.equal(compiled);
  });

  it("shows an endpoint that does what the page says", async () => {
    const rig = await HttpRig.start([revisionRoute((name) => (name === "shop/web" ? "main@1" : undefined))]);
    const path = "/api/gitops/repositories/shop/web/revision";
    const { status, body, headers } = await rig.call("GET", path);
    expect([status, body]).to.deep.equal([200, { revision: "main@1" }]);
    const known = { "if-none-match": headers.get("etag") ?? "" };
    expect((await rig.call("GET", path, undefined, known)).status).to.equal(304);
    expect((await rig.call("GET", path.replace("web", "other"))).body).to.include({ code: "NOT_FOUND" });
    const invalid = await rig.call("GET", path.replace("web", "No_Name"));
    expect(invalid.body).to.include({ code: "INVALID", detail: "name: expected the name of an object" });
    expect(invalid.body.errors).to.deep.equal([{ parameter: "name", detail: "expected the name of an object" }]);
    await rig.server.stop();
  });
});
