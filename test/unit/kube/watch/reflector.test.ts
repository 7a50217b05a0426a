import { getEventListeners } from "node:events";
import { expect } from "chai";
import { storeKey } from "../../../../src/kube/watch/fresh-list.js";
import { eventually } from "../../support/eventually.js";
import { added, bookmark, deleted, modified, object, Rig } from "../../support/reflector-rig.js";

describe("kube/reflector: listing and following", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());

  const told = async (count: number): Promise<string[]> => {
    await eventually(`${count} events`, () => rig.told.length >= count);
    return rig.take();
  };

  it("requests a streaming list, and accepts it when it is complete", async () => {
    const watch = await rig.nextWatch();
    expect(watch.path).to.equal("/api/v1/things");
    expect(watch.query).to.include({
      watch: "1",
      sendInitialEvents: "true",
      resourceVersionMatch: "NotOlderThan",
      allowWatchBookmarks: "true",
    });
    expect(watch.query).not.to.have.property("resourceVersion");
    expect(Number(watch.query.timeoutSeconds)).to.be.within(300, 600);
    watch.open().send(added("a", 3, 1), bookmark(4), added("b", 5, 2));
    await eventually("both objects are read", () => rig.read === 2);
    expect(rig.reflector.synced).to.equal(false);
    expect(rig.told).to.deep.equal([]);
    watch.send(bookmark(6, true));
    expect(await told(2)).to.deep.equal(["+a!", "+b!"]);
    expect(rig.reflector.synced).to.equal(true);
    expect(rig.syncs).to.deep.equal([undefined]);
    expect(rig.store).to.equal("a=1 b=2");
    expect(rig.observed).to.deep.equal({ listed: 0, watched: 1, restarted: 0 });
  });

  it("applies changes and deletions before the end of the initial events", async () => {
    const watch = await rig.nextWatch();
    watch.open().send(added("a", 1, 1), added("b", 2, 1), deleted("a", 3), modified("b", 4, 2), bookmark(4, true));
    expect(await told(1)).to.deep.equal(["+b!"]);
    expect(rig.store).to.equal("b=2");
  });

  it("reports added, modified and deleted objects with their previous state", async () => {
    const watch = await rig.synced(5, object("a", 1, 1));
    watch.send(added("b", 6, 1), modified("a", 7, 2), deleted("b", 8, 1));
    expect(await told(4)).to.deep.equal(["+a!", "+b", "~a", "-b"]);
    expect(rig.events.slice(2)).to.deep.equal([
      {
        type: "Modified",
        key: "ns/a",
        object: { uid: "uid-a", value: 2 },
        previous: { uid: "uid-a", value: 1 },
        initial: false,
        listed: false,
      },
      { type: "Deleted", key: "ns/b", previous: { uid: "uid-b", value: 1 }, initial: false, listed: false },
    ]);
    expect(rig.store).to.equal("a=2");
  });

  it("reports an object that replaced another of the same name as deleted and added", async () => {
    const watch = await rig.synced(5, object("a", 1, 1));
    watch.send(modified("a", 6, 2, "uid-other"), deleted("c", 7));
    expect(await told(3)).to.deep.equal(["+a!", "-a", "+a"]);
  });

  it("resumes where it ended, including bookmarks", async () => {
    const first = await rig.synced(5);
    first.send(added("a", 7, 1)).end();
    await rig.skipPause();
    const second = await rig.nextWatch();
    expect(second.query).to.include({ resourceVersion: "7" });
    expect(second.query).not.to.have.any.keys("sendInitialEvents", "resourceVersionMatch");
    second.open().send(bookmark(90)).end();
    await rig.skipPause();
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("90");
    expect(rig.take()).to.deep.equal(["+a"]);
    expect(rig.reflector.synced).to.equal(true);
    expect(rig.observed).to.deep.equal({ listed: 0, watched: 3, restarted: 2 });
  });

  it("joins lines split anywhere, even within a character", async () => {
    const watch = await rig.synced(5);
    const bytes = Buffer.from(`${JSON.stringify(added("a", 6, "ü€😀"))}\n\n${JSON.stringify(added("b", 7, 1))}\r\n`);
    for (const byte of bytes) {
      watch.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await told(2)).to.deep.equal(["+a", "+b"]);
    expect(rig.store).to.equal("a=ü€😀 b=1");
  });

  it("drops an incomplete last line, and receives its event from the next watch", async () => {
    const watch = await rig.synced(5);
    watch.send(added("a", 6, 1)).write(JSON.stringify(added("b", 7, 1)).slice(0, -5));
    watch.end();
    await rig.pause();
    expect(rig.syncs).to.deep.equal([undefined]);
    await rig.skipPause();
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("6");
    expect(rig.take()).to.deep.equal(["+a"]);
  });

  it("ends the watch if the server does not", async () => {
    const first = await rig.synced(5);
    await eventually("synced", () => rig.reflector.synced);
    const [deadline = 0] = rig.clock.timers;
    expect(deadline).to.be.within(310_000, 610_000);
    rig.clock.advance(deadline);
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("5");
    expect(first.left).to.equal(true);
  });

  it("starts only once", async () => {
    rig.reflector.start();
    await rig.synced(5);
    await eventually("synced", () => rig.reflector.synced);
    expect(rig.server.calls.length).to.equal(1);
  });

  it("leaves no listener behind on its signal when watches come and go", async () => {
    const seen = new Set<AbortSignal>();
    const add = AbortSignal.prototype.addEventListener;
    AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...rest: Parameters<typeof add>) {
      seen.add(this);
      return add.apply(this, rest);
    };
    try {
      await rig.synced(5).then((watch) => watch.end());
      for (let i = 0; i < 10; i++) {
        await rig.skipPause();
        (await rig.nextWatch()).open().end();
      }
      await rig.pause();
    } finally {
      AbortSignal.prototype.addEventListener = add;
    }
    expect([...seen].flatMap((signal) => getEventListeners(signal, "abort"))).to.deep.equal([]);
  });
});

describe("kube/reflector: requests", () => {
  it("use metadata-only responses and selectors if configured, for lists too", async () => {
    const rig = await Rig.start({ mode: "metadata", labelSelector: "a=b", fieldSelector: "metadata.name=x" });
    const watch = await rig.nextWatch();
    expect(watch.headers.accept).to.equal("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    expect(watch.query).to.include({ labelSelector: "a=b", fieldSelector: "metadata.name=x" });
    watch.status(422, "Invalid");
    const list = await rig.server.next();
    expect(list.headers.accept).to.equal("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    expect(list.query).to.deep.equal({ labelSelector: "a=b", fieldSelector: "metadata.name=x", limit: "500" });
    await rig.stop();
  });

  it("is kept by namespace and name, or by name alone", () => {
    const metadata = { uid: "u", resourceVersion: "1" };
    expect(storeKey({ metadata: { ...metadata, name: "a", namespace: "n" } })).to.equal("n/a");
    expect(storeKey({ metadata: { ...metadata, name: "a", namespace: "" } })).to.equal("a");
    expect(storeKey({ metadata: { ...metadata, name: "a" } })).to.equal("a");
  });
});
