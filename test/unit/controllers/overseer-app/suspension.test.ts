import { expect } from "chai";
import { rfc3339 } from "../../../../src/base/clock.js";
import { Heart } from "../support/heart.js";
import { valueMap as map, syncedHeart } from "../support/synced-heart.js";

const HOUR = 3_600_000;

describe("a suspension with an end", () => {
  let heart: Heart;
  const value = (): string | undefined => /"v":"(\d+)"/.exec(heart.objects()[0] ?? "")?.[1];
  const edit = (v: string): void => {
    const key = "/ConfigMap/shop/a";
    const changed = heart.destination.objects.get(key)?.object;
    heart.destination.edit(key, { object: { ...changed, data: { v } } as NonNullable<typeof changed> });
  };
  const messageOf = (type: string): string | undefined =>
    heart.app("web")?.status?.conditions?.find((one) => one.type === type)?.message;
  let until: string;

  beforeEach(async () => {
    heart = await syncedHeart();
    until = rfc3339(heart.clock.now() + 2 * HOUR);
    heart.apply("web", { suspend: true, suspendUntil: until, suspendReason: "by ann: hotfix" });
    await heart.settle(["web"]);
    edit("9");
    heart.commit({ "a.yaml": map("2") });
  });

  it("reverts and applies nothing, and says who suspended the app, why and until when", async () => {
    await heart.settle(["web"], HOUR);
    expect(value()).to.equal("9");
    expect(messageOf("Ready")).to.equal(
      `suspended (by ann: hotfix): nothing is applied, reverted or deleted until ${until}`,
    );
  });

  it("ends by itself, and shows drift for a minute before it is reverted", async () => {
    const next = (await heart.reconcile("web")) ?? 0;
    expect(next, "it wakes up by itself").to.be.within(HOUR, 2 * HOUR);
    heart.clock.advance(next);
    const shown = (await heart.reconcile("web")) ?? 0;
    expect(shown).to.be.within(1, 60_000);
    expect(value()).to.equal("9");
    expect(heart.conditions("web")).to.include.members([
      "Drifted=True/SuspensionEnded",
      "Waiting=True/SuspensionEnded",
    ]);
    expect(messageOf("Drifted")).to.contain("ConfigMap shop/a");
    heart.clock.advance(30_000);
    await heart.reconcile("web");
    expect(value(), "other events do not shorten that").to.equal("9");
    heart.start();
    heart.clock.advance(10_000);
    await heart.reconcile("web");
    expect(value(), "nor does a restart").to.equal("9");
    await heart.settle(["web"], 60_000);
    expect(value()).to.equal("2");
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
  });

  it("shows drift first, even if the operator was down when the suspension ended", async () => {
    heart.clock.advance(10 * HOUR);
    heart.start();
    await heart.reconcile("web");
    expect([value(), heart.conditions("web").includes("Drifted=True/SuspensionEnded")]).to.deep.equal(["9", true]);
    heart.apply("web", { suspend: true, suspendUntil: rfc3339(heart.clock.now() + HOUR) });
    await heart.settle(["web"], HOUR / 2);
    expect(value()).to.equal("9");
    heart.apply("web");
    await heart.settle(["web"]);
    expect(value(), "resumed by a user").to.equal("2");
  });
});

describe("a suspension while a Change is being applied", () => {
  const many = (count: number): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `${index}.yaml`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m${index} }\n`,
      ]),
    );

  it("ends it between two writes, and it continues when the suspension ends", async () => {
    const heart = new Heart();
    heart.commit(many(40));
    heart.apply("web");
    heart.start((point) => {
      if (point === "app:after-first-write") heart.suspend("web");
    });
    await heart.reconcile("web");
    const written = heart.objects().length;
    expect(written).to.be.within(1, 20);
    await heart.settle(["web"], 60_000);
    expect(heart.objects()).to.have.length(written);
    expect(heart.conditions("web")).to.include("Ready=False/Suspended");
    heart.start();
    heart.apply("web");
    await heart.settle(["web"]);
    expect(heart.objects()).to.have.length(40);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
  });
});
