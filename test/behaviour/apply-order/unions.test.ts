import { expect } from "chai";
import { caseFile } from "../../support/cases.js";
import { World } from "../../support/world.js";

/** A commit that exchanges members of unions and takes other fields away, over defaults that nobody owns. */
interface Row {
  readonly title: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly before: string;
  readonly after: string;
  /** Paths that must not be live in the end. */
  readonly gone: readonly string[];
  /** Paths that must be live. */
  readonly there: readonly string[];
}

const workload = (
  kind: string,
  name: string,
  fields: string,
  container: string,
  pod = "",
): string => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name} }
spec: { ${fields}, selector: { matchLabels: { app: ${name} } }, template: { metadata: { labels: { app: ${name} } }, spec: { ${pod} containers: [{ name: c, image: busybox, ${container} }] } } }
`;
const service = (name: string, fields: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ${fields} }\n`;
const ingress = (name: string, fields: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: ${name} }\nspec: { ${fields} }\n`;
const C = "spec.template.spec.containers.0";
const V = "spec.template.spec.volumes";

const ROWS: readonly Row[] = [
  {
    title: "a strategy with parameters becomes Recreate, and a variable and a port leave",
    apiVersion: "apps/v1",
    kind: "Deployment",
    before: workload(
      "Deployment",
      "params",
      "replicas: 1, strategy: { rollingUpdate: { maxSurge: 2 } }",
      "env: [{ name: A, value: a }], ports: [{ containerPort: 80 }]",
    ),
    after: workload("Deployment", "params", "replicas: 1, strategy: { type: Recreate }", "tty: true"),
    gone: ["spec.strategy.rollingUpdate", `${C}.env`, `${C}.ports`],
    there: [`${C}.tty`],
  },
  {
    title: "volumes and probes change their source while the strategy does",
    apiVersion: "apps/v1",
    kind: "Deployment",
    before: workload(
      "Deployment",
      "volumes",
      "replicas: 1",
      "readinessProbe: { tcpSocket: { port: 80 } }",
      "volumes: [{ name: a, emptyDir: {} }, { name: b, secret: { secretName: s } }],",
    ),
    after: workload(
      "Deployment",
      "volumes",
      "replicas: 1, strategy: { type: Recreate }",
      "readinessProbe: { grpc: { port: 80 } }",
      "volumes: [{ name: a, configMap: { name: m } }],",
    ),
    gone: ["spec.strategy.rollingUpdate", `${C}.readinessProbe.tcpSocket`, `${V}.0.emptyDir`, `${V}.1`],
    there: [`${C}.readinessProbe.grpc`, `${V}.0.configMap`],
  },
  {
    title: "a variable by reference becomes a value, a hook by HTTP a command, over a default strategy",
    apiVersion: "apps/v1",
    kind: "Deployment",
    before: workload(
      "Deployment",
      "env",
      "replicas: 1",
      "env: [{ name: A, valueFrom: { fieldRef: { fieldPath: metadata.name } } }], lifecycle: { preStop: { httpGet: { port: 80 } }, postStart: { exec: { command: [a] } } }",
    ),
    after: workload(
      "Deployment",
      "env",
      "replicas: 1, strategy: { type: Recreate }",
      "env: [{ name: A, value: a }], lifecycle: { preStop: { exec: { command: [b] } } }",
    ),
    gone: [
      "spec.strategy.rollingUpdate",
      `${C}.env.0.valueFrom`,
      `${C}.lifecycle.preStop.httpGet`,
      `${C}.lifecycle.postStart`,
    ],
    there: [`${C}.env.0.value`, `${C}.lifecycle.preStop.exec`],
  },
  {
    title: "a StatefulSet is updated by hand, and its probe by a command",
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    before: workload(
      "StatefulSet",
      "stateful",
      "serviceName: a",
      "livenessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 7 }",
    ),
    after: workload(
      "StatefulSet",
      "stateful",
      "serviceName: a, updateStrategy: { type: OnDelete }",
      "livenessProbe: { exec: { command: [a] } }",
    ),
    gone: ["spec.updateStrategy.rollingUpdate", `${C}.livenessProbe.httpGet`],
    there: [`${C}.livenessProbe.exec`],
  },
  {
    title: "a DaemonSet is updated by hand, and loses a volume",
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    before: workload(
      "DaemonSet",
      "daemon",
      "updateStrategy: { rollingUpdate: { maxUnavailable: 2 } }",
      "startupProbe: { httpGet: { port: 80 } }",
      "volumes: [{ name: a, hostPath: { path: /tmp } }],",
    ),
    after: workload(
      "DaemonSet",
      "daemon",
      "updateStrategy: { type: OnDelete }",
      "startupProbe: { tcpSocket: { port: 81 } }",
    ),
    gone: ["spec.updateStrategy.rollingUpdate", `${C}.startupProbe.httpGet`, V],
    there: [`${C}.startupProbe.tcpSocket`],
  },
  {
    title: "a Service becomes a name, and loses its ports and selector",
    apiVersion: "v1",
    kind: "Service",
    before: service("external", "selector: { a: b }, ports: [{ port: 80 }]"),
    after: service("external", "type: ExternalName, externalName: example.org"),
    gone: ["spec.ports", "spec.selector", "spec.clusterIP"],
    there: ["spec.externalName"],
  },
  {
    title: "a Service for all becomes one for the cluster, and loses what only the first has",
    apiVersion: "v1",
    kind: "Service",
    before: service(
      "balanced",
      "type: NodePort, externalTrafficPolicy: Local, selector: { a: b }, ports: [{ name: a, port: 80 }, { name: b, port: 81 }]",
    ),
    after: service("balanced", "type: ClusterIP, selector: { a: b }, ports: [{ name: a, port: 8080 }]"),
    gone: ["spec.externalTrafficPolicy", "spec.ports.0.nodePort", "spec.ports.1"],
    there: ["spec.selector"],
  },
  {
    title: "an Ingress changes its backend from a Service to a resource, and loses its TLS",
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    before: ingress(
      "backend",
      "tls: [{ secretName: t }], defaultBackend: { service: { name: a, port: { number: 80 } } }",
    ),
    after: ingress("backend", "defaultBackend: { resource: { apiGroup: example.org, kind: Bucket, name: a } }"),
    gone: ["spec.tls", "spec.defaultBackend.service"],
    there: ["spec.defaultBackend.resource"],
  },
  {
    title: "an Ingress names its port instead of counting it, and loses its class",
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    before: ingress("port", "ingressClassName: a, defaultBackend: { service: { name: a, port: { number: 80 } } }"),
    after: ingress("port", "defaultBackend: { service: { name: a, port: { name: http } } }"),
    gone: ["spec.ingressClassName", "spec.defaultBackend.service.port.number"],
    there: ["spec.defaultBackend.service.port.name"],
  },
  {
    title: "an autoscaler goes by other metrics, and loses its behaviour",
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    before: `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: scaler }\nspec: { maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: none }, behavior: { scaleDown: { stabilizationWindowSeconds: 5 } }, metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }] }\n`,
    after: `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: scaler }\nspec: { maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: none }, metrics: [{ type: External, external: { metric: { name: q }, target: { type: Value, value: "5" } } }] }\n`,
    gone: ["spec.metrics.0.resource"],
    there: ["spec.metrics.0.external"],
  },
  {
    title: "a NetworkPolicy lets pods in instead of addresses, and loses its rules for what goes out",
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    before: `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: peers }\nspec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 192.0.2.0/24 } }] }], egress: [{ to: [{ podSelector: {} }] }], policyTypes: [Ingress, Egress] }\n`,
    after: `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: peers }\nspec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], policyTypes: [Ingress] }\n`,
    gone: ["spec.egress", "spec.ingress.0.from.0.ipBlock"],
    there: ["spec.ingress.0.from.0.podSelector"],
  },
];

describe("A commit that exchanges members of unions and takes fields away", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("unions");
  });
  after(() => world?.remove());

  const at = (object: unknown, path: string): unknown =>
    path.split(".").reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], object);

  const check = async (row: Row): Promise<void> => {
    const name = /metadata: {\s*name: ([a-z0-9-]+)/.exec(row.before)?.[1] ?? "";
    const repo = await world.repository(name, { "a.yaml": row.before });
    // Some of them never become healthy here: the Change is applied all the same.
    await world.app(name, name, ".");
    await world.untilCondition(name, "Synced", "True");
    const head = await repo.commit({ "a.yaml": row.after }, "exchanged");
    await world.poll(name);
    await world.kube.until(
      world.appRef(name),
      "applied",
      (app) => {
        const { status } = app as Awaited<ReturnType<typeof world.synced>>;
        const synced = status?.conditions?.find(({ type }) => type === "Synced");
        return status?.applied?.commit === head && synced?.status === "True";
      },
      30_000,
    );
    const live = await world.kube.get(world.object(row.apiVersion, row.kind, name));
    for (const path of row.gone) expect(at(live, path), `${path} is gone`).to.equal(undefined);
    for (const path of row.there) expect(at(live, path), `${path} is there`).to.not.equal(undefined);
  };

  it("is applied: a strategy Recreate and a probe by a command instead of HTTP", async () => {
    await check({
      title: "",
      apiVersion: "apps/v1",
      kind: "Deployment",
      before: await caseFile("union-and-removal/before.yaml"),
      after: await caseFile("union-and-removal/after.yaml"),
      gone: ["spec.strategy.rollingUpdate", `${C}.livenessProbe.httpGet`],
      there: [`${C}.livenessProbe.exec`],
    });
  });

  for (const row of ROWS) it(`is applied: ${row.title}`, () => check(row));
});
