import { expect } from "chai";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import { eventually } from "../../support/eventually.js";
import type { Call } from "../../support/fake-api-server.js";
import { added, bookmark, errorEvent, object, Rig } from "../../support/reflector-rig.js";

describe("kube/reflector: unsupported requests", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());

  for (const [how, refuse] of [
    ...[400, 406, 422].map((code) => [`${code}`, (call: Call) => call.status(code, "Invalid")] as const),
    ["400 as an event", (call: Call) => void call.open().send(errorEvent(400, "BadRequest"))],
  ] as const) {
    it(`lists again after a pause when a watch sends an invalid event (${how})`, async () => {
      (await rig.synced(5, object("a", 1, 1))).end();
      await rig.skipPause();
      refuse(await rig.nextWatch());
      await rig.skipPause();
      const again = await rig.nextWatch();
      expect(again.query).to.include({ sendInitialEvents: "true" });
      again.open().send(added("a", 1, 1), added("b", 7, 1), bookmark(8, true));
      await eventually("the list", () => rig.syncs.length === 3);
      expect(rig.syncs[1]).to.be.instanceOf(KubeStatusError);
      expect(rig.take()).to.deep.equal(["+a!", "+b"]);
    });
  }

  for (const code of [400, 406, 422]) {
    it(`lists again when a server that was away refuses its version (${code})`, async () => {
      const watch = await rig.synced(5, object("a", 1, 1));
      await eventually("synced", () => rig.reflector.synced);
      watch.cut();
      await rig.skipPause();
      const probe = await rig.server.next();
      expect(probe.query).to.include({ limit: "1", resourceVersion: "5" });
      expect(probe.headers.accept).to.equal("application/json");
      probe.status(code, "Invalid");
      await rig.skipPause();
      expect((await rig.nextWatch()).query).to.include({ sendInitialEvents: "true" });
      expect(rig.take()).to.deep.equal(["+a!"]);
    });
  }

  it("requests only metadata, even after an outage, in metadata mode", async () => {
    const own = await Rig.start({ mode: "metadata" });
    const watch = await own.synced(5);
    await eventually("synced", () => own.reflector.synced);
    watch.cut();
    await own.skipPause();
    expect((await own.server.next()).headers.accept).to.include("as=PartialObjectMetadataList;");
    await own.stop();
  });

  it("lists in pages if the server treats a streaming list as a plain watch", async () => {
    const watch = (await rig.nextWatch()).open().send(added("a", 1, 1), bookmark(2), added("b", 3, 1), bookmark(4));
    await rig.skipPause();
    await eventually("the watch is let go", () => watch.left);
    const items = [object("a", 1, 1), object("b", 3, 1)];
    (await rig.server.next()).json({ metadata: { resourceVersion: "9" }, items });
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("9");
    expect(rig.take()).to.deep.equal(["+a!", "+b!"]);
  });
});
