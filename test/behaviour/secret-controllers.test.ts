import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { loadAll } from "js-yaml";
import type { RawObject } from "../../src/kube/object.js";
import { moduleFolder } from "../../tools/go-module.js";
import { EXTERNAL_SECRETS_MODULE, SEALED_SECRETS_MODULE } from "../../tools/versions.js";
import { yamlExamples } from "../support/doc-examples.js";
import type { TestObject, TestRef } from "../support/kube.js";
import { condition, deployment, World } from "../support/world.js";

/** The examples of the documentation. */
const EXAMPLES = yamlExamples<{ kind: string }>("docs/secrets.md");

/** The definitions of the projects themselves. */
async function definitions(): Promise<TestObject[]> {
  const [external, sealed] = [await moduleFolder(EXTERNAL_SECRETS_MODULE), await moduleFolder(SEALED_SECRETS_MODULE)];
  const files = [
    ...["externalsecrets", "secretstores"].map((name) =>
      join(external, `config/crds/bases/external-secrets.io_${name}.yaml`),
    ),
    join(sealed, "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml"),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) => loadAll(text).filter(Boolean) as TestObject[]);
}

const SEALED = "bitnami.com/v1alpha1";
const EXTERNAL = "external-secrets.io/v1";
const KINDS = [
  [SEALED, "SealedSecret"],
  [EXTERNAL, "ExternalSecret"],
  [EXTERNAL, "SecretStore"],
] as const;

describe("Secrets that other controllers make", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("controllers");
    for (const one of await definitions()) await world.kube.apply(one, "kubectl");
    for (const [apiVersion, kind] of KINDS) await world.kube.resource(apiVersion, kind);
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

  it("are the Secrets of External Secrets: awaited after their store, refreshed without a Change, and deleted by their owner", async () => {
    const example = EXAMPLES.find((one) => one.kind === "ExternalSecret") as unknown as TestObject;
    const waved = (object: TestObject, wave: number): string => {
      const annotations = { "gitops.overseer.io/wave": String(wave) };
      return JSON.stringify({ ...object, metadata: { name: object.metadata.name, annotations } });
    };
    const store: TestObject = {
      apiVersion: EXTERNAL,
      kind: "SecretStore",
      metadata: { name: "vault" },
      spec: { provider: { fake: { data: [{ key: "shop/db", value: "{}" }] } } },
    };
    const web = deployment("eso").replace(
      "metadata:\n",
      'metadata:\n  annotations: { gitops.overseer.io/wave: "2" }\n',
    );
    const files = { "store.yaml": waved(store, 0), "secret.yaml": waved(example, 1), "web.yaml": web };
    const repo = await world.repository("eso", files);
    await world.app("eso", "eso", ".");
    const waits = (text: string) =>
      world.kube.until(world.appRef("eso"), `waits for ${text}`, (object) =>
        String(condition(object as never, "Reconciling")?.message).includes(text),
      );
    const [storeRef, ref] = [
      world.object(EXTERNAL, "SecretStore", "vault"),
      world.object(EXTERNAL, "ExternalSecret", "db"),
    ];
    await waits(`SecretStore ${world.namespace}/vault`);
    expect(await world.kube.get(ref)).to.equal(undefined);
    const readyStore = { type: "Ready", status: "True", reason: "Valid", message: "store validated" };
    await patchStatus(storeRef, { capabilities: "ReadWrite", conditions: [readyStore] });
    await waits(`ExternalSecret ${world.namespace}/db`);

    // As its controller writes it: owned, labeled, and with a copy of the annotations of its source.
    const source = (await world.kube.get(ref)) as RawObject;
    const { annotations = {}, uid } = source.metadata;
    const write = (value: string) =>
      world.kube.apply(
        {
          apiVersion: "v1",
          kind: "Secret",
          metadata: {
            name: "db",
            namespace: world.namespace,
            labels: { ...source.metadata.labels, "reconcile.external-secrets.io/managed": "true" },
            annotations: { ...annotations, "reconcile.external-secrets.io/data-hash": value.slice(-4) },
            ownerReferences: [
              {
                apiVersion: EXTERNAL,
                kind: "ExternalSecret",
                name: "db",
                uid,
                controller: true,
                blockOwnerDeletion: true,
              },
            ],
          },
          stringData: { password: value },
        },
        "externalsecrets.external-secrets.io/db",
      );
    await write(world.canary());
    const synced = { type: "Ready", status: "True", reason: "SecretSynced", message: "secret synced" };
    const syncedResourceVersion = `${source.metadata.generation}-0123456789abcdef`;
    await patchStatus(ref, { binding: { name: "db" }, syncedResourceVersion, conditions: [synced] });
    await world.synced("eso");
    const { length } = await world.changes("eso");

    const refreshed = await write(world.canary());
    await world.poke("eso");
    const app = await world.synced("eso");
    expect(condition(app, "Drifted")).to.equal(undefined);
    expect(await world.changes("eso")).to.have.length(length);
    expect((await secret("db"))?.metadata.resourceVersion).to.equal(refreshed.metadata.resourceVersion);

    // What its definition does not accept is refused before anything is written.
    const bad = { ...example, spec: { ...(example.spec as object), data: [{ secretKey: "password" }] } };
    const commit = await repo.commit({ "secret.yaml": waved(bad, 1), "web.yaml": null }, "bad");
    await world.poll("eso");
    const refused = await world.untilCondition("eso", "Ready", "False");
    expect(JSON.stringify(refused.status)).to.include("secret.yaml:1").and.include("remoteRef");
    expect(await world.kube.isKept(world.object("apps/v1", "Deployment", "eso"))).to.equal(true);
    expect(JSON.stringify(refused.status)).to.include(commit.slice(0, 7));

    // Kubernetes deletes the Secret with its owner.
    const last = await repo.commit({ "secret.yaml": null }, "without");
    await world.poll("eso");
    await world.synced("eso", last);
    await world.kube.untilGone(world.object("v1", "Secret", "db"));
    expect(await world.kube.isKept(storeRef)).to.equal(true);
  });
});
