import { expect } from "chai";
import { mapLimit } from "../../../src/base/semaphore.js";
import type { RawObject } from "../../../src/kube/object.js";
import { compileWithSupplies } from "../../../tools/compose-corpus.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { CoreDns } from "../../support/coredns.js";
import type { TestObject } from "../../support/kube.js";
import { World } from "../../support/world.js";
import { publicFiles } from "../../unit/render/compose/support/public-files.js";

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

  it("are applied in order, and a changed file restarts only the service that mounts it", async () => {
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

    // The strategy of before, which the API server filled in, must not hinder the one of a service with volumes.
    await world.kube.apply(volumeFor(world.namespace, "wiki-uploads"));
    const uploads = APP.replace('"./conf:/etc/wiki:ro"', '"./conf:/etc/wiki:ro", "uploads:/var/uploads"');
    const third = await repo.commit(
      { "wiki/app.yaml": uploads.replace("{ data: {} }", "{ data: {}, uploads: {} }") },
      "Keep uploads",
    );
    await world.poll("wiki");
    await world.synced("wiki", third);
    expect((await get("apps/v1", "Deployment", "wiki"))?.spec?.strategy).to.deep.equal({ type: "Recreate" });
  });

  it("run the image of a folder in Git, and restart when the folder changes", async () => {
    const app = `apiVersion: overseer.io/v1
kind: App
metadata: { name: built }
spec: { compose: { services: { built: { build: ./site } } } }
`;
    const repo = await world.repository("built", { "apps/app.yaml": app, "apps/site/Dockerfile": "FROM scratch\n" });
    const builtImages = { registry: "registry.example.com/team" };
    await world.app("built", "built", "apps", {
      source: { repositoryRef: { name: "built" }, path: "apps", compose: { builtImages } },
    });
    const image = async (commit: string): Promise<unknown> => {
      await world.synced("built", commit);
      return containerOf(await world.kube.get<Live>(world.object("apps/v1", "Deployment", "built"))).image;
    };
    const expected = async (): Promise<string> =>
      `registry.example.com/team/built-built:${(await repo.git("rev-parse", "HEAD:apps/site")).trim()}`;
    const before = await expected();
    expect(await image(await repo.head())).to.equal(before);
    const beside = await repo.commit({ "apps/README.txt": "x" }, "Add a file beside the folder");
    await world.poll("built");
    expect(await image(beside)).to.equal(before);
    const inside = await repo.commit({ "apps/site/page": "x" }, "Add a page");
    await world.poll("built");
    expect([await image(inside), before === (await expected())]).to.deep.equal([await expected(), false]);
  });

  it("are found by a real CoreDNS as by the one of Docker: without ports, by aliases, and before they are ready", async () => {
    const service = (rest = "") => `{ image: "example.com/a:1"${rest} }`;
    const app = [
      "apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: names }\nspec:\n  compose:\n    services:",
      `      web: ${service(', networks: { default: { aliases: [front] } }, links: ["cache:redis"]')}`,
      `      cache: ${service(', ports: ["6379"]')}`,
      `      db_main: ${service(', environment: { PEER: "web" }')}`,
      `      waits: ${service(', healthcheck: { test: "true" }')}`,
    ].join("\n");
    await world.repository("names", { "app.yaml": app });
    await world.app("names", "names", ".");
    await world.synced("names");
    const dns = await CoreDns.start(world.controlPlane.kubeconfigPath);
    try {
      const pods = await world.kube.list<Live>("v1", "Pod", world.namespace, "app.kubernetes.io/name=names");
      const addressOf = (service: string): string => {
        const pod = pods.find(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === service);
        return String(pod?.status?.podIP);
      };
      const expected = {
        web: "web",
        front: "web",
        cache: "cache",
        redis: "cache",
        "db-main": "db-main",
        waits: "waits",
      };
      for (const [name, component] of Object.entries(expected))
        await waitUntil({ what: `CoreDNS knows ${name}`, timeoutMs: 30_000 }, async () => {
          const found = await dns.resolve(name, world.namespace);
          return found.length === 1 && found[0] === addressOf(component);
        });
      expect(await dns.resolve("other", world.namespace)).to.deep.equal([]);
      // Not ready any more: Docker still resolves its name.
      const waiting = pods.find(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "waits");
      const name = waiting?.metadata.name ?? "";
      const conditions = [{ type: "Ready", status: "False" }];
      const patch = { type: "strategic", subresource: "status" } as const;
      await world.kube.patch(world.object("v1", "Pod", name), { status: { conditions } }, patch);
      await world.kube.until<Live>(
        world.object("apps/v1", "Deployment", "names-waits"),
        "sees the pod",
        ({ status }) => status?.unavailableReplicas === 1,
      );
      expect(await dns.resolve("waits", world.namespace)).to.deep.equal([addressOf("waits")]);
    } finally {
      await dns.stop();
    }
  });

  it("from sixty public files are objects that an API server accepts", async () => {
    const compiled = await mapLimit(await publicFiles(), 1, async ({ name, text }) => {
      const { result } = await compileWithSupplies("public", text);
      return { name, documents: result?.documents ?? [] };
    });
    const apps = compiled.filter(({ documents }) => documents.length > 0).length;
    const objects = compiled.flatMap(({ name, documents }) => documents.map(({ object }) => ({ name, object })));
    await mapLimit(objects, 8, async ({ name, object }) => {
      const own = { ...object, metadata: { ...object.metadata, namespace: world.namespace } } as TestObject;
      await world.kube.apply(own, "tests", { dryRun: "All" }).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`);
      });
    });
    expect(apps).to.equal(59);
    expect(objects.length).to.be.above(500);
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
