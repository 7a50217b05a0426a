import { expect } from "chai";
import { CORE_KINDS } from "../../../../../src/destinations/overseer/kinds/kinds.js";
import { contentDigest, OWNERSHIP_KEY } from "../../../../../src/destinations/overseer/ownership-record.js";
import { LiveSnapshot } from "../../../../../src/destinations/overseer/state/live-snapshot.js";
import { app, job, news, node, route, stateOf } from "../samples.js";

const NONE = new Set<string>();
const marked = (owner: string, instance = "i") => ({
  [OWNERSHIP_KEY]: { app: owner, instance, document: "d", content: "c" },
});

describe("what is live of the apps of a Core", () => {
  const picture = (state: ReturnType<typeof stateOf>) => new LiveSnapshot(state, { instance: "i", digestKey: "k" });
  const names = (live: ReturnType<LiveSnapshot["of"]>) => [...live.values()].map(({ id }) => id.name);

  it("contains only objects of this installation, by app", () => {
    const state = stateOf({
      app: [
        app({ metadata: marked("ns/one") }),
        app({ id: "a2", name: "two", metadata: marked("ns/two") }),
        app({ id: "a3", name: "foreign", metadata: marked("ns/one", "elsewhere") }),
        app({ id: "a4", name: "nobodys" }),
      ],
    });
    const live = picture(state);
    expect(names(live.of("ns/one"))).to.deep.equal(["web"]);
    expect(names(live.of("ns/two"))).to.deep.equal(["two"]);
    expect(names(live.of("ns/none"))).to.deep.equal([]);
  });

  it("is computed once per state, and again after a change, a write or a deletion", () => {
    const state = stateOf({ app: [app({ metadata: marked("ns/one") })], node: [node()], job: [job()] });
    const live = picture(state);
    const first = live.of("ns/one");
    expect(live.of("ns/one")).to.equal(first);
    state.take(news({ app: [app({ metadata: marked("ns/one") })] }, false), NONE);
    expect(live.of("ns/one"), "the same was read again").to.equal(first);
    state.take(news({ job: [job({ revision: 2, status: "failed" })] }, false), NONE);
    expect([...live.of("ns/one").values()][0]?.health.status).to.equal("Degraded");
    state.put("app", app({ revision: 3, metadata: marked("ns/two") }));
    expect(names(live.of("ns/one"))).to.deep.equal([]);
    expect(names(live.of("ns/two"))).to.deep.equal(["web"]);
    state.remove("app", "a1");
    expect(names(live.of("ns/two"))).to.deep.equal([]);
  });

  it("reports an interrupted apply, but no changed ownership metadata", () => {
    const rules = CORE_KINDS.find(({ kind }) => kind === "App");
    const seen = app({ version: 5 });
    const content = rules === undefined ? "" : contentDigest(rules.content(seen), "k");
    const mark = { app: "ns/one", instance: "i", document: "d", content, refs: { node: "node-1" } };
    const state = stateOf({ app: [{ ...seen, metadata: { [OWNERSHIP_KEY]: mark } }], node: [node()], job: [job()] });
    const [live] = [...picture(state).of("ns/one").values()];
    expect(live).to.include({ documentHash: undefined, unfinished: "version 5 was never deployed" });
    state.put("job", job({ revision: 2, payload: { version: 5 } }));
    const [done] = [...picture(state).of("ns/one").values()];
    expect(done).to.include({ documentHash: "d", state: "AsApplied" });
    expect(done).not.to.have.property("unfinished");
  });

  it("is computed again when its node or app is replaced or renamed", () => {
    const metadata = {
      [OWNERSHIP_KEY]: { app: "ns/one", instance: "i", document: "d", content: "c", refs: { app: "web" } },
    };
    const state = stateOf({ app: [app({ metadata: marked("ns/one") })], node: [node()], route: [route({ metadata })] });
    const live = picture(state);
    const health = (): string | undefined => live.of("ns/one").get(keyOf(live, "web"))?.health.status;
    expect(health()).to.equal("Healthy");
    state.put("node", node({ revision: 2, status: "offline" }));
    expect(health()).to.equal("Degraded");
    const before = live.of("ns/one").get(keyOf(live, "web.example.com/"));
    state.put("app", app({ id: "a1", revision: 3, name: "other", metadata: marked("ns/one") }));
    expect(live.of("ns/one").get(keyOf(live, "web.example.com/"))).not.to.equal(before);
  });
});

function keyOf(live: LiveSnapshot, name: string) {
  const found = [...live.of("ns/one").values()].find(({ id }) => id.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.key;
}
