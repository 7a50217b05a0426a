import { expect } from "chai";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import { hasPlace, verifiedRecords } from "../../../../src/controllers/git-repository/verify/records.js";
import { repository } from "../support/resources.js";

describe("the records of verified revisions", () => {
  it("include the ref of the repository, however many refs apps use", () => {
    const refs = [{ branch: "main" }, ...Array.from({ length: 120 }, (_, at) => ({ branch: `feature-${at}` }))];
    const verified = refs.map(({ branch }) => ({
      ...{ ref: `branch=${branch}`, commit: "c", mode: "Range" as const, keys: "k", signer: "s", key: "k" },
    }));
    const it = repository("shop/repo", { spec: { ref: { branch: "main" } }, status: { verified } });
    const names = verifiedRecords(new RevisionIndex(), "shop/repo", it, refs).map(({ ref }) => ref);
    expect(names).to.have.length(100).and.include("branch=main");
    expect(names).to.deep.equal(names.toSorted());
  });

  it("have a place for the ref of the repository, and for others while there are fewer than a hundred", () => {
    const of = (count: number) =>
      repository("shop/repo", {
        spec: { ref: { branch: "main" } },
        status: {
          verified: Array.from({ length: count }, (_, at) => ({
            ...{ ref: `branch=feature-${at}`, commit: "c", mode: "Range" as const, keys: "k", signer: "s", key: "k" },
          })),
        },
      });
    const places = (count: number) => ["main", "feature-0", "new"].map((branch) => hasPlace(of(count), { branch }));
    expect(places(98)).to.deep.equal([true, true, true]);
    expect(places(99), "one is kept for the ref of the repository").to.deep.equal([true, true, false]);
    expect(places(100)).to.deep.equal([true, false, false]);
  });
});
