import { expect } from "chai";
import type { ChangePhase } from "../../../../../src/api/change.js";
import { expiredChanges, type HistoryEntry, neededChanges } from "../../../../../src/plan/change-history.js";
import { Heart } from "../../support/heart.js";

const file = (value: string): Readonly<Record<string, string>> => ({
  "a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${value}" }\n`,
});
const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: {} } };
const entry = (number: number, phase: ChangePhase, key = `key-${number}`): HistoryEntry => ({
  ...{ metadata: { name: `web-${number}` }, spec: { cause: "Revision", inputs: { key } }, status: { phase } },
});
const names = (changes: readonly HistoryEntry[]): string[] => changes.map(({ metadata }) => metadata.name);

/** An app that has applied value 1 as `web-1`, and whose commits wait for approvals. */
async function governed(spec: Record<string, unknown> = {}): Promise<Heart> {
  const heart = new Heart();
  heart.environment("prod", ASKING);
  heart.commit(file("1"));
  heart.apply("web", spec);
  heart.start();
  await heart.settle(["web"]);
  heart.approve("web-1", "alice");
  await heart.settle(["web"]);
  expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
  return heart;
}

async function commit(heart: Heart, value: string): Promise<void> {
  heart.commit(file(value));
  heart.clock.advance(1000);
  await heart.settle(["web"]);
}

describe("the history of an app", () => {
  it("keeps what users roll back to when many Changes are superseded meanwhile", async () => {
    const heart = await governed({ historyLimit: 10 });
    await commit(heart, "2");
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    for (let value = 3; value < 23; value++) await commit(heart, String(value));
    expect(heart.changes("web")).to.have.members([
      ...["web-1 Succeeded", "web-2 Succeeded"],
      ...["web-19 Superseded", "web-20 Superseded", "web-21 Superseded", "web-22 Waiting"],
    ]);
    heart.rollBack("back", "web", "web-1");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
  });

  it("keeps the applied and the earlier inputs also with a limit of 1, and the Change that a pin names", async () => {
    const heart = await governed({ historyLimit: 1 });
    await commit(heart, "2");
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded"]);
    heart.rollBack("back", "web", "web-1");
    await heart.settle(["web"]);
    for (let value = 3; value < 9; value++) await commit(heart, String(value));
    expect(heart.app("web")?.status?.pin?.change).to.equal("back");
    expect(heart.changes("web")).to.include.members(["back Succeeded", "web-2 Succeeded"]);
  });

  it("keeps the rejections of users when others are rejected or superseded", async () => {
    const heart = await governed();
    await commit(heart, "2");
    heart.approve("web-2", "alice", "Reject");
    await heart.settle(["web"]);
    for (let value = 3; value < 13; value++) await commit(heart, String(value));
    expect(heart.changes("web")).to.include("web-2 Rejected");
    await commit(heart, "2");
    expect(heart.changes("web").at(-1), "the same plan again").to.match(/Rejected$/);
  });

  it("counts each phase on its own", () => {
    const changes = [
      ...[1, 2, 3, 4].map((number) => entry(number, "Succeeded")),
      ...[5, 6, 7, 8].map((number) => entry(number, "Failed")),
      ...[9, 10, 11, 12].map((number) => entry(number, "Superseded")),
      ...[13, 14, 15, 16].map((number) => entry(number, "Rejected")),
      ...[17, 18, 19, 20].map((number) => entry(number, "Planned")),
      ...[21, 22, 23, 24].map((number) => entry(number, "Waiting")),
    ];
    expect(names(expiredChanges(changes, 10)).sort()).to.deep.equal(["web-13", "web-17", "web-9"]);
    expect(names(expiredChanges(changes, 3)).sort()).to.deep.equal(["web-1", "web-13", "web-17", "web-5", "web-9"]);
  });

  it("does not expire what the app relies on", () => {
    const rollback: HistoryEntry = {
      ...entry(9, "Waiting"),
      spec: { cause: "Rollback", rollbackTo: { change: "web-2" } },
    };
    const changes = [
      ...[1, 2, 3, 4, 5].map((number) => entry(number, "Succeeded")),
      entry(6, "Superseded", "key-4"),
      entry(7, "Succeeded"),
      entry(8, "Succeeded"),
      rollback,
    ];
    const pin = { change: "web-3", inputs: { key: "key-1" } };
    const needed = neededChanges(changes, { applied: { key: "key-4" }, last: "web-7", pin });
    expect([...needed].sort()).to.deep.equal(["web-1", "web-2", "web-3", "web-4", "web-6", "web-7", "web-8"]);
    const isNeeded = ({ metadata }: HistoryEntry): boolean => needed.has(metadata.name);
    expect(names(expiredChanges(changes, 1, isNeeded))).to.deep.equal(["web-5"]);
  });
});
