import { expect } from "chai";
import { applies, at, edits, type ManagedFieldsCase, pokes } from "./case.js";
import { service, workload } from "./documents.js";

const container = "/spec/template/spec/containers/0";
const replace = (path: string, value: unknown) => edits({ op: "replace", path, value });
const firstContainer = (object: unknown): unknown => at(object, "spec", "template", "spec", "containers", 0);
const sidecar = { name: "side", image: "registry.example/side:1" };

/** What is refused (422), a change of the books or two (controllers write at the same moment), and what puts it back. */
const WRITES = 5;

/** A union whose member somebody exchanges for another. */
function union(title: string, documents: (name: string) => string, path: string, value: unknown): ManagedFieldsCase {
  return { row: "B3", title, documents, disturb: replace(path, value), expect: "healed", writes: WRITES };
}

/** Members of unions that an apply cannot take away, since they are not ours. */
export const CASES_UNIONS: readonly ManagedFieldsCase[] = [
  union(
    "an emptyDir that became a configMap is an emptyDir again",
    (name) => workload(name, "", ", volumes: [{ name: scratch, emptyDir: {} }]"),
    "/spec/template/spec/volumes/0",
    { name: "scratch", configMap: { name: "none" } },
  ),
  union(
    "a valueFrom that became a value is a valueFrom again",
    (name) =>
      workload(
        name,
        ", env: [{ name: A, valueFrom: { fieldRef: { fieldPath: metadata.name } } }, { name: B, value: b }]",
      ),
    `${container}/env/0`,
    { name: "A", value: "thief" },
  ),
  union(
    "a value that became a valueFrom is a value again",
    (name) => workload(name, ", env: [{ name: A, value: a }]"),
    `${container}/env/0`,
    { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ),
  union(
    "a probe by HTTP that became a command is by HTTP again",
    (name) => workload(name, ", livenessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 7 }"),
    `${container}/livenessProbe`,
    { exec: { command: ["true"] }, periodSeconds: 7 },
  ),
  union(
    "a strategy Recreate that became RollingUpdate is Recreate again",
    (name) => workload(name, "", "", "replicas: 0\n  strategy: { type: Recreate }"),
    "/spec/strategy",
    { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  ),
  {
    row: "B3",
    title: "only the member in the way goes: a sidecar of somebody else stays",
    documents: (name) => workload(name, ", lifecycle: { preStop: { httpGet: { path: /, port: 80 } } }"),
    disturb: edits(
      { op: "replace", path: `${container}/lifecycle`, value: { preStop: { exec: { command: ["true"] } } } },
      { op: "add", path: "/spec/template/spec/containers/-", value: sidecar },
    ),
    expect: "healed",
    writes: WRITES,
    live: firstContainer,
    after: (_, live) => expect(at(live, "spec", "template", "spec", "containers", 1, "name")).to.equal("side"),
  },
  {
    row: "B3",
    title: "a member that another apply added beside ours, by force, goes again",
    documents: (name) => workload(name, "", ", volumes: [{ name: scratch, emptyDir: {} }]"),
    disturb: async (trial) => {
      const volumes = [{ name: "scratch", configMap: { name: "none" } }];
      await edits(
        { op: "remove", path: "/spec/template/spec/volumes/0/emptyDir" },
        {
          op: "add",
          path: "/spec/template/spec/volumes/0/configMap",
          value: { name: "none" },
        },
      )(trial);
      await applies({ spec: { template: { spec: { volumes } } } })(trial);
    },
    expect: "healed",
    frozen: true,
    writes: WRITES,
  },
  {
    row: "D6",
    title: "a named port whose number somebody edits is put back",
    documents: (name) => service(name, "[{ name: http, port: 80 }, { name: other, port: 81 }]"),
    disturb: replace("/spec/ports/0/port", 8080),
    expect: "healed",
    writes: WRITES,
    live: ports,
  },
  {
    row: "D6",
    title: "a port that somebody adds stays while another one is put back",
    documents: (name) => service(name, "[{ name: http, port: 80 }]"),
    disturb: edits(
      { op: "replace", path: "/spec/ports/0/port", value: 8080 },
      { op: "add", path: "/spec/ports/-", value: { name: "metrics", port: 9090 } },
    ),
    expect: "healed",
    writes: WRITES,
    live: (object) => ports(object).filter(([name]) => name !== "metrics"),
    after: (_, live) => expect(ports(live)).to.deep.include(["metrics", 9090]),
  },
  {
    row: "D6",
    title: "a type that somebody changes, with a field that only this type may have, is put back",
    documents: (name) => service(name, "[{ name: http, port: 80 }]", ", type: ClusterIP"),
    disturb: edits(
      { op: "replace", path: "/spec/type", value: "LoadBalancer" },
      { op: "add", path: "/spec/loadBalancerSourceRanges", value: ["192.0.2.0/24"] },
    ),
    expect: "healed",
    writes: WRITES,
    live: (object) => [at(object, "spec", "type"), at(object, "spec", "loadBalancerSourceRanges")],
  },
  {
    row: "B3",
    title: "Git may change a strategy that was the default, although nobody owns what stands in the way",
    documents: (name) => workload(name),
    disturb: pokes,
    expect: "quiet",
    after: async ({ name, commit, kube, ref }) => {
      await commit(workload(name, "", "", "replicas: 0\n  strategy: { type: Recreate }"));
      expect(at(await kube.get(ref), "spec", "strategy")).to.deep.equal({ type: "Recreate" });
    },
  },
  {
    row: "B3",
    title: "Git may exchange a member that somebody has exchanged already, and other fields with it",
    documents: (name) => workload(name, "", ", volumes: [{ name: scratch, emptyDir: {} }]"),
    disturb: pokes,
    expect: "quiet",
    after: async ({ name, commit, kube, ref }) => {
      const secret = ", volumes: [{ name: scratch, secret: { secretName: none } }]";
      await commit(workload(name, ", tty: true", secret));
      const live = await kube.get(ref);
      expect(at(live, "spec", "template", "spec", "volumes", 0)).to.have.all.keys("name", "secret");
      expect(at(firstContainer(live), "tty")).to.equal(true);
    },
  },
];

function ports(object: unknown): [string, number][] {
  const list = at(object, "spec", "ports") as { name: string; port: number }[];
  return list.map(({ name, port }): [string, number] => [name, port]).sort();
}
