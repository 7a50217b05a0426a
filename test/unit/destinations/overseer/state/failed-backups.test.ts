import { expect } from "chai";
import { failedBackups } from "../../../../../src/destinations/overseer/state/failed-backups.js";
import { NO_BACKUP } from "../../../../../src/overseer-core/operations/data-jobs.js";

describe("backups that failed", () => {
  const records = new Map<string, unknown>([
    ["1", { backup: { ...NO_BACKUP, problem: "the disk is full" } }],
    ["2", { backup: { ...NO_BACKUP, lastSuccess: "2026-05-01T03:00:00.000Z" } }],
    ["3", { backup: null }],
    ["4", { backup: { ...NO_BACKUP, problem: "no restic", lastSuccess: "2026-05-01T03:00:00.000Z" } }],
  ]);
  const state = { byId: (_kind: string, uid: string) => records.get(uid) } as Parameters<typeof failedBackups>[1];
  const object = (kind: string, name: string, uid: string) => ({
    id: { group: "core", kind, namespace: "", name },
    uid,
  });

  it("are named with the cause and the time of the last good one", () => {
    const objects = [object("App", "wiki", "4"), object("App", "photos", "1"), object("App", "web", "2")];
    const others = [object("App", "blog", "3"), object("Route", "a/", "1"), object("App", "gone", "9")];
    expect(failedBackups([...objects, ...others] as Parameters<typeof failedBackups>[0], state)).to.deep.equal([
      "app photos: the disk is full; there is no earlier one",
      "app wiki: no restic; the last one is of 2026-05-01T03:00:00.000Z",
    ]);
  });
});
