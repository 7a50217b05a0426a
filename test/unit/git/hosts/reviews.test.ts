import { expect } from "chai";
import type { Review } from "../../../../src/git/hosts/git-host.js";
import { withWriteAccess } from "../../../../src/git/hosts/reviews.js";

describe("reviews", () => {
  it("ask for the permission of users who have decided, not of those who have remarked", async () => {
    const review = (name: string, state: Review["state"]): Review => ({ user: { name, id: name }, state });
    const all = [
      review("ann", "Approved"),
      review("bob", "Commented"),
      review("eve", "ChangesRequested"),
      review("joe", "Dismissed"),
    ];
    const asked: string[] = [];
    const found = await withWriteAccess(all, async ({ name }) => {
      asked.push(name);
      return name === "ann";
    });
    expect(asked).to.deep.equal(["ann", "eve"]);
    expect(found.map(({ canWrite }) => canWrite)).to.deep.equal([true, undefined, false, undefined]);
  });
});
