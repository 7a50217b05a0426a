import { expect } from "chai";
import fc from "fast-check";
import { ShardBalance } from "../../../../src/wiring/shards/shard-balance.js";

function balanceOf(self: string, holders: Readonly<Record<string, string>>): ShardBalance {
  const balance = new ShardBalance(self);
  for (const [shard, holder] of Object.entries(holders)) balance.observe(shard, holder);
  return balance;
}

describe("The balance of shards", () => {
  const cases: readonly (readonly [what: string, holders: Record<string, string>, requested: string | undefined])[] = [
    ["nothing while nobody holds a shard", { a: "", b: "" }, undefined],
    ["nothing from a process with one shard", { a: "x" }, undefined],
    ["one of two of another process", { a: "x", b: "x" }, "b"],
    ["nothing where the difference is one", { a: "x", b: "x", c: "me" }, undefined],
    ["one where the difference is two", { a: "x", b: "x", c: "x", d: "me" }, "c"],
    ["one of the process with most", { a: "x", b: "x", c: "y", d: "y", e: "y" }, "e"],
    ["nothing from itself", { a: "me", b: "me", c: "me" }, undefined],
  ];
  for (const [what, holders, requested] of cases)
    it(`requests ${what}`, () => expect(balanceOf("me", holders).toRequest()).to.equal(requested));

  it("makes shares equal within one by requests, from any state, and then requests nothing", () => {
    const holders = fc.array(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(holders, (start) => {
        const state = Object.fromEntries(start.map((holder, index): [string, string] => [`s${index}`, holder]));
        for (let moves = 0; moves <= 40; moves++) {
          const wishes = ["x", "y", "z"].flatMap((self) => {
            const shard = balanceOf(self, state).toRequest();
            return shard === undefined ? [] : [{ self, shard }];
          });
          const [wish] = wishes;
          if (wish === undefined) break;
          state[wish.shard] = wish.self;
        }
        const counts = ["x", "y", "z"].map((self) => balanceOf(self, state).held.length);
        expect(Math.max(...counts) - Math.min(...counts)).to.be.lessThan(2);
      }),
    );
  });

  it("leaves a free shard the longer to others, the more it holds, up to half a second", () => {
    expect(balanceOf("me", { a: "x" }).hesitateMs()).to.equal(0);
    expect(balanceOf("me", { a: "me", b: "me" }).hesitateMs()).to.equal(200);
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`s${index}`, "me"]));
    expect(balanceOf("me", many).hesitateMs()).to.equal(500);
  });
});
