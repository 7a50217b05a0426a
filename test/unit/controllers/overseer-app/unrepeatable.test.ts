import { expect } from "chai";
import { RenderCounts, realRenderer } from "../../render/support/programs.js";
import { Heart } from "../support/heart.js";

const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: {} } };
const chart = (value: string, name = "db"): Readonly<Record<string, string>> => ({
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
  "templates/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\nstringData: { user: shop, password: ${value} }\n`,
  "templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n",
});
const RANDOM = '"{{ randAlphaNum 16 }}"';

describe("A chart that renders differently each time", function () {
  this.timeout(120_000);
  let counts: RenderCounts;

  async function synced(files: Readonly<Record<string, string>>, asking = true): Promise<Heart> {
    const heart = new Heart();
    counts = new RenderCounts();
    heart.renderer = await realRenderer({ observer: counts });
    if (asking) heart.environment("prod", ASKING);
    heart.commit(files);
    heart.apply("web");
    heart.start();
    await heart.settle(["web"]);
    return heart;
  }

  it("waits with the object and the field before users approve it, and passes by break-glass", async () => {
    const heart = await synced(chart(RANDOM));
    expect(heart.changes("web")).to.deep.equal(["web-1 Waiting"]);
    const waitingFor = heart.change("web-1")?.status?.waitingFor ?? "";
    expect(waitingFor).to.contain(
      "approval: Secret shop/db (.data.password) differs each time the source is rendered, so that an approval would be for another plan after a restart: set a value that stays in Git or in an existing Secret",
    );
    heart.approve("web-1", "alice");
    await heart.settle(["web"]);
    expect(heart.objects(), "an approval").to.deep.equal([]);
    heart.approve("web-1", "alice", "BreakGlass");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    heart.approve("web-2", "alice");
    await heart.settle(["web"], 60_000);
    expect(heart.app("web"), "its deletion needs an approval only").to.equal(undefined);
  });

  it("names objects whose name is random", async () => {
    const heart = await synced(chart("fixed", '"db-{{ randNumeric 9 }}"'));
    expect(heart.change("web-1")?.status?.waitingFor).to.match(
      /Secret shop\/db-\d+ \(only in one of two renders\), Secret shop\/db-\d+ \(only in one of two renders\) differ each time/,
    );
  });

  it("is rendered once where nobody has to approve it, and a steady one twice where somebody has to", async () => {
    const free = await synced(chart(RANDOM), false);
    expect(free.changes("web")).to.deep.equal(["web-1 Succeeded"]);
    expect(counts.results.filter((one) => one === "helm miss")).to.have.length(1);
    const heart = await synced(chart("fixed"));
    heart.approve("web-1", "alice");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
    expect(counts.results.filter((one) => one === "helm miss")).to.have.length(2);
    heart.environment("other", ASKING);
    heart.commit(chart("new"));
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include("web-2 Waiting");
    expect(
      counts.results.filter((one) => one === "helm miss"),
      "two Environments ask",
    ).to.have.length(4);
  });
});
