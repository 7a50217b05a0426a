import { expect } from "chai";
import { difference } from "../../../src/plan/difference.js";
import type { LiveObject } from "../../../src/plan/live.js";
import { document, live, observation, PROTECTED } from "./support/objects.js";

const MAP = "v1 ConfigMap shop/a";
const recorded = ({ hash }: { readonly hash: string }): string => hash;

/** Returns what happens to one object, in one word. */
function fate(desired: boolean, object: LiveObject | undefined): string {
  const documents = desired ? [document(MAP)] : [];
  const found = difference(documents, observation(...(object ? [object] : [])), recorded);
  const words = [
    ...found.writes.map(({ verb, live: before }) => (before ? `${verb} over` : verb)),
    ...found.heals.map(() => "Heal"),
    ...found.pruneCandidates.map(() => "Leftover"),
    ...found.terminating.map(() => "Vanishing"),
  ];
  return words.join(", ") || "nothing";
}

/** Returns the expected result for a desired object, written as conditions instead of in order. */
function desiredFate(object: LiveObject): string {
  if (object.ownership === "Foreign") return "Create";
  if (object.deleting) return "Vanishing";
  if (object.ownership === "Claimed" || object.documentHash !== "hash") return "Update over";
  return object.state === "AsApplied" ? "nothing" : "Heal";
}

describe("difference", () => {
  it("creates missing objects only", () => {
    expect(fate(true, undefined)).to.equal("Create");
    expect(fate(false, undefined)).to.equal("nothing");
  });

  for (const ownership of ["Owned", "Claimed", "Foreign"] as const) {
    for (const state of ["AsApplied", "Drifted", "Unverified"] as const) {
      for (const documentHash of ["hash", "other", undefined]) {
        for (const deleting of [false, true]) {
          const object = live(MAP, { ownership, state, documentHash, deleting });
          const what = `${ownership}, ${state}, ${documentHash === "hash" ? "the same" : (documentHash ?? "no")} document${deleting ? ", being deleted" : ""}`;
          it(`is ${desiredFate(object)} for a desired object: ${what}`, () => {
            expect(fate(true, object)).to.equal(desiredFate(object));
          });
          const left = ownership === "Foreign" ? "nothing" : "Leftover";
          it(`is ${left} for an object without a document: ${what}`, () => {
            expect(fate(false, object)).to.equal(left);
          });
        }
      }
    }
  }

  it("writes objects that are protected from pruning", () => {
    expect(fate(true, live(MAP, { keepAnnotations: PROTECTED, state: "Drifted" }))).to.equal("Heal");
    expect(fate(true, live(MAP, { keepAnnotations: PROTECTED, documentHash: "other" }))).to.equal("Update over");
  });

  it("writes an object on which a deployment tool has fields that the app takes over", () => {
    expect(fate(true, live(MAP, { tool: true }))).to.equal("Update over");
    expect(fate(true, live(MAP, { tool: true, deleting: true }))).to.equal("Vanishing");
    expect(fate(false, live(MAP, { tool: true }))).to.equal("Leftover");
  });

  it("identifies an object by group, kind, namespace and name, not by version", () => {
    const deployment = live("apps/v1beta2 Deployment shop/web");
    const found = difference([document("apps/v1 Deployment shop/web")], observation(deployment), recorded);
    expect(found).to.deep.equal({ writes: [], heals: [], pruneCandidates: [], paused: [], terminating: [] });
    const other = difference([document("example.com/v1 Deployment shop/web")], observation(deployment), recorded);
    expect(other.writes.map(({ verb }) => verb)).to.deep.equal(["Create"]);
    expect(other.pruneCandidates).to.deep.equal([deployment]);
  });

  it("compares with the hash that the destination records", () => {
    const found = difference(
      [document(MAP, "x")],
      observation(live(MAP, { documentHash: "keyed x" })),
      ({ hash }) => `keyed ${hash}`,
    );
    expect(found.writes).to.deep.equal([]);
  });

  it("keeps the order of documents and objects", () => {
    const documents = ["c", "a", "b"].map((name) => document(`v1 ConfigMap shop/${name}`));
    const left = ["z", "y"].map((name) => live(`v1 ConfigMap shop/${name}`));
    const found = difference(documents, observation(...left), recorded);
    expect(found.writes.map((write) => write.document)).to.deep.equal(documents);
    expect(found.pruneCandidates).to.deep.equal(left);
  });
});
