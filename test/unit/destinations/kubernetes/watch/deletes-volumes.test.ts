import { expect } from "chai";
import { deletesVolumes } from "../../../../../src/destinations/kubernetes/watch/deletes-volumes.js";

const SET = { group: "apps", kind: "StatefulSet" };
const TEMPLATES = [{ metadata: { name: "data" } }];

describe("deletesVolumes", () => {
  for (const [what, kind, spec, expected] of [
    ["the default", SET, { volumeClaimTemplates: TEMPLATES }, false],
    [
      "Retain",
      SET,
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain" }, volumeClaimTemplates: TEMPLATES },
      false,
    ],
    [
      "Delete",
      SET,
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" }, volumeClaimTemplates: TEMPLATES },
      true,
    ],
    ["Delete, without claims", SET, { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } }, false],
    [
      "Delete when scaled down",
      SET,
      { persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" }, volumeClaimTemplates: TEMPLATES },
      false,
    ],
    [
      "another kind",
      { group: "example.com", kind: "StatefulSet" },
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" }, volumeClaimTemplates: TEMPLATES },
      false,
    ],
  ] as const)
    it(`is ${expected} for ${what}`, () => {
      const metadata = { name: "db", uid: "u", resourceVersion: "1" };
      expect(deletesVolumes({ metadata, spec }, kind)).to.equal(expected);
    });
});
