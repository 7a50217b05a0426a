import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { yamlExamples } from "../support/doc-examples.js";
import type { TestRef } from "../support/kube.js";
import { condition, deployment, World } from "../support/world.js";

/** The examples of the documentation. */
const EXAMPLES = yamlExamples<{ kind: string }>("docs/secrets.md");

/** A definition like that of another project, as far as an operator beside it can tell. */
function definition(group: string, version: string, kind: string, plural: string) {
  const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: free, status: free } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

const SEALED = "bitnami.com/v1alpha1";
const EXTERNAL = "external-secrets.io/v1";

describe("Secrets that other controllers make", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("controllers");
    await world.kube.apply(definition("bitnami.com", "v1alpha1", "SealedSecret", "sealedsecrets"), "kubectl");
    await world.kube.apply(definition("external-secrets.io", "v1", "ExternalSecret", "externalsecrets"), "kubectl");
  });
  after(() => world?.remove());

  const patchStatus = (ref: TestRef, status: object) => world.kube.patch(ref, { status }, { subresource: "status" });

  /** What such a controller does: the Secret carries the labels and annotations of its source, and the status says how it went. */
  const make = async (source: RawObject, name: string, status: object): Promise<void> => {
    const { labels, annotations } = source.metadata;
    await world.kube.apply(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name,
          namespace: world.namespace,
          ...(labels ? { labels } : {}),
          ...(annotations ? { annotations } : {}),
        },
        stringData: { password: world.canary() },
      },
      "their-controller",
    );
    await patchStatus(world.object(String(source.apiVersion), String(source.kind), source.metadata.name), status);
  };
  const secret = (name: string) => world.kube.get(world.object("v1", "Secret", name));

  for (const { kind, apiVersion, good, bad } of [
    {
      kind: "SealedSecret",
      apiVersion: SEALED,
      bad: {
        observedGeneration: 1,
        conditions: [{ type: "Synced", status: "False", message: "no key could decrypt secret (password)" }],
      },
      good: { observedGeneration: 1, conditions: [{ type: "Synced", status: "True" }] },
    },
    {
      kind: "ExternalSecret",
      apiVersion: EXTERNAL,
      bad: {
        conditions: [
          {
            type: "Ready",
            status: "False",
            reason: "SecretSyncedError",
            message: "could not get secret data from provider",
          },
        ],
      },
      good: {
        syncedResourceVersion: "1-ab12",
        conditions: [{ type: "Ready", status: "True", reason: "SecretSynced" }],
      },
    },
  ]) {
    it(`hold later waves until the ${kind} is ready, and are left alone`, async () => {
      const name = kind.toLowerCase();
      const example = EXAMPLES.find((one) => one.kind === kind);
      const source = JSON.stringify({ ...example, metadata: { name } });
      const web = deployment(name).replace(
        "metadata:\n",
        'metadata:\n  annotations: { gitops.overseer.io/wave: "1" }\n',
      );
      const repo = await world.repository(name, { "secret.yaml": source, "web.yaml": web });
      await world.app(name, name, ".");
      const waits = await world.kube.until(world.appRef(name), "waits for the Secret", (object) =>
        String(condition(object as never, "Reconciling")?.message).includes("is waiting for the controller of"),
      );
      expect(condition(waits as never, "Reconciling")?.message).to.contain(`${kind} ${world.namespace}/${name}`);
      const ref = world.object(apiVersion, kind, name);
      await patchStatus(ref, bad);
      await world.kube.until(world.appRef(name), "tells why", (object) =>
        JSON.stringify(object.status).includes(String(bad.conditions[0]?.message)),
      );
      expect(await world.kube.get(world.object("apps/v1", "Deployment", name))).to.equal(undefined);

      await make((await world.kube.get(ref)) as RawObject, name, good);
      const app = await world.synced(name);
      expect(await world.kube.get(world.object("apps/v1", "Deployment", name))).to.not.equal(undefined);
      expect(condition(app, "Drifted")).to.equal(undefined);

      // It carries copies of our labels and annotations, and is not ours.
      const before = (await secret(name))?.metadata.resourceVersion;
      await world.poke(name);
      await world.operator.stop();
      await world.operator.start();
      await world.poke(name);
      expect((await secret(name))?.metadata.resourceVersion).to.equal(before);

      // Git without its source deletes the source only.
      const commit = await repo.commit({ "secret.yaml": null }, "without");
      await world.poll(name);
      await world.synced(name, commit);
      await world.kube.untilGone(ref);
      expect((await secret(name))?.metadata.resourceVersion).to.equal(before);
    });
  }
});
