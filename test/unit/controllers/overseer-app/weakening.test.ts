import { expect } from "chai";
import { Heart } from "../support/heart.js";

const file = (name: string, value = "1"): Readonly<Record<string, string>> => ({
  [`${name}.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${value}" }\n`,
});
const files = (...names: string[]): Readonly<Record<string, string>> =>
  Object.assign({}, ...names.map((name) => file(name)));
const GOVERNED = { namespaces: [{ name: "shop" }] };

/** An app of an Environment with these settings, that has applied files. */
async function governed(first: Readonly<Record<string, string>>, sync: Record<string, unknown>): Promise<Heart> {
  const heart = new Heart();
  heart.environment("prod", GOVERNED);
  heart.commit(first);
  heart.apply("web", { sync });
  heart.start();
  await heart.settle(["web"]);
  if (sync.mode === "Manual") heart.request("go", "web");
  await heart.settle(["web"]);
  return heart;
}

describe("an edit of an app that asks for less", () => {
  it("leaves the next Change in manual mode, until a user has requested it", async () => {
    const heart = await governed(file("a"), { mode: "Manual" });
    heart.apply("web", { sync: { mode: "Automatic" } });
    heart.commit(file("a", "2"));
    heart.start();
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
    const waiting =
      heart
        .changes("web")
        .find((one) => one.endsWith("Waiting"))
        ?.split(" ")[0] ?? "";
    expect(heart.change(waiting)?.status?.waitingFor).to.contain(
      "manual: sync.mode was Manual when the last Change passed its gates, and stays so for this one",
    );
    heart.request("go-2", "web");
    await heart.settle(["web"]);
    heart.commit(file("a", "3"));
    await heart.settle(["web"]);
    expect(heart.objects(), "the edit is in effect").to.deep.equal(['ConfigMap shop/a {"v":"3"} of shop/web']);
  });

  it("does not widen the prune budget of the next Change, until a user has approved its plan", async () => {
    const heart = await governed(files("a", "b", "c", "d", "e"), { pruneBudget: 1 });
    heart.apply("web", { sync: { pruneBudget: 100 } });
    heart.commit(files("a"));
    await heart.settle(["web"]);
    expect(heart.objects()).to.have.length(5);
    const waiting =
      heart
        .changes("web")
        .find((one) => one.endsWith("Waiting"))
        ?.split(" ")[0] ?? "";
    expect(heart.change(waiting)?.status?.waitingFor).to.contain("exceeds the prune budget of 1");
    heart.approve(waiting, "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.have.length(1);
  });

  it("is in effect at once for an app of no Environment", async () => {
    const heart = new Heart();
    heart.commit(file("a"));
    heart.apply("web", { sync: { mode: "Manual" } });
    heart.start();
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([]);
    heart.apply("web");
    await heart.settle(["web"]);
    expect(heart.objects()).to.have.length(1);
  });

  it("does not count if others write the recorded settings into the status", async () => {
    const heart = await governed(file("a"), { mode: "Manual" });
    const app = heart.app("web");
    if (app?.status?.settings === undefined) throw new Error("no settings are recorded");
    heart.api.put("overseerapps", {
      ...app,
      status: { ...app.status, settings: { ...app.status.settings, mode: "Automatic" } },
    });
    heart.start();
    await heart.settle(["web"]);
    expect(heart.events.join()).to.contain("StatusNotSigned");
  });
});
