import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadAll } from "js-yaml";
import { API_VERSION } from "../../src/api/group.js";
import { RESOURCES } from "../../src/api/resources.js";
import { checkManifest } from "../../src/cli/offline/check-manifest.js";
import type { RawObject } from "../../src/kube/object.js";
import { waitUntil } from "../../tools/wait-until.js";
import { sharedControlPlane } from "../support/control-plane.js";
import { installDefinitions } from "../support/definitions.js";
import { TestKube, type TestObject } from "../support/kube.js";

const CASES = new URL("../../../test/cases/crd-upgrade/", import.meta.url);
const documents = (file: string): TestObject[] => loadAll(readFileSync(new URL(file, CASES), "utf8")) as TestObject[];
const NAMESPACE = "crd-upgrade";

/** Paths of fields that differ. Fields that were added since may have defaults. */
function lost(before: unknown, now: unknown, path: string): string[] {
  if (typeof before !== "object" || before === null) return before === now ? [] : [path];
  return Object.entries(before).flatMap(([key, value]) =>
    lost(value, (now as Record<string, unknown> | undefined)?.[key], `${path}.${key}`),
  );
}

/** Definitions and objects of the state of 2026-11-29. */
describe("An upgrade of the definitions", function () {
  this.timeout(120_000);
  let kube: TestKube;
  before(async () => {
    kube = await TestKube.connect((await sharedControlPlane()).kubeconfigPath);
    await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  });
  after(async () => {
    if (kube === undefined) return;
    await installDefinitions(kube);
    for (const { apiVersion, kind, metadata } of objects)
      await kube.delete({ apiVersion, kind, namespace: NAMESPACE, name: metadata.name });
    await kube.delete({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE });
    await kube.client.close();
  });
  const objects: TestObject[] = documents("objects.yaml").map((object) => ({
    ...object,
    metadata: { ...object.metadata, namespace: NAMESPACE },
  }));

  it("keeps objects of an earlier version: they are served unchanged, valid, and can be written", async () => {
    for (const definition of documents("definitions.yaml")) await kube.apply(definition, "kubectl");
    const before: RawObject[] = [];
    for (const { status, ...object } of objects) {
      // The API server may still serve the schema of before for a moment.
      const created = await waitUntil({ what: `${object.kind} with the old definition`, timeoutMs: 60_000 }, () =>
        kube.apply(object),
      );
      const ref = { apiVersion: API_VERSION, kind: object.kind, namespace: NAMESPACE, name: object.metadata.name };
      before.push(status === undefined ? created : await kube.patch(ref, { status }, { subresource: "status" }));
    }
    await installDefinitions(kube);
    for (const old of before) {
      const { kind = "", metadata } = old;
      const ref = { apiVersion: API_VERSION, kind, namespace: NAMESPACE, name: metadata.name };
      const live = await kube.get(ref);
      expect(live?.metadata.uid, metadata.name).to.equal(metadata.uid);
      expect(live?.status, metadata.name).to.deep.equal(old.status);
      expect(lost(old.spec, live?.spec, "spec"), metadata.name).to.deep.equal([]);
      const written = await kube.patch(ref, { metadata: { annotations: { touched: "yes" } } });
      expect(written.metadata.annotations).to.include({ touched: "yes" });
      const object = live as unknown as Parameters<typeof checkManifest>[0]["object"];
      expect(checkManifest({ file: "", origin: metadata.name, object }), metadata.name).to.deep.equal([]);
    }
    expect(RESOURCES.length).to.be.at.least(documents("definitions.yaml").length);
  });
});
