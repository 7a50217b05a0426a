import { expect } from "chai";
import { RESOURCES } from "../../../src/api/resources.js";
import { find, kindsOf, podOf, type Rule } from "../../support/chart-objects.js";
import { readDashboards } from "../../support/dashboards.js";
import { INSTALL_NAMESPACE, OPERATOR, renderChart, SERVER } from "../../support/helm.js";
import type { TestObject } from "../../support/kube.js";

const MONITORING = ["monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule"];

describe("The values of the chart", function () {
  this.timeout(120_000);
  let defaults: TestObject[];
  before(async () => {
    defaults = await renderChart();
  });

  it("writes backups to a named volume, with the right to list its kinds only", async () => {
    expect(kindsOf(defaults)).to.not.include("CronJob");
    const objects = await renderChart({ "backup.enabled": true, "backup.existingClaim": "files", "backup.keep": 3 });
    const name = `${OPERATOR}-backup`;
    const { schedule, jobTemplate } = find(objects, "CronJob", name).spec as {
      schedule: string;
      jobTemplate: {
        spec: { template: { spec: Record<string, unknown> & { containers: [Record<string, unknown>] } } };
      };
    };
    expect(schedule).to.equal("0 2 * * *");
    const pod = jobTemplate.spec.template.spec;
    expect(pod).to.deep.include({ serviceAccountName: name });
    expect(pod.volumes).to.deep.equal([{ name: "backups", persistentVolumeClaim: { claimName: "files" } }]);
    expect(pod.containers[0].args).to.deep.equal(["export", "--all", "--output-dir", "/backups", "--keep", "3"]);
    const [own, cluster] = find(objects, "ClusterRole", name).rules as Rule[];
    expect([...(own?.resources ?? [])].sort()).to.deep.equal(RESOURCES.map(({ plural }) => plural).sort());
    expect([own?.verbs, cluster?.resourceNames, cluster?.verbs]).to.deep.equal([["list"], ["kube-system"], ["get"]]);
    const refused = await renderChart({ "backup.enabled": true }).catch((error: Error) => error.message);
    expect(refused).to.include("backup.existingClaim is not set");
  });

  it("gives each role what is said for it, besides or instead of what is said for both", async () => {
    const volume = { name: "ca", configMap: { name: "ca" } };
    const objects = await renderChart({
      extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/ca/ca.crt" }],
      extraVolumes: [volume],
      extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca" }],
      envFrom: [{ secretRef: { name: "proxy" } }],
      nodeSelector: { disk: "ssd" },
      podAnnotations: { a: "both" },
      "podSecurityContext.runAsUser": null,
      "controller.extraArgs": ["--concurrency=3"],
      "controller.podAnnotations": { a: "controller", b: "c" },
      "controller.dnsConfig": { options: [{ name: "ndots", value: "1" }] },
      "controller.hostAliases": [{ ip: "192.0.2.1", hostnames: ["git.example.com"] }],
      "controller.securityContext": { readOnlyRootFilesystem: false },
      "server.nodeSelector": { zone: "a" },
      "server.extraEnv": [{ name: "ONLY", value: "server" }],
      "server.tolerations": [{ operator: "Exists" }],
      "server.priorityClassName": "low",
    });
    const [controller, server] = [podOf(objects), podOf(objects, SERVER)];
    expect(controller.containers[0].args).to.include("--concurrency=3");
    expect(controller.containers[0].securityContext).to.include({ readOnlyRootFilesystem: false, runAsNonRoot: true });
    expect(server.containers[0].securityContext).to.include({ readOnlyRootFilesystem: true });
    expect(controller).to.deep.include({
      nodeSelector: { disk: "ssd" },
      dnsConfig: { options: [{ name: "ndots", value: "1" }] },
      hostAliases: [{ ip: "192.0.2.1", hostnames: ["git.example.com"] }],
    });
    expect(controller).to.not.have.any.keys("tolerations", "priorityClassName");
    expect(server).to.deep.include({
      nodeSelector: { zone: "a" },
      tolerations: [{ operator: "Exists" }],
      priorityClassName: "low",
    });
    const annotations = [OPERATOR, SERVER].map(
      (name) =>
        (find(objects, "Deployment", name).spec as { template: { metadata: { annotations: object } } }).template
          .metadata.annotations,
    );
    expect(annotations).to.deep.equal([{ a: "controller", b: "c" }, { a: "both" }]);
    for (const pod of [controller, server]) {
      const [container] = pod.containers;
      expect(pod.securityContext).to.have.property("runAsNonRoot", true);
      expect(pod.securityContext).not.to.have.property("runAsUser");
      expect(pod.volumes).to.deep.include(volume);
      expect(container.volumeMounts).to.deep.include({ name: "ca", mountPath: "/etc/ca" });
      expect(container).to.have.deep.property("envFrom", [{ secretRef: { name: "proxy" } }]);
      expect(container.env).to.deep.include({ name: "NODE_EXTRA_CA_CERTS", value: "/etc/ca/ca.crt" });
    }
    expect(server.containers[0].env).to.deep.include({ name: "ONLY", value: "server" });
    expect(controller.containers[0].env).not.to.deep.include({ name: "ONLY", value: "server" });
  });

  it("lets pods out to the proxies that their environment names", async () => {
    const portsOf = (objects: readonly TestObject[], name: string): number[] =>
      (find(objects, "NetworkPolicy", name).spec as { egress: { ports: { port: number }[] }[] }).egress.flatMap(
        ({ ports }) => ports.map(({ port }) => port),
      );
    const env = (name: string, value: string) => ({ name, value });
    const objects = await renderChart({
      extraEnv: [env("HTTPS_PROXY", "http://proxy.example.com:3128"), env("NO_PROXY", "10.0.0.1:9999")],
      "controller.extraEnv": [env("all_proxy", "http://user@other.example.com:1080/")],
    });
    expect(portsOf(objects, OPERATOR)).to.deep.equal([53, 53, 22, 80, 443, 6443, 8443, 3128, 1080]);
    expect(portsOf(objects, SERVER)).to.deep.equal([53, 53, 443, 6443, 8443, 3128]);
    expect(portsOf(defaults, OPERATOR)).to.deep.equal([53, 53, 22, 80, 443, 6443, 8443]);
  });

  it("has other names where told so, in every object and in what refers to it", async () => {
    const values = { trustedNamespaces: ["platform"], "rbac.impersonateNamespaces": ["platform"] };
    const objects = await renderChart({ ...values, fullnameOverride: "gitops" }, MONITORING);
    const own = objects.filter(({ kind }) => kind !== "CustomResourceDefinition");
    for (const { kind, metadata } of own) expect(metadata.name, kind).to.match(/^gitops(-|$)/);
    const text = JSON.stringify(own)
      .replaceAll("/var/cache/overseer-gitops", "")
      .replaceAll("overseer-gitops-keys", "")
      .replaceAll(/"(app.kubernetes.io\/(name|part-of)|image|helm.sh\/chart)":"[^"]*"/g, "")
      .replaceAll(/"(resourceNames|--lease-name[^"]*)":?\[?"overseer-gitops"\]?/g, "")
      .replaceAll("--lease-name=overseer-gitops", "");
    const left = [...text.matchAll(/.{40}overseer-gitops.{10}/g)].map(([found]) => found);
    expect(left.filter((found) => !found.includes('"name":"overseer-gitops","rules"'))).to.deep.equal([]);
    const renamed = await renderChart({ nameOverride: "gitops" });
    expect(find(renamed, "Deployment", "gitops").spec).to.have.deep.property("selector", {
      matchLabels: { "app.kubernetes.io/name": "gitops", "app.kubernetes.io/component": "controller" },
    });
  });

  it("uses ServiceAccounts that are there, and binds its rights to them", async () => {
    const objects = await renderChart({
      "controller.serviceAccount": { create: false, name: "mine" },
      "server.serviceAccount": { create: false, name: "hooks" },
    });
    expect(kindsOf(objects)).to.not.include("ServiceAccount");
    const subjects = objects.flatMap(({ subjects: list }) => (list as { name: string }[] | undefined) ?? []);
    expect([...new Set(subjects.map(({ name }) => name))].sort()).to.deep.equal(["hooks", "mine"]);
    expect(podOf(objects)).to.have.property("serviceAccountName", "mine");
    expect(podOf(objects, SERVER)).to.have.property("serviceAccountName", "hooks");
    expect(JSON.stringify(find(objects, "ValidatingAdmissionPolicy", SERVER))).to.include(":hooks'");
  });

  it("labels every object and pod as told", async () => {
    const objects = await renderChart({ commonLabels: { team: "platform" }, trustedNamespaces: ["a"] }, MONITORING);
    for (const { kind, metadata } of objects.filter((object) => object.kind !== "CustomResourceDefinition"))
      expect(metadata.labels, `${kind} ${metadata.name}`).to.include({ team: "platform" });
    for (const name of [OPERATOR, SERVER]) {
      const { spec } = find(objects, "Deployment", name) as unknown as {
        spec: { selector: { matchLabels: object }; template: { metadata: { labels: object } } };
      };
      expect(spec.template.metadata.labels).to.include({ team: "platform" });
      expect(spec.selector.matchLabels).not.to.have.property("team");
    }
  });

  it("keeps Git objects on a volume where told so", async () => {
    const values = { "cache.persistence.enabled": true, "controller.replicas": 1 };
    const objects = await renderChart({ ...values, "cache.persistence.storageClassName": "fast" });
    const claim = find(objects, "PersistentVolumeClaim", "overseer-gitops-cache");
    expect(claim.spec).to.deep.include({ storageClassName: "fast", accessModes: ["ReadWriteOnce"] });
    expect(podOf(objects).volumes?.[0]).to.deep.equal({
      name: "cache",
      persistentVolumeClaim: { claimName: "overseer-gitops-cache" },
    });
    expect(find(objects, "Deployment").spec).to.have.deep.property("strategy", { type: "Recreate" });
    expect(podOf(objects).containers[0].args).to.include(`--git-cache-bytes=${Math.round(4 * 2 ** 30 * 0.8)}`);
    const own = await renderChart({ ...values, "cache.persistence.existingClaim": "mine" });
    expect(kindsOf(own)).to.not.include("PersistentVolumeClaim");
    expect(JSON.stringify(podOf(own).volumes)).to.include('"claimName":"mine"');
  });

  it("lets webhooks in by a route of the Gateway API where told so", async () => {
    const parentRefs = [{ name: "public", namespace: "gateways" }];
    const route = find(
      await renderChart({ "server.httpRoute": { enabled: true, parentRefs, hostnames: ["hooks.example.com"] } }),
      "HTTPRoute",
      SERVER,
    );
    expect(route.spec).to.deep.equal({
      parentRefs,
      hostnames: ["hooks.example.com"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/hooks" } }],
          backendRefs: [{ name: SERVER, port: 80 }],
        },
      ],
    });
  });

  it("puts what Prometheus reads where told so", async () => {
    const objects = await renderChart(
      {
        "metrics.serviceMonitor.namespace": "monitoring",
        "metrics.serviceMonitor.scrapeTimeout": "10s",
        "metrics.prometheusRule.namespace": "monitoring",
      },
      MONITORING,
    );
    const monitor = find(objects, "ServiceMonitor");
    expect(monitor.metadata.namespace).to.equal("monitoring");
    expect(monitor.spec).to.deep.include({ namespaceSelector: { matchNames: [INSTALL_NAMESPACE] } });
    expect(JSON.stringify(monitor.spec)).to.include('"scrapeTimeout":"10s"');
    expect(find(objects, "PrometheusRule").metadata.namespace).to.equal("monitoring");
  });

  it("installs the dashboards for the sidecar of Grafana and for grafana-operator", async () => {
    const values = {
      "metrics.dashboards.enabled": true,
      "metrics.dashboards.namespace": "monitoring",
      "metrics.dashboards.grafanaOperator.enabled": true,
      "metrics.prometheusRule.runbookBaseUrl": "https://git.example.com/",
    };
    const kind = "grafana.integreatly.org/v1beta1/GrafanaDashboard";
    const objects = await renderChart(values, [...MONITORING, kind]);
    const maps = objects.filter(({ metadata }) => metadata.name.endsWith("-dashboard"));
    const data = Object.assign({}, ...maps.map((object) => object.data)) as Record<string, string>;
    for (const [file, dashboard] of readDashboards())
      expect(JSON.parse(data[`overseer-${file}`] ?? "null"), file).to.deep.equal(dashboard);
    for (const { metadata } of maps) {
      expect(metadata.namespace).to.equal("monitoring");
      expect(metadata.labels).to.include({ grafana_dashboard: "1" });
      expect(metadata.annotations).to.include({ grafana_folder: "Overseer" });
    }
    const named = objects.filter((object) => object.kind === "GrafanaDashboard").map(({ spec }) => spec);
    expect(named.map((spec) => (spec as { configMapRef: { name: string } }).configMapRef.name)).to.have.members(
      maps.map(({ metadata }) => metadata.name),
    );
    expect(JSON.stringify(find(objects, "PrometheusRule"))).to.include(
      "https://git.example.com/docs/runbooks/overseer-down.md",
    );
    const none = await renderChart({}, [...MONITORING, kind]);
    expect(none.filter(({ metadata }) => metadata.name.endsWith("-dashboard"))).to.deep.equal([]);
  });

  it("grants rights to its kinds in the namespaces that it looks after alone", async () => {
    const objects = await renderChart({ watchNamespaces: ["team-a", "team-b"] });
    const granted = objects.filter(
      ({ kind, metadata }) =>
        /Role$/.test(kind) && !/-(view|edit|sync|approve|break-glass|environments)$/.test(metadata.name),
    );
    const where = (group: string, resource: string): string[] =>
      granted
        .filter(({ rules }) =>
          (rules as Rule[]).some(
            ({ apiGroups, resources, verbs }) =>
              apiGroups.includes(group) && resources.includes(resource) && !verbs.includes("create"),
          ),
        )
        .map(({ metadata }) => metadata.namespace ?? "everywhere");
    expect(new Set(where("gitops.overseer.io", "overseerapps"))).to.deep.equal(new Set(["team-a", "team-b"]));
    expect(new Set(where("gitops.overseer.io", "gitrepositories"))).to.deep.equal(new Set(["team-a", "team-b"]));
    expect(new Set(where("", "serviceaccounts"))).to.deep.equal(new Set(["team-a", "team-b"]));
    expect(new Set(where("", "secrets"))).to.deep.equal(new Set(["team-a", "team-b", INSTALL_NAMESPACE]));
    for (const name of [OPERATOR, SERVER])
      expect(podOf(objects, name).containers[0].args).to.include("--watch-namespaces=team-a,team-b");
  });
});
