import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { CoreRoute } from "../../../src/api/core/route.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import { compareApps } from "../../../src/render/parity/compare.js";
import type { AppFacts, RouteFacts } from "../../../src/render/parity/facts.js";
import { kubernetesFacts } from "../../../src/render/parity/kubernetes-facts.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { Caddy, hasCaddy } from "../../support/caddy.js";
import { CoreDns } from "../../support/coredns.js";
import { DockerBench, IMAGE } from "../../support/docker-bench.js";
import { dockerFacts, resolve } from "../../support/docker-facts.js";
import { ageKey, keyFile, Sops } from "../../support/sops.js";
import { World } from "../../support/world.js";

const HOST = "shop.example.com";
const FOREVER = "trap 'exit 0' TERM; while :; do sleep 1 & wait; done";
const WEB = "busybox mkdir /www; echo from web >/www/index.html; exec busybox httpd -f -p 8080 -h /www";
const APP = `apiVersion: overseer.io/v1
kind: App
metadata: { name: shop }
spec:
  routes: [{ host: ${HOST}, service: web, port: 8080, tls: false }]
  compose:
    services:
      web:
        image: ${IMAGE}
        command: [sh, -c, ${JSON.stringify(WEB)}]
        environment:
          DB: "postgres://shop:\${SECRET:shop-db}@db/shop"
          TEXT: "a$$b $$(id) $\${x} 'q'"
          COUNT: 3
          EMPTY: ""
          FROM_APP: \${COLOR}
        configs: [{ source: settings, target: /etc/settings.ini }]
        volumes: ["shared:/data/", /anonymous]
        tmpfs: /run
        networks: { default: { aliases: [front] } }
        depends_on: [db]
        stop_grace_period: 1s
      db:
        image: ${IMAGE}
        entrypoint: [sh, -c]
        command: [${JSON.stringify(FOREVER)}]
        environment: [PLAIN=x]
        volumes: ["shared:/other", "own:/own"]
        stop_grace_period: 1s
      beside:
        image: ${IMAGE}
        network_mode: service:web
        command: sh -c "${FOREVER.replaceAll("$", "$$$$")}"
        stop_grace_period: 1s
    volumes: { shared: {}, own: {} }
    configs: { settings: { content: "color = $\${COLOR}\\nsize = 3\\n" } }
`;

type Live = RawObject & KubeObject & { readonly status?: { readonly podIP?: string; readonly phase?: string } };
type Slice = Live & { readonly endpoints?: readonly { readonly addresses: readonly string[] }[] };

describe("One repository on a Core and on Kubernetes (needs root, dockerd, busybox and caddy)", function () {
  this.timeout(180_000);
  let world: World;
  let bench: DockerBench;
  let caddy: Caddy;
  let password: string;
  let onEnd = async (): Promise<void> => {};
  before(async function () {
    if (!hasDockerAndBusybox() || !hasCaddy()) return this.skip();
    caddy = await Caddy.start();
    bench = await DockerBench.start([...caddy.flags, "--proxy-issuer", "internal"]);
    world = await World.create("both");
    password = world.canary();
    await bench.call("POST", "/api/secrets", { name: "shop-db", value: password });
    await secret("core", { token: bench.core.adminToken });
    await secret("shop-db", { value: password });
    for (const name of ["shop-shared", "shop-own"]) await world.kube.apply(volumeFor(world.namespace, name));
    await world.repository("shop", { "apps/shop.yaml": APP });
    const source = {
      repositoryRef: { name: "shop" },
      path: "apps",
      env: [{ name: "COLOR", value: "red" }],
    };
    await world.app("on-kubernetes", "shop", "apps", { source });
    const overseer = { url: bench.core.url, secretRef: { name: "core" }, interval: "5s" };
    await world.app("on-core", "shop", "apps", { source, destination: { overseer } });
    await Promise.all([world.synced("on-core"), world.synced("on-kubernetes")]);
  });
  after(async () => {
    await onEnd();
    await world?.remove();
    await bench?.stop();
    await caddy?.stop();
  });

  const secret = (name: string, stringData: Record<string, string>) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace },
      stringData,
    });
  const list = async <T extends Live>(apiVersion: string, kind: string): Promise<readonly T[]> =>
    (await world.kube.list<T>(apiVersion, kind, world.namespace)).map((object) => ({ ...object, apiVersion, kind }));
  const coreRoutes = async (): Promise<Map<string, RouteFacts>> => {
    const { routes } = await bench.call<{ routes: CoreRoute[] }>("GET", "/api/routes");
    return new Map(
      routes.map(({ hostname, path, target, tls, middleware }) => {
        const [service = "", port] = target.split(":");
        return [`${hostname}${path}`, { service, port: Number(port), tls, signIn: middleware.auth !== undefined }];
      }),
    );
  };
  /** The facts of live pods, Services and Ingresses. */
  const inCluster = async (): Promise<AppFacts> => {
    const objects = await Promise.all([
      list("v1", "Pod"),
      list("v1", "Service"),
      list("v1", "ConfigMap"),
      list("networking.k8s.io/v1", "Ingress"),
    ]);
    const facts = kubernetesFacts(objects.flat()).get("shop");
    if (facts === undefined) throw new Error("the cluster has no app shop");
    return facts;
  };
  const inContainers = async (cluster: AppFacts): Promise<AppFacts> => {
    const files = new Map(
      [...cluster.services].map(([name, { mounts }]) => [
        name,
        [...mounts].flatMap(([path, { kind }]) => (kind === "file" ? [path] : [])),
      ]),
    );
    return dockerFacts(bench.docker, {
      app: "shop",
      files,
      routes: await coreRoutes(),
      secrets: { "shop-db": password },
    });
  };

  it("has the same variables, commands, files, volumes and routes in containers and pods", async () => {
    const cluster = await inCluster();
    const containers = await inContainers(cluster);
    expect([...containers.services.keys()].sort()).to.deep.equal(["beside", "db", "web"]);
    expect(containers.services.get("web")).to.deep.include({
      names: ["front", "web"],
      environment: {
        DB: "postgres://shop:${SECRET:shop-db}@db/shop",
        TEXT: "a$b $(id) ${x} 'q'",
        COUNT: "3",
        EMPTY: "",
        FROM_APP: "red",
      },
    });
    expect(containers.services.get("web")?.mounts.get("/etc/settings.ini")?.source).to.equal(
      "color = ${COLOR}\nsize = 3\n",
    );
    expect(compareApps(new Map([["shop", containers]]), new Map([["shop", cluster]]))).to.deep.equal([]);
  });

  it("passes the variables of an encrypted env_file to containers, and writes them nowhere else", async () => {
    const [first, second] = [world.canary(), world.canary()];
    const [sops, key] = [await Sops.find(), await ageKey()];
    const encrypted = (value: string) =>
      sops.encrypt("web.env", `# Comment\nTOKEN=${value}\nQUOTED="a $b ${value}"\nEMPTY=\n`, [key]);
    await secret("age", { "a.agekey": keyFile(key) });
    const document = `apiVersion: overseer.io/v1
kind: App
metadata: { name: sealed }
spec:
  compose:
    services:
      web:
        image: ${IMAGE}
        command: [sh, -c, ${JSON.stringify(FOREVER.replaceAll("$", "$$$$"))}]
        env_file: [plain.env, conf/web.env]
        environment: { OWN: "1" }
        stop_grace_period: 1s
`;
    const files = { "app.yaml": document, "plain.env": "PLAIN=a$$b\nOWN=2\n" };
    const repo = await world.repository("sealed", { ...files, "conf/web.env": await encrypted(first) });
    const overseer = { url: bench.core.url, secretRef: { name: "core" }, interval: "5s" };
    const decryption = { provider: "sops", secretRef: { name: "age" } };
    const source = { repositoryRef: { name: "sealed" }, path: ".", decryption, restart: {} };
    await world.app("sealed", "sealed", ".", { source, destination: { overseer } });
    await world.synced("sealed", await repo.head());
    const variables = async () =>
      (await bench.docker.run("exec", await bench.container("sealed", "web"), "env")).split("\n");
    expect(await variables()).to.include.members([
      `TOKEN=${first}`,
      `QUOTED=a  ${first}`,
      "EMPTY=",
      "PLAIN=a$b",
      "OWN=1",
    ]);
    const next = await repo.commit({ "conf/web.env": await encrypted(second) }, "Change the token");
    await world.poll("sealed");
    await world.synced("sealed", next);
    await waitUntil({ what: "the container has the new token", timeoutMs: 60_000 }, async () =>
      (await variables().catch((): string[] => [])).includes(`TOKEN=${second}`),
    );
    const texts = [await bench.agent.log(), await bench.core.log(), bench.core.dataDir, bench.agent.dataDir];
    for (const folder of [bench.core.dataDir, bench.agent.dataDir]) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const one of entries.filter((entry) => entry.isFile()))
        texts.push(await readFile(join(one.parentPath, one.name), "latin1"));
    }
    for (const path of ["/api/jobs", "/api/apps", "/api/audit", "/api/secrets"])
      texts.push(JSON.stringify(await bench.call("GET", path)));
    for (const text of texts) for (const value of [first, second]) expect(text).not.to.include(value);
  });

  it("is reached by the same names and routes, which lead to the same service", async () => {
    const cluster = await inCluster();
    const [pods, slices] = await Promise.all([list("v1", "Pod"), list<Slice>("discovery.k8s.io/v1", "EndpointSlice")]);
    const web = await bench.container("shop", "web");
    const dns = await CoreDns.start(world.controlPlane.kubeconfigPath);
    onEnd = () => dns.stop();
    for (const name of ["beside", "shop-web", "other"])
      expect([await resolve(bench.docker, web, name), ...(await dns.resolve(name, world.namespace))]).to.deep.equal([
        undefined,
      ]);
    for (const [service, { names }] of cluster.services)
      for (const name of names) {
        const pod = pods.find(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === service);
        const addresses = slices
          .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name)
          .flatMap(({ endpoints = [] }) => endpoints.flatMap((one) => one.addresses));
        expect(addresses, `addresses of ${name} in the cluster`).to.deep.equal([pod?.status?.podIP]);
        expect(await dns.resolve(name, world.namespace), `addresses of ${name} by CoreDNS`).to.deep.equal(addresses);
        expect(await resolve(bench.docker, web, name), `address of ${name} in a container`).to.be.a("string");
      }
    const answer = await waitUntil({ what: "the route leads to web", timeoutMs: 60_000 }, async () => {
      const one = await caddy.get(HOST, "/");
      return one.status === 200 ? one : undefined;
    });
    expect(answer.body).to.equal("from web\n");
    expect([...cluster.routes]).to.deep.equal([
      [`${HOST}/`, { service: "web", port: 8080, tls: false, signIn: false }],
    ]);
  });
});

/** A volume that a claim binds to: the test cluster has no provisioner. */
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
