import { expect } from "chai";
import { type Compiled, compile } from "./support/compile.js";

type Pod = { readonly containers: readonly Readonly<Record<string, unknown>>[] };

/** Returns the first container of a Deployment of the app. */
function container(compiled: Compiled, name: string): Readonly<Record<string, unknown>> {
  const spec = compiled.objects[`Deployment web-${name}`]?.spec as { template: { spec: Pod } } | undefined;
  return spec?.template.spec.containers[0] ?? {};
}

describe("rules of Docker that a cluster does not have", () => {
  it("mount each path once, and /dev/shm as it is mounted", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', shm_size: 1g, tmpfs: [/dev/shm], configs: [c, c]}\nconfigs: {c: {content: x}}",
    );
    expect(container(compiled, "a").volumeMounts).to.deep.equal([
      { name: "configs-c-c", mountPath: "/c", subPath: "c", readOnly: true },
      { name: "tmpfs-a-dev-shm", mountPath: "/dev/shm" },
    ]);
    const twice = await compile(
      "services:\n  a: {image: 'x:1', tmpfs: [/c], configs: [c]}\nconfigs: {c: {content: x}}",
    );
    expect(twice.problems).to.deep.equal([
      "app.yaml:8 spec.compose.services.a: two of volumes, tmpfs, secrets and configs have the target /c: remove one of them",
    ]);
  });

  it("keep a folder within another one in the same claim, however it is written", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', volumes: ['./data:/d']}\n  b: {image: 'x:1', volumes: ['./x/../data/up/:/u', './data-2:/e']}",
    );
    expect(compiled.problems).to.deep.equal([]);
    expect(Object.keys(compiled.objects).filter((name) => name.startsWith("Persistent"))).to.deep.equal([
      "PersistentVolumeClaim web-data",
      "PersistentVolumeClaim web-data-2",
    ]);
    expect(container(compiled, "b").volumeMounts).to.deep.equal([
      { name: "claim-web-data-2", mountPath: "/e" },
      { name: "claim-web-data", mountPath: "/u", subPath: "up" },
    ]);
  });

  it("do not put data into a folder that is in the repository", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', volumes: ['./conf:/d:ro']}\n  b: {image: 'x:1', volumes: ['./conf/cache:/u']}",
      { files: { "conf/a.txt": "x" } },
    );
    expect(container(compiled, "b").volumeMounts).to.deep.equal([{ name: "claim-web-conf-cache", mountPath: "/u" }]);
  });

  it("say which name a service has, and lead names of containers to it if files may have them", async () => {
    const text = (reader: string) =>
      `services:\n  my_api: {image: 'x:1', container_name: api-1}\n  proxy: {image: 'y:1'${reader}}`;
    const plain = await compile(text(""));
    expect(plain.notes).to.deep.equal([
      "8 spec.compose.services.my_api: warning: is named my-api in DNS: write this name where files or other apps use it",
    ]);
    expect(plain.objects).to.not.have.property("Service api-1");
    const reads = await compile(text(", volumes: ['./p.conf:/p.conf:ro']"), {
      files: { "p.conf": "proxy_pass http://api-1:80;" },
    });
    expect(reads.objects).to.have.property("Service api-1");
  });

  it("permit equal host names of several services, which lead to none of them", async () => {
    const common = "image: 'x:1', hostname: shop, volumes: ['./p.conf:/p.conf:ro']";
    const compiled = await compile(`services:\n  web: {${common}}\n  worker: {${common}}`, {
      files: { "p.conf": "x" },
    });
    expect(Object.keys(compiled.objects).filter((key) => key.startsWith("Deployment "))).to.have.lengthOf(2);
    expect(compiled.objects).to.not.have.property("Service shop");
  });

  it("take zeros of a health check for the defaults", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', healthcheck: {test: [CMD, x], interval: 0s, timeout: 0s, retries: 0}}",
    );
    expect(container(compiled, "a").readinessProbe).to.deep.include({
      periodSeconds: 30,
      timeoutSeconds: 30,
      failureThreshold: 3,
    });
  });

  it("let other apps of an external network in, in any namespace, unless a Policy isolates the app", async () => {
    const text =
      "services:\n  a: {image: 'x:1', networks: [proxy, default]}\n  b: {image: 'x:1'}\nnetworks: {proxy: {external: true, name: edge}}";
    const label = { "compose.overseer.io/network-edge": "true" };
    const other = { namespaceSelector: {}, podSelector: { matchLabels: label } };
    const open = await compile(text);
    expect(JSON.stringify(open.objects["NetworkPolicy web-a-network"])).to.include(JSON.stringify(other));
    expect(JSON.stringify(open.objects["NetworkPolicy web-b-network"])).to.not.include("namespaceSelector");
    const alone = await compile("services:\n  a: {image: 'x:1', networks: [edge]}\nnetworks: {edge: {external: true}}");
    expect(JSON.stringify(alone.objects["Deployment web-a"])).to.include(JSON.stringify(label).slice(1, -1));
    const policy = "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: p}\nspec: {network: {isolated: true}}\n";
    const isolated = await compile(text, { files: { "policy.yaml": policy } });
    expect(JSON.stringify(isolated.objects["NetworkPolicy web-a-network"])).to.not.include("namespaceSelector");
  });

  it("refuse what an API server refuses, with the place", async () => {
    const problems = async (service: string) =>
      (await compile(`services:\n  a: {image: 'x:1', ${service}}\nvolumes: {data: {}}`)).problems.join();
    expect(await problems("mem_limit: 64m, mem_reservation: 128m")).to.match(
      /deploy\.resources\.reservations\.memory: is more than the limit/,
    );
    expect(await problems("volumes: [{type: volume, source: data, target: /x, volume: {subpath: a/../..}}]")).to.match(
      /subpath: expected a path within the volume/,
    );
    expect(await problems("user: '4294967294'")).to.match(/user: expected the number/);
    expect(await problems("group_add: ['2147483648']")).to.match(/group_add\[0\]: expected the number/);
  });

  it("name a variable without a value once, where it is used first", async () => {
    const { problems } = await compile(
      "x-env: &env {A: '${HOST_NAME}'}\nservices:\n  a: {image: 'x:1', environment: {<<: *env, B: '${HOST_NAME} ${OTHER_NAME}'}}\n  b: {image: 'x:1', environment: *env}",
    );
    expect(problems.map((problem) => problem.replace(/ and no default.*$/, ""))).to.deep.equal([
      "app.yaml:7 spec.compose.x-env.A: the variable HOST_NAME has no value",
      "app.yaml:9 spec.compose.services.a.environment.B: the variable OTHER_NAME has no value",
    ]);
  });

  it("warn of each key that a pod or a node does not have", async () => {
    const compiled = await compile(
      "services:\n  vpn: {image: 'v:1', restart: always}\n  a: {image: 'x:1', network_mode: 'service:vpn', restart: always, platform: linux/arm64, deploy: {replicas: 2}}\n" +
        "  b: {image: 'x:1', dns: [192.0.2.1, 192.0.2.2, 192.0.2.3]}\n" +
        "  c: {image: 'x:1', devices: ['/dev/x:/dev/y:r'], deploy: {mode: global, update_config: {order: start-first, parallelism: 2, delay: 5s}}}",
      { cluster: { devices: [{ path: "/dev/x", resource: "example.com/x" }] } },
    );
    const warnings = compiled.notes.flatMap(
      (note) => / spec\.compose\.services\.(.*): warning: /.exec(note)?.[1] ?? [],
    );
    expect(warnings).to.have.members([
      "a.platform",
      "a.deploy.replicas",
      "b.dns",
      "b.dns",
      "c.devices[0]",
      "c.deploy.update_config.order",
    ]);
    expect(compiled.objects["DaemonSet web-c"]?.spec).to.deep.include({
      minReadySeconds: 5,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 2 } },
    });
  });
});
