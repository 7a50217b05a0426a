import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { compileWithSupplies } from "../../../tools/compose-corpus.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import type { TestObject } from "../../support/kube.js";
import { World } from "../../support/world.js";

type Live = RawObject & {
  readonly metadata: { readonly generation?: number };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

const CONF = "greeting: hello\n";
const APP = `apiVersion: overseer.io/v1
kind: App
metadata: { name: wiki }
spec:
  domain: wiki.example.com
  compose:
    services:
      wiki:
        image: example.com/wiki:\${TAG}
        environment: { DB: "postgres://wiki:\${SECRET:wiki-db}@db/wiki", GREETING: "$\${x} $$(id)" }
        expose: ["3000"]
        volumes: ["./conf:/etc/wiki:ro"]
        depends_on: { db: { condition: service_healthy }, migrate: { condition: service_completed_successfully } }
      migrate:
        image: example.com/wiki:\${TAG}
        command: migrate --all
        depends_on: { db: { condition: service_healthy } }
      db:
        image: example.com/postgres:16
        user: "70:70"
        volumes: [data:/var/lib/postgresql/data]
        healthcheck: { test: "pg_isready -U $$POSTGRES_USER", interval: 10s, start_period: 20s }
    volumes: { data: {} }
`;

describe("Compose apps on Kubernetes", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("compose");
  });
  after(() => world?.remove());

  it("are applied in the order of their dependencies; a changed file restarts only the service that mounts it", async () => {
    await world.kube.apply(volumeFor(world.namespace, "wiki-data"));
    const repo = await world.repository("wiki", { "wiki/app.yaml": APP, "wiki/conf/settings.yaml": CONF });
    await world.app("wiki", "wiki", "wiki", {
      source: { repositoryRef: { name: "wiki" }, path: "wiki", env: [{ name: "TAG", value: "v1" }] },
    });
    const app = await world.synced("wiki", await repo.head());
    expect(app.status?.health).to.equal("Healthy");
    const get = (apiVersion: string, kind: string, name: string) =>
      world.kube.get<Live>(world.object(apiVersion, kind, name));
    const [wiki, db, claim] = await Promise.all([
      get("apps/v1", "Deployment", "wiki"),
      get("apps/v1", "Deployment", "wiki-db"),
      get("v1", "PersistentVolumeClaim", "wiki-data"),
    ]);
    expect(claim?.status?.phase).to.equal("Bound");
    expect(containerOf(wiki)).to.deep.include({
      image: "example.com/wiki:v1",
      env: [
        { name: "SECRET_WIKI_DB", valueFrom: { secretKeyRef: { name: "wiki-db", key: "value" } } },
        { name: "DB", value: "postgres://wiki:$(SECRET_WIKI_DB)@db/wiki" },
        { name: "GREETING", value: "${x} $$(id)" },
      ],
    });
    expect((await get("v1", "Service", "db"))?.spec).to.deep.include({
      clusterIP: "None",
      publishNotReadyAddresses: true,
    });
    expect((await get("networking.k8s.io/v1", "Ingress", "wiki-wiki-example-com"))?.spec?.rules).to.have.length(1);
    const notes = app.status?.notes?.map(({ message }) => message) ?? [];
    expect(notes).to.deep.include(
      "spec.compose: the services wiki, migrate need a namespace with the Pod Security level baseline",
    );

    const second = await repo.commit({ "wiki/conf/settings.yaml": "greeting: welcome\n" }, "Greet in another way");
    await world.poll("wiki");
    await world.synced("wiki", second);
    const [wiki2, db2] = await Promise.all([
      get("apps/v1", "Deployment", "wiki"),
      get("apps/v1", "Deployment", "wiki-db"),
    ]);
    expect(wiki2?.metadata.generation).to.equal((wiki?.metadata.generation ?? 0) + 1);
    expect(db2?.metadata.generation).to.equal(db?.metadata.generation);
    const [, change] = await world.changes("wiki");
    expect(change?.status?.summary).to.equal("+0 ~2 -0");
  });

  it("from public files are objects that an API server accepts", async () => {
    const folder = join(repositoryRoot(), "test/unit/render/overseer/fixtures");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
    let accepted = 0;
    for (const name of names) {
      const { result } = await compileWithSupplies("public", await readFile(join(folder, name), "utf8"));
      for (const { object } of result?.documents ?? []) {
        const own = { ...object, metadata: { ...object.metadata, namespace: world.namespace } } as TestObject;
        await world.kube.apply(own, "tests", { dryRun: "All" });
        accepted += 1;
      }
    }
    expect(accepted).to.be.above(50);
  });
});

/** A volume that the claim binds to: the test cluster has no provisioner. */
function volumeFor(namespace: string, name: string): Parameters<World["kube"]["apply"]>[0] {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `${namespace}-${name}` },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      hostPath: { path: "/tmp/never-mounted" },
      claimRef: { namespace, name },
    },
  };
}

function containerOf(object: Live | undefined): Readonly<Record<string, unknown>> {
  const template = object?.spec?.template as { spec: { containers: Record<string, unknown>[] } } | undefined;
  return template?.spec.containers[0] ?? {};
}
