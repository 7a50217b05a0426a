import { expect } from "chai";
import type { GitRemote } from "../../../../src/git/engine.js";
import { StoreMap } from "../../../../src/git/stores/store-map.js";

/** A store that says what is done with it, one thing after the other. */
class FakeStore {
  readonly done: string[] = [];
  #last: Promise<unknown> = Promise.resolve();

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next;
    return next;
  }

  async remove(): Promise<void> {
    this.done.push("removed");
  }
}

describe("StoreMap", () => {
  const remote = (id: string): GitRemote => ({ url: `https://git.example.com/${id}`, credential: undefined, id });
  const [a, b] = [remote("a"), remote("b")];

  it("has one store for a remote", () => {
    const stores = new StoreMap(() => new FakeStore());
    expect(stores.of(a)).to.equal(stores.of({ ...a }));
    expect(stores.of(b)).not.to.equal(stores.of(a));
    expect(stores.values()).to.deep.equal([stores.of(a), stores.of(b)]);
  });

  it("does not keep removed stores", async () => {
    const stores = new StoreMap(() => new FakeStore());
    for (let i = 0; i < 100; i++) stores.of(remote(`${i}`));
    const [kept, gone] = [stores.of(a), stores.of(b)];
    await stores.removeAllBut(new Set(["a"]));
    expect(stores.size).to.equal(1);
    expect([kept.done, gone.done]).to.deep.equal([[], ["removed"]]);
  });

  it("returns the same store while it is in use, and removes what it fetched meanwhile", async () => {
    const stores = new StoreMap(() => new FakeStore());
    const store = stores.of(a);
    await stores.removeAllBut(new Set());
    expect(stores.has("a"), "nobody else may remove its folder").to.equal(true);
    await stores.removeAllBut(new Set());
    expect(store.done).to.deep.equal(["removed", "removed"]);
    expect(stores.of(a)).to.equal(store);
    expect(stores.size).to.equal(1);
  });

  it("waits for changes of a store before removing it", async () => {
    const stores = new StoreMap(() => new FakeStore());
    const store = stores.of(a);
    let end = (): void => {};
    const work = store.exclusive(() => new Promise<void>((resolve) => (end = resolve)));
    const removal = stores.removeAllBut(new Set());
    await Promise.resolve();
    expect(store.done).to.deep.equal([]);
    end();
    await Promise.all([work, removal]);
    expect(store.done).to.deep.equal(["removed"]);
  });
});
