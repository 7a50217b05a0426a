import { expect } from "chai";
import type { LedgerEntry } from "../../../../src/api/ledger.js";
import type { OverseerApp, OverseerAppStatus } from "../../../../src/api/overseer-app.js";
import { Heart } from "../support/heart.js";

const SOAK = 600_000;
const SOURCE = { repositoryRef: { name: "repo", namespace: "shop" }, path: "web" };
const APPS = ["staging/web", "prod/web"];
const file = (value: string): Readonly<Record<string, string>> => ({
  "web/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${value}" }\n`,
});

/** An app in two Environments, whose first commit has reached production after its soak. */
async function promoted(): Promise<Heart> {
  const heart = new Heart();
  heart.start();
  heart.environment("staging", { namespaces: [{ name: "staging" }] });
  const soak = {
    namespaces: [{ name: "prod", from: "staging" }],
    promotesFrom: ["staging"],
    promotion: { soak: "10m" },
  };
  heart.environment("prod", soak);
  heart.commit(file("1"));
  for (const app of APPS) heart.apply(app, { source: SOURCE });
  await heart.settle(APPS, SOAK + 180_000);
  expect(heart.app("prod/web")?.status?.applied).not.to.equal(undefined);
  return heart;
}

/** Edits the status of an app, as a user does while the admission policy is not in force. */
function edit(heart: Heart, app: string, change: (ledger: LedgerEntry[]) => LedgerEntry[], signed = true): void {
  const { status, ...rest } = structuredClone(heart.app(app)) as OverseerApp;
  const { ledgerSignature, ...fields } = status ?? {};
  const next = { ...fields, ...(signed ? { ledgerSignature } : {}), ledger: change(status?.ledger ?? []) };
  heart.api.put("overseerapps", { ...rest, status: next } as OverseerApp);
}

/** Writes a whole status, as a user does with one of before. */
function replay(heart: Heart, app: string, status: OverseerAppStatus | undefined): void {
  const found = structuredClone(heart.app(app)) as OverseerApp;
  heart.api.put("overseerapps", { ...found, ...(status ? { status } : {}) });
}

const inProd = (heart: Heart): string | undefined =>
  heart
    .objects()
    .find((text) => text.startsWith("ConfigMap prod/"))
    ?.match(/"v":"(\w+)"/)?.[1];

describe("a ledger of promotions", () => {
  it("that somebody else has written does not promote a commit, and is restored", async () => {
    const heart = await promoted();
    heart.commit(file("2"));
    await heart.settle(APPS);
    const last = heart.app("staging/web")?.status?.ledger?.at(-1);
    expect(last?.observed, "it has just begun").to.be.below(60);
    edit(heart, "staging/web", (ledger) => ledger.map((entry) => ({ ...entry, observed: 100_000 })));
    await heart.reconcile("prod/web");
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.contain("its soak of 600s ends at");
    await heart.settle(APPS, SOAK - 120_000);
    expect(inProd(heart), "before the soak has ended").to.equal("1");
    expect(heart.events.join()).to.contain("Warning LedgerNotSigned");
    await heart.settle(APPS, 300_000);
    expect(inProd(heart), "after it").to.equal("2");
  });

  it("that somebody else has written while the operator was down proves nothing", async () => {
    const heart = await promoted();
    heart.commit(file("2"));
    await heart.settle(APPS);
    edit(heart, "staging/web", (ledger) => ledger.map((entry) => ({ ...entry, observed: 100_000 })));
    heart.start();
    await heart.reconcile("prod/web");
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.contain(
      "OverseerApp staging/web: its ledger (status.ledger) is not signed by this operator",
    );
    await heart.settle(APPS, SOAK - 120_000);
    expect(inProd(heart), "before a soak of its own").to.equal("1");
    await heart.settle(APPS, 300_000);
    expect(inProd(heart), "after it").to.equal("2");
  });

  for (const isSuspended of [false, true])
    it(`of before a failure, signed, that is written again does not promote a commit${isSuspended ? ", though the app is suspended" : ""}`, async () => {
      const heart = await promoted();
      heart.commit(file("2"));
      await heart.settle(APPS, SOAK / 2);
      const healthy = structuredClone(heart.app("staging/web")?.status);
      heart.destination.edit("/ConfigMap/staging/a", { health: { status: "Degraded", message: "crash" } });
      await heart.settle(APPS);
      if (isSuspended) heart.apply("staging/web", { source: SOURCE, suspend: true });
      await heart.settle(APPS);
      replay(heart, "staging/web", healthy);
      await heart.reconcile("prod/web");
      const why = isSuspended ? /staging\/web is suspended/ : /staging\/web: it failed there at/;
      expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(why);
      await heart.settle(APPS, 2 * SOAK);
      expect(inProd(heart)).to.equal("1");
      if (isSuspended) {
        heart.start();
        replay(heart, "staging/web", healthy);
        await heart.reconcile("prod/web");
        expect(heart.app("prod/web")?.status?.promotion?.waitingFor, "after a restart").to.match(why);
        heart.apply("staging/web", { source: SOURCE });
        await heart.reconcile("prod/web");
        expect(heart.app("prod/web")?.status?.promotion?.waitingFor, "before its next reconcile").to.contain(
          "its ledger (status.ledger) is of an earlier generation of the app",
        );
      }
    });

  it("of a suspended app proves nothing, since nobody sees how that app is, until it goes on", async () => {
    const heart = await promoted();
    heart.commit(file("2"));
    await heart.settle(APPS, SOAK / 2);
    heart.environment("prod", {
      namespaces: [{ name: "prod", from: "staging" }],
      promotesFrom: ["staging"],
      freeze: { reason: "fair" },
    });
    await heart.settle(APPS, SOAK);
    heart.apply("staging/web", { source: SOURCE, suspend: true, suspendReason: "looking for a leak" });
    heart.environment("prod", { namespaces: [{ name: "prod", from: "staging" }], promotesFrom: ["staging"] });
    await heart.settle(APPS, SOAK);
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.equal(
      "OverseerApp staging/web is suspended: its health is not observed, so that it proves nothing until it goes on",
    );
    expect(inProd(heart), "though its soak had ended before").to.equal("1");
    heart.destination.edit("/ConfigMap/staging/a", { health: { status: "Degraded", message: "crash" } });
    heart.apply("staging/web", { source: SOURCE });
    await heart.settle(APPS, SOAK);
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(/staging\/web: it failed there at/);
    heart.destination.edit("/ConfigMap/staging/a", { health: { status: "Healthy" } });
    await heart.settle(APPS, SOAK);
    expect(inProd(heart)).to.equal("2");
  });

  it("of other inputs or of another app is not signed, whoever writes it", async () => {
    const heart = await promoted();
    const prod = structuredClone(heart.app("prod/web")?.status);
    const old = structuredClone(heart.app("staging/web")?.status);
    heart.commit(file("2"));
    await heart.settle(APPS);
    const { applied } = heart.app("staging/web")?.status ?? {};
    const why = async (status: OverseerAppStatus | undefined): Promise<string | undefined> => {
      heart.start();
      replay(heart, "staging/web", status);
      await heart.reconcile("prod/web");
      return heart.app("prod/web")?.status?.promotion?.waitingFor;
    };
    const text = "is not signed by this operator";
    expect(await why({ ...old, ...(applied ? { applied } : {}) }), "other inputs").to.contain(text);
    expect(await why({ ...old, ...prod }), "another app").to.contain(text);
  });

  it("of a version that did not sign soaks again, says so once, and leaves what is applied", async () => {
    const heart = await promoted();
    edit(heart, "staging/web", (ledger) => ledger, false);
    edit(heart, "prod/web", (ledger) => ledger, false);
    heart.start();
    await heart.settle(APPS);
    expect(inProd(heart)).to.equal("1");
    expect(heart.conditions("prod/web")).to.include("Ready=True/Synced");
    const said = (): number => heart.events.filter((event) => event.includes("LedgerNotSigned")).length;
    expect(said(), "once for each app").to.equal(2);
    heart.start();
    await heart.settle(APPS);
    expect(said(), "it is signed since").to.equal(2);
    heart.commit(file("2"));
    await heart.settle(APPS, SOAK - 120_000);
    expect(inProd(heart)).to.equal("1");
    await heart.settle(APPS, 300_000);
    expect(inProd(heart)).to.equal("2");
  });

  it("still holds back what has failed or was rolled back, if it is not signed", async () => {
    const heart = await promoted();
    const entry = { commit: "f".repeat(40), key: "k", ended: "2026-01-01T00:00:00Z", observed: 9_999 };
    edit(heart, "staging/web", (ledger) => [{ ...entry, how: "RolledBack" }, { ...entry, how: "Replaced" }, ...ledger]);
    heart.start();
    await heart.settle(APPS);
    const ledger = heart.app("staging/web")?.status?.ledger ?? [];
    expect(ledger.map(({ how, observed }) => [how, observed])).to.deep.equal([
      ["RolledBack", undefined],
      [undefined, 0],
    ]);
  });
});
