import { expect } from "chai";
import { ProblemError } from "../../../../src/http/problem.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import { EventHub, type HubEvent } from "../../../../src/server/rest/events/event-hub.js";
import { EventStream } from "../../../../src/server/rest/events/event-stream.js";
import { Streams } from "../../../../src/server/rest/events/streams.js";
import type { ListedPlural, Readable } from "../../../../src/server/rest/identity/reading-rights.js";
import type { ListRow } from "../../../../src/server/rest/lists/window.js";
import { FakeClock } from "../../support/fake-clock.js";

const APPS: ListedPlural = "overseerapps";

function row(name: string, state: string, namespace = "shop"): ListRow<object> {
  const common = { fields: {}, labels: {}, text: "", columns: {} };
  return { key: `${namespace}/${name}`, namespace, name, row: { namespace, name, state }, ...common };
}

describe("Event streams", () => {
  let clock: FakeClock;
  let hub: EventHub;
  let readable: Readable;
  /** What asking for the rights fails with. */
  let failure: Error | undefined;
  beforeEach(() => {
    clock = new FakeClock();
    hub = new EventHub();
    readable = { includes: (namespace) => namespace === "shop", knows: () => true, signature: "a" };
    failure = undefined;
  });
  const open = (lastEventId?: string, expires?: number, namespaces?: ReadonlySet<string>): EventStream => {
    const rights = async () => {
      if (failure) throw failure;
      return new Map([[APPS, readable]]);
    };
    const options = { hub, clock, plurals: new Set([APPS]), namespaces, lastEventId, rights, expires };
    return new EventStream(options, new Map([[APPS, readable]]));
  };
  const textOf = (stream: EventStream): string => String(stream.body.read() ?? "");
  const eventsOf = (stream: EventStream): string[] =>
    [...textOf(stream).matchAll(/^event: (\w+)(?:\nid: \S+)?\ndata: (.*)$/gm)].map(([, event, data = ""]) =>
      `${event} ${(JSON.parse(data) as { name?: string }).name ?? ""}`.trim(),
    );
  /** Returns the events after the rights were asked for again. */
  const nextOf = async (stream: EventStream): Promise<string[]> => {
    clock.advance(15_000);
    await new Promise(setImmediate);
    return eventsOf(stream);
  };

  it("begin with a position, and pass on what the user may read", () => {
    const stream = open();
    hub.changed(APPS, row("web", "new"), undefined);
    hub.changed(APPS, row("bank", "new", "bank"), undefined);
    hub.changed("changes", row("web-1", "new"), undefined);
    hub.changed(APPS, undefined, row("web", "new"));
    const text = textOf(stream);
    expect(text).to.match(/^retry: 2000\nevent: ready\nid: [0-9a-f]{12}-0\ndata: \{\}\n\n/);
    expect(text).to.contain('data: {"type":"put","namespace":"shop","name":"web","row":{');
    expect(text).to.contain('data: {"type":"delete","namespace":"shop","name":"web"}');
    expect(text).to.not.contain("bank").and.not.contain("web-1");
  });

  it("are silent about a change that rows do not show", () => {
    hub.changed(APPS, row("web", "same"), row("web", "same"));
    expect(hub.position).to.match(/-0$/);
  });

  it("resume after the last event that the client has received", () => {
    const { position } = hub;
    hub.changed(APPS, row("a", "new"), undefined);
    hub.changed(APPS, row("b", "new"), undefined);
    expect(eventsOf(open(position))).to.deep.equal(["ready", "app a", "app b"]);
    expect(eventsOf(open(hub.position))).to.deep.equal(["ready"]);
  });

  it("reset a client whose position is unknown, too old, or of another process", () => {
    const { position } = hub;
    for (let index = 0; index < 10_001; index++) hub.changed(APPS, row("a", String(index)), undefined);
    const wrong = [position, "x", `${"0".repeat(12)}-1`, `${hub.position}0`, new EventHub().position];
    for (const id of wrong) expect(eventsOf(open(id)), id).to.deep.equal(["reset"]);
  });

  it("show that they are alive, and end", () => {
    const stream = open();
    textOf(stream);
    clock.advance(15_000);
    expect(textOf(stream)).to.equal(": alive\n\n");
    stream.end();
    hub.changed(APPS, row("a", "new"), undefined);
    expect(textOf(stream)).to.equal("");
  });

  it("ask for the rights again, and reset a client whose rights have changed", async () => {
    const stream = open();
    textOf(stream);
    expect(await nextOf(stream)).to.deep.equal([]);
    readable = { ...readable, signature: "b" };
    expect(await nextOf(stream)).to.deep.equal(["reset"]);
  });

  it("end with the sign-in of the user, and with a reset if the API server only fails", async () => {
    const cases: [Error, string][] = [
      [new ProblemError("UNAUTHENTICATED", "the request needs a valid token"), "signin"],
      [new KubeStatusError(401, {}, ""), "signin"],
      [new KubeStatusError(500, {}, ""), "reset"],
      [new ProblemError("NOT_READY", "tokens cannot be verified at the moment"), "reset"],
      [new Error("socket hang up"), "reset"],
    ];
    for (const [error, event] of cases) {
      failure = undefined;
      const stream = open();
      textOf(stream);
      failure = error;
      expect(await nextOf(stream), error.message).to.deep.equal([event]);
      expect(stream.body.readableEnded || stream.body.read() === null).to.equal(true);
    }
  });

  it("end when the credential expires", () => {
    const stream = open(undefined, clock.now() + 5_000);
    textOf(stream);
    clock.advance(5_001);
    expect(eventsOf(stream)).to.deep.equal(["signin"]);
  });

  it("are limited to the namespaces that the client asks for", () => {
    const stream = open(undefined, undefined, new Set(["other"]));
    hub.changed(APPS, row("web", "new"), undefined);
    expect(eventsOf(stream)).to.deep.equal(["ready"]);
  });

  it("reset and end for a client that does not read them", () => {
    const stream = open();
    const big = "x".repeat(300_000);
    for (let index = 0; index < 5; index++) hub.changed(APPS, row("a", `${big}${index}`), undefined);
    const text = textOf(stream);
    expect(text.length).to.be.below(2_000_000);
    expect(text).to.match(/event: reset\ndata: \{\}\n\n$/);
    hub.changed(APPS, row("b", "new"), undefined);
    expect(textOf(stream)).to.equal("");
  });

  it("leave nothing behind if what was missed is too much for the client", () => {
    let listeners = 0;
    class CountedHub extends EventHub {
      override listen(listener: (event: HubEvent) => void): () => void {
        listeners++;
        const unlisten = super.listen(listener);
        return () => {
          listeners--;
          unlisten();
        };
      }
    }
    hub = new CountedHub();
    const { position } = hub;
    const stream = open(position);
    expect(listeners).to.equal(1);
    stream.end();
    const big = "x".repeat(300_000);
    for (let index = 0; index < 5; index++) hub.changed(APPS, row("a", `${big}${index}`), undefined);
    expect(textOf(open(position, clock.now() + 60_000))).to.match(/event: reset\ndata: \{\}\n\n$/);
    expect(listeners).to.equal(0);
    expect(clock.timers).to.deep.equal([]);
  });

  it("are limited for each user and in all, and end when the server stops", async () => {
    const streams = new Streams({ perUser: 2, total: 3 });
    const openFor = (user: string) => streams.open(user, new AbortController().signal, async () => open());
    const first = await openFor("eve");
    await openFor("eve");
    const refused = (user: string) =>
      openFor(user).then(
        () => "opened",
        (error: { code?: string }) => error.code,
      );
    expect(await refused("eve")).to.equal("BUSY");
    await openFor("bob");
    expect(await refused("mia")).to.equal("BUSY");
    first.body.destroy();
    await new Promise(setImmediate);
    expect(await refused("mia")).to.equal("opened");
    streams.stop();
    expect(await refused("eve")).to.equal("BUSY");
  });
});
