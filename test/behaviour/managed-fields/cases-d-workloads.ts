import { expect } from "chai";
import { at, edits, type ManagedFieldsCase, patches, pokes } from "./case.js";
import { service, workload } from "./documents.js";

const podSpec = (object: unknown): unknown => at(object, "spec", "template", "spec");
const POD = "/spec/template/spec";
const WEB = `${POD}/containers/0`;

/** A case in which one field of a Deployment is replaced, removed or added. */
function field(
  title: string,
  text: (name: string) => string,
  op: "replace" | "remove" | "add",
  path: string,
  value?: unknown,
): ManagedFieldsCase {
  const operation = { op, path, ...(value === undefined ? {} : { value }) };
  return { row: "D1", title, documents: text, disturb: edits(operation), expect: "healed" };
}

const limits = ", resources: { requests: { cpu: 100m }, limits: { memory: 64Mi } }";
const spread = (name: string): string =>
  `, topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { app: ${name} } } }]`;
const fields = (name: string): string =>
  workload(
    name,
    `, env: [{ name: LEVEL, value: info }], args: [serve], securityContext: { readOnlyRootFilesystem: true }${limits}`,
  );
const placed = (name: string): string =>
  workload(name, "", `, tolerations: [{ key: a, operator: Exists }], nodeSelector: { disk: fast }${spread(name)}`);
const ports = "[{ name: web, port: 80, targetPort: 8080 }]";

/** Deployments and Services, field by field. */
export const CASES_D_WORKLOADS: readonly ManagedFieldsCase[] = [
  field("an image", fields, "replace", `${WEB}/image`, "registry.example/x:2"),
  field("a variable", fields, "replace", `${WEB}/env/0/value`, "debug"),
  field("a variable that is gone", fields, "remove", `${WEB}/env/0`),
  field("arguments", fields, "add", `${WEB}/args/-`, "--verbose"),
  field("a limit", fields, "replace", `${WEB}/resources/limits/memory`, "1Gi"),
  field("requests that are gone", fields, "remove", `${WEB}/resources/requests`),
  field("readOnlyRootFilesystem", fields, "replace", `${WEB}/securityContext/readOnlyRootFilesystem`, false),
  field("tolerations", placed, "add", `${POD}/tolerations/-`, { key: "b", operator: "Exists" }),
  field("a node selector", placed, "add", `${POD}/nodeSelector/zone`, "a"),
  field(
    "the selector of a spread constraint",
    placed,
    "replace",
    `${POD}/topologySpreadConstraints/0/labelSelector/matchLabels`,
    { app: "x" },
  ),
  field("replicas that are gone, and become 1", fields, "remove", "/spec/replicas"),
  field("a label", fields, "replace", "/metadata/labels/tier", "front"),
  {
    row: "D1",
    title: "the removal of a value that equals the default is no change",
    documents: (name) => workload(name, ", terminationMessagePath: /dev/termination-log"),
    disturb: edits({ op: "remove", path: `${WEB}/terminationMessagePath` }),
    expect: "quiet",
  },
  {
    row: "D2",
    title: "a new variable is foreign",
    documents: fields,
    disturb: edits({ op: "add", path: `${WEB}/env/-`, value: { name: "NEW", value: "x" } }),
    expect: "one verification",
  },
  {
    row: "D2",
    title: "a rollout restart is foreign",
    documents: fields,
    disturb: patches({
      spec: {
        template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" } } },
      },
    }),
    expect: "one verification",
  },
  {
    row: "D2",
    title: "a label of somebody else on a Deployment needs no look",
    documents: fields,
    disturb: patches({ metadata: { labels: { note: "x" } } }),
    expect: "quiet",
  },
  {
    row: "D2",
    title: "an annotation of somebody else on a Deployment counts as a generation there, and is looked at once",
    documents: fields,
    disturb: patches({ metadata: { annotations: { note: "x" } } }),
    expect: "one verification",
  },
  {
    row: "D2",
    title: "an annotation of somebody else on a kind that counts no generations is looked at once",
    documents: (name) => service(name),
    disturb: patches({ metadata: { annotations: { note: "x" } } }),
    expect: "one verification",
  },
  {
    row: "D4",
    title: "a variable that somebody doubled is there once again",
    documents: fields,
    disturb: edits({ op: "add", path: `${WEB}/env/-`, value: { name: "LEVEL", value: "debug" } }),
    expect: "healed",
  },
  {
    row: "D6",
    title: "another target port is put back",
    documents: (name) => service(name, ports),
    disturb: edits({ op: "replace", path: "/spec/ports/0/targetPort", value: 9090 }),
    expect: "healed",
  },
  {
    row: "D6",
    title: "a node port that went with its type comes back with it",
    documents: (name) => service(name, "[{ port: 80, nodePort: 31873 }]", ", type: NodePort"),
    disturb: patches({ spec: { type: "ClusterIP" } }),
    expect: "healed",
  },
  {
    row: "D6",
    title: "a node port that the API server chose is foreign",
    documents: (name) => service(name, "[{ port: 80 }]", ", type: NodePort"),
    disturb: pokes,
    expect: "quiet",
    after: (_, live) => expect(at(live, "spec", "ports", 0, "nodePort")).to.be.a("number"),
  },
  {
    row: "D6",
    title: "a selector is put back",
    documents: (name) => service(name, ports),
    disturb: patches({ spec: { selector: { app: "x" } } }),
    expect: "healed",
  },
  {
    row: "D8",
    title: "host aliases and pull secrets of others stay",
    documents: (name) =>
      workload(name, "", ", hostAliases: [{ ip: 192.0.2.1, hostnames: [a] }], imagePullSecrets: [{ name: a }]"),
    disturb: edits(
      { op: "add", path: `${POD}/hostAliases/-`, value: { ip: "192.0.2.2", hostnames: ["b"] } },
      { op: "add", path: `${POD}/imagePullSecrets/-`, value: { name: "b" } },
    ),
    expect: "one verification",
    after: (_, live) => expect(at(podSpec(live), "imagePullSecrets")).to.have.length(2),
  },
  {
    row: "D19",
    title: "a serviceAccountName that leaves Git leaves the object under both its names",
    documents: (name) => workload(name, "", ", serviceAccountName: robot"),
    disturb: ({ name, commit }) => commit(workload(name)),
    expect: "unwritten",
    after: async ({ kube, ref }) => {
      const live = await kube.get(ref);
      expect(at(podSpec(live), "serviceAccountName")).to.equal(undefined);
      expect(at(podSpec(live), "serviceAccount")).to.equal(undefined);
    },
  },
  {
    row: "D19",
    title: "limits that leave Git take nothing along that Git still sets",
    documents: fields,
    disturb: ({ name, commit }) => commit(fields(name).replace(limits, ", resources: { requests: { cpu: 100m } }")),
    expect: "unwritten",
    after: async ({ kube, ref }) =>
      expect(at(podSpec(await kube.get(ref)), "containers", 0, "resources")).to.deep.equal({
        requests: { cpu: "100m" },
      }),
  },
];
