import { expect } from "chai";
import { type Compiled, compile } from "./support/compile.js";

type Spec = Readonly<Record<string, unknown>>;

/** Returns the spec of a Deployment of the app, and that of its pods. */
function deployment(compiled: Compiled, name: string): { readonly spec: Spec; readonly pod: Spec } {
  const spec = compiled.objects[`Deployment web-${name}`]?.spec as Spec & {
    readonly template: { readonly spec: Spec };
  };
  return { spec, pod: spec.template.spec };
}

describe("rules of Docker that a cluster has to keep", () => {
  it("stop a service with data before its new version starts, and others not", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', volumes: ['data:/d']}\n  b: {image: 'x:1'}\nvolumes: {data: {}}",
    );
    expect(deployment(compiled, "a").spec.strategy).to.deep.equal({ type: "Recreate" });
    expect(deployment(compiled, "b").spec).to.not.have.property("strategy");
  });

  it("give containers 10 s to stop, and a pod as long as its slowest one needs", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1'}\n  b: {image: 'x:1', stop_grace_period: 1m}\n  c: {image: 'x:1', network_mode: 'service:b', stop_grace_period: 5s}",
    );
    expect(deployment(compiled, "a").pod.terminationGracePeriodSeconds).to.equal(10);
    expect(deployment(compiled, "b").pod.terminationGracePeriodSeconds).to.equal(60);
  });

  it("run a one-shot again when it changes, and only then", async () => {
    const job = async (image: string, other: string) => {
      const { objects } = await compile(
        `services:\n  m: {image: '${image}', restart: 'no'}\n  a: {image: '${other}', depends_on: {m: {condition: service_completed_successfully}}}`,
      );
      return Object.keys(objects).filter((name) => name.startsWith("Job "));
    };
    const first = await job("m:1", "a:1");
    expect(first).to.have.length(1);
    expect(await job("m:1", "a:2")).to.deep.equal(first);
    expect(await job("m:2", "a:1")).to.not.deep.equal(first);
  });

  it("let services of internal networks reach these and the DNS only, and an isolated app be reached by routes only", async () => {
    const text =
      "services:\n  a: {image: 'x:1', networks: [back], ports: ['80:80']}\n  b: {image: 'x:1', networks: [back, front]}\nnetworks: {back: {internal: true}, front: {}}";
    const policies = await compile(text);
    const peers = [
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "web", "compose.overseer.io/network-back": "true" } } },
    ];
    const dns = [53, 53].map((port, index) => ({ protocol: ["UDP", "TCP"][index], port }));
    const spec = policies.objects["NetworkPolicy web-a-network"]?.spec;
    expect(spec).to.deep.include({
      egress: [{ to: peers }, { ports: dns }],
      ingress: [{ from: peers }, { ports: [{ protocol: "TCP", port: 80 }] }],
    });
    const policy = "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: p}\nspec: {network: {isolated: true}}\n";
    const isolated = await compile(text, { files: { "policy.yaml": policy } });
    expect(isolated.objects["NetworkPolicy web-a-network"]?.spec).to.deep.include({ ingress: [{ from: peers }] });
  });

  it("replace the pods of a service whose config or secret changes, and no others", async () => {
    const pods = async (config: string, secret: string) => {
      const compiled = await compile(
        `services:\n  a: {image: 'x:1', configs: [c]}\n  b: {image: 'x:1', secrets: [s]}\n  d: {image: 'x:1'}\nconfigs: {c: {content: ${config}}}\nsecrets: {s: {file: ./s.txt}}`,
        { files: { "s.txt": secret } },
      );
      return ["a", "b", "d"].map((name) => JSON.stringify(deployment(compiled, name).spec.template));
    };
    const before = await pods("one", "one");
    const changed = async (config: string, secret: string) =>
      (await pods(config, secret)).map((text, index) => text !== before[index]);
    expect(await changed("two", "one")).to.deep.equal([true, false, false]);
    expect(await changed("one", "two")).to.deep.equal([false, true, false]);
  });

  it("let the group of a user write to new volumes, and keep files executable", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', user: '70:71', volumes: ['data:/d', './bin:/bin2:ro']}\nvolumes: {data: {}}",
      { files: { "bin/run.sh": { executable: "x" }, "bin/notes.txt": "y" } },
    );
    const { pod } = deployment(compiled, "a");
    expect(pod.securityContext).to.deep.include({ fsGroup: 71 });
    const [files] = (pod.volumes as { readonly configMap?: { readonly items: unknown } }[]).filter(
      ({ configMap }) => configMap !== undefined,
    );
    expect(files?.configMap?.items).to.have.deep.members([
      { key: "notes.txt", path: "notes.txt" },
      { key: "run.sh", path: "run.sh", mode: 0o755 },
    ]);
  });

  it("start programs whose files have the capability for ports, unless the service drops it", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', user: '70'}\n  b: {image: 'x:1', user: '70', cap_drop: [ALL]}\n  c: {image: 'x:1'}",
    );
    const capabilities = (name: string) =>
      (deployment(compiled, name).pod.containers as { readonly securityContext: Spec }[])[0]?.securityContext
        .capabilities;
    expect(capabilities("a")).to.deep.equal({ add: ["NET_BIND_SERVICE"], drop: ["ALL"] });
    expect(capabilities("b")).to.deep.equal({ drop: ["ALL"] });
    expect(capabilities("c")).to.equal(undefined);
  });

  it("never restart a container because it is unhealthy at first", async () => {
    const compiled = await compile(
      "services:\n  a: {image: 'x:1', healthcheck: {test: [CMD, x], start_period: 30s, start_interval: 2s}}",
    );
    const [container] = deployment(compiled, "a").pod.containers as { readonly startupProbe: Spec }[];
    expect(container?.startupProbe).to.deep.include({ periodSeconds: 2, failureThreshold: 1800 });
  });
});
