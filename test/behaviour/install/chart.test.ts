import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { SETTINGS } from "../../../src/config/options.js";
import { VERSION } from "../../../src/version.js";
import { ensureControlPlaneBinaries } from "../../../tools/binaries.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { find, kindsOf, podOf, type Rule, rulesOf } from "../../support/chart-objects.js";
import {
  API,
  API_WITH_SIGN_IN,
  CHART,
  helm,
  INSTALL_NAMESPACE,
  OPERATOR,
  parseObjects,
  refusalOf,
  renderChart,
  SERVER,
  type Values,
} from "../../support/helm.js";
import type { TestObject } from "../../support/kube.js";

/** Settings that make no sense for a pod: it has one cluster, and names itself by its pod. */
const NOT_IN_A_POD: ReadonlySet<string> = new Set([
  "kubeconfig",
  "context",
  "identity",
  "failpoint",
  "kubectl",
  "helm",
  "sops",
]);
const MONITORING = ["monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule"];

describe("The chart", function () {
  this.timeout(120_000);
  let defaults: TestObject[];
  before(async () => {
    defaults = await renderChart();
  });

  it("passes helm's own judgement, and has the version of the product", async () => {
    expect(await helm(["lint", "--strict", CHART])).to.contain("0 chart(s) failed");
    const chart = load(await readFile(join(CHART, "Chart.yaml"), "utf8")) as Record<string, unknown>;
    expect([chart.version, chart.appVersion]).to.deep.equal([VERSION, VERSION]);
    expect(podOf(defaults).containers[0].image).to.equal(`overseer-gitops:${VERSION}`);
  });

  it("makes every object in its own namespace or for the cluster, none twice", () => {
    const names = defaults.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(new Set(names).size).to.equal(names.length);
    const namespaces = new Set(defaults.map(({ metadata }) => metadata.namespace ?? INSTALL_NAMESPACE));
    expect([...namespaces]).to.deep.equal([INSTALL_NAMESPACE]);
  });

  it("runs pods that may do nothing to their node", () => {
    for (const name of [OPERATOR, SERVER]) {
      const { containers, securityContext } = podOf(defaults, name);
      expect(securityContext, name).to.deep.include({
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(containers[0].securityContext, name).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      });
    }
    const { containers, volumes = [] } = podOf(defaults);
    expect(volumes.map(({ emptyDir }) => emptyDir?.sizeLimit)).to.deep.equal(["2Gi", "256Mi"]);
    expect((containers[0].volumeMounts ?? []).map(({ mountPath }) => mountPath)).to.deep.equal([
      "/var/cache/overseer-gitops",
      "/tmp",
    ]);
    expect(podOf(defaults, SERVER)).to.not.have.property("volumes");
  });

  it("has a value for every flag that matters in a pod", async () => {
    const objects = await renderChart({
      ...API_WITH_SIGN_IN,
      trustedNamespaces: ["platform"],
      watchNamespaces: ["platform"],
      allowedGitHosts: ["*.example.com"],
      ...{ notificationHosts: ["chat.internal"], secretStoreHosts: ["vault.vault.svc"] },
      allowedChartHosts: ["charts.example.com"],
      allowedRemoteBaseHosts: ["github.com"],
      "api.trustedProxies": ["10.0.0.0/8"],
      "api.leader.enabled": true,
      commitStatusUrl: "https://gitops.example.com/{namespace}/{name}",
      "audit.dir": "/var/audit",
      "approvals.serviceAccounts": ["ci/approver"],
      controllerFieldManagers: ["my-operator"],
    });
    // Shards exclude the call to the leader.
    const sharded = await renderChart({ shards: { web: ["web-dev", "web-prod"], pay: ["pay"] } });
    const shards = podOf(sharded).containers[0].args.filter((flag) => flag.startsWith("--shards="));
    expect(shards).to.deep.equal(["--shards=pay=pay;web=web-dev,web-prod"]);
    const leases = rulesOf(sharded, "Role").flatMap(({ resourceNames = [] }) => resourceNames);
    expect(leases).to.include.members(["overseer-gitops", "overseer-gitops-pay", "overseer-gitops-web"]);
    const flagsOf = (name: string) =>
      podOf(objects, name).containers[0].args.map((text) => /^--([a-z-]+)=/.exec(text)?.[1] ?? text);
    const flags = new Set([...flagsOf(OPERATOR), ...flagsOf(SERVER), ...flagsOf(API)]);
    const wanted = SETTINGS.map(({ flag }) => flag).filter((flag) => !NOT_IN_A_POD.has(flag) && flag !== "shards");
    expect([...flags].sort()).to.deep.equal([...wanted].sort());
    const ofServer = ["roles", "server-address", "metrics-address", "log-level", "watch-namespaces"];
    expect(flagsOf(SERVER)).to.have.members(ofServer);
    expect(flagsOf(API)).to.include.members(["roles", "api-address", "metrics-address", "watch-namespaces"]);
  });

  it("gives Git objects 80 % of the cache volume, and rendered documents 5 %", async () => {
    const { args } = podOf(defaults).containers[0];
    expect(args)
      .to.include(`--render-cache-bytes=${Math.round(2 * 2 ** 30 * 0.05)}`)
      .and.include("--render-timeout=30s");
    const flagOf = (objects: readonly TestObject[]) =>
      podOf(objects).containers[0].args.find((flag) => flag.startsWith("--git-cache-bytes="));
    expect(flagOf(defaults)).to.equal(`--git-cache-bytes=${Math.round(2 * 2 ** 30 * 0.8)}`);
    for (const [size, bytes] of [
      ["500Mi", 500 * 2 ** 20 * 0.8],
      ["1.5G", 1.2e9],
      ["1000000", 800_000],
    ] as const) {
      expect(flagOf(await renderChart({ "cache.sizeLimit": size }))).to.equal(`--git-cache-bytes=${bytes}`);
    }
  });

  it("runs each role in pods of its own, with a ServiceAccount of its own", () => {
    const roles = [OPERATOR, SERVER].map((name) => {
      const { spec } = find(defaults, "Deployment", name) as {
        spec?: { selector: { matchLabels: object }; template: { spec: { serviceAccountName: string } } };
      };
      const role = podOf(defaults, name).containers[0].args.find((flag) => flag.startsWith("--roles="));
      return [role, spec?.template.spec.serviceAccountName, spec?.selector.matchLabels];
    });
    const name = "overseer-gitops";
    expect(roles).to.deep.equal([
      ["--roles=controller", OPERATOR, { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "controller" }],
      ["--roles=server", SERVER, { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "server" }],
    ]);
  });

  it("is without a server when told so", async () => {
    const objects = await renderChart({ "server.enabled": false }, MONITORING);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.filter((text) => text.includes("-server"))).to.deep.equal([]);
    expect(JSON.stringify(find(objects, "PrometheusRule"))).to.not.contain("Webhooks");
    expect(kindsOf(objects)).to.include("Deployment");
    const off = { "policies.credentialUse": false, "policies.changes": false };
    const trusting = await renderChart({ ...off, "server.enabled": false });
    expect(kindsOf(trusting)).to.not.include("ValidatingAdmissionPolicy");
  });

  it("takes the values of the controller in their old place as well", async () => {
    const old = {
      replicas: 5,
      "resources.limits": { memory: "1Gi" },
      "serviceAccount.annotations": { a: "b" },
      "networkPolicy.egressPorts": [443],
      "podDisruptionBudget.enabled": false,
      topologySpreadConstraints: [],
    };
    const now = {
      "controller.replicas": 5,
      "controller.resources.limits": { memory: "1Gi" },
      "controller.serviceAccount.annotations": { a: "b" },
      "controller.networkPolicy.egressPorts": [443],
      "controller.podDisruptionBudget.enabled": false,
      "controller.topologySpreadConstraints": [],
    };
    const rendered = await renderChart(now);
    expect(await renderChart(old)).to.deep.equal(rendered);
    expect(JSON.stringify(find(rendered, "Deployment")))
      .to.contain('"replicas":5')
      .and.contain('"cpu":"50m"');
    expect(kindsOf(rendered)).to.not.include("PodDisruptionBudget");
  });

  it("lets a Git host in where told so", async () => {
    expect(kindsOf(defaults)).to.not.include("Ingress");
    const ingress = find(
      await renderChart({
        "server.ingress": { enabled: true, host: "hooks.example.com", className: "public", tlsSecret: "hooks-tls" },
      }),
      "Ingress",
      SERVER,
    );
    const backend = { service: { name: SERVER, port: { name: "webhooks" } } };
    expect(ingress.spec).to.deep.equal({
      ingressClassName: "public",
      rules: [{ host: "hooks.example.com", http: { paths: [{ path: "/hooks", pathType: "Prefix", backend }] } }],
      tls: [{ hosts: ["hooks.example.com"], secretName: "hooks-tls" }],
    });
  });

  it("passes values on", async () => {
    const objects = await renderChart({
      logLevel: "debug",
      gitEngine: "isomorphic",
      concurrency: 3,
      applyConcurrency: 4,
      trustedNamespaces: ["platform", "infra"],
      "leaderElection.leaseName": "other",
      "image.repository": "registry.example.com/team/overseer-gitops",
      "image.digest": `sha256:${"0".repeat(64)}`,
      imagePullSecrets: [{ name: "pull" }],
      extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }],
      "controller.serviceAccount.annotations": { "example.com/role": "x" },
      podAnnotations: { a: "b" },
      nodeSelector: { disk: "ssd" },
      tolerations: [{ operator: "Exists" }],
      affinity: { nodeAffinity: {} },
    });
    const [container] = podOf(objects).containers;
    expect(container.args).to.include.members([
      "--log-level=debug",
      "--git-engine=isomorphic",
      "--concurrency=3",
      "--apply-concurrency=4",
      "--trusted-namespaces=platform,infra",
      "--trusted-service-account=overseer-gitops-trusted",
      "--lease-name=other",
    ]);
    expect(container.image).to.equal(`registry.example.com/team/overseer-gitops@sha256:${"0".repeat(64)}`);
    expect(container.env).to.deep.include({ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" });
    expect(podOf(objects)).to.deep.include({ nodeSelector: { disk: "ssd" }, tolerations: [{ operator: "Exists" }] });
    expect(find(objects, "ServiceAccount").metadata.annotations).to.deep.equal({ "example.com/role": "x" });
    expect(find(objects, "ServiceAccount").imagePullSecrets).to.deep.equal([{ name: "pull" }]);
    const lease = rulesOf(objects, "Role").filter(({ resources }) => resources.includes("leases"));
    expect(lease.flatMap(({ resourceNames }) => resourceNames ?? [])).to.deep.equal(["other"]);
  });

  it("refuses values that it does not have, and says which", async () => {
    const cases: [Values, string][] = [
      [{ replica: 3 }, "additional properties 'replica' not allowed"],
      [{ "rbac.readAlll": true }, "additional properties 'readAlll' not allowed"],
      [{ logLevel: "loud" }, "'/logLevel': value must be one of 'error', 'warn', 'info', 'debug'"],
      [{ concurrency: 0 }, "'/concurrency': minimum"],
      [{ "image.tag": "latest" }, "'/image/tag'"],
      [{ trustedNamespaces: "platform" }, "'/trustedNamespaces': got string, want array"],
      [{ trustedNamespaces: ["Platform"] }, "'/trustedNamespaces/0'"],
      [{ "leaderElection.leaseDuration": 15 }, "'/leaderElection/leaseDuration': got number, want string"],
      [{ "rbac.secretNamespaces": ["a"] }, "set rbac.readAll=false"],
      [{ "rbac.clusterAdmin": true }, "rbac.clusterAdmin is for apps of trustedNamespaces"],
      [
        { "rbac.readKinds": [{ apiGroups: ["apps"], resources: ["deployments"] }] },
        "rbac.readKinds is for rbac.readAll=false",
      ],
      [{ "leaderElection.enabled": false }, "set controller.replicas to 1"],
      [{ "leaderElection.enabled": false, replicas: 3 }, "controller.replicas is 3"],
      [{ controller: null }, "upgrade with --reset-then-reuse-values"],
      [{ "server.replica": 2 }, "additional properties 'replica' not allowed"],
      [{ "server.port": 80 }, "'/server/port': minimum"],
      [{ "server.ingress.enabled": true }, "needs server.ingress.host"],
      [{ "image.repository": "" }, "image.repository is not set, and there is no published image: build one"],
      [{ "leaderElection.leaseDuration": "5s" }, "renewDeadline (10s) must be at least a second shorter"],
      [{ "leaderElection.leaseDuration": "10500ms" }, "leaseDuration must be whole seconds"],
      [{ "leaderElection.leaseDuration": "1s" }, "leaseDuration must be whole seconds, from 2s to 1h"],
      [{ "leaderElection.retryPeriod": "4s" }, "retryPeriod (4s) must be at most a third"],
      [{ "leaderElection.renewDeadline": "50ms" }, "must be at least 100ms"],
      [{ "server.port": 8080 }, "server.port and metrics.port are both 8080"],
      [{ "controller.serviceAccount.create": false }, "controller.serviceAccount.name"],
      [{ "server.serviceAccount.create": false }, "server.serviceAccount.name"],
      [{ "cache.persistence.enabled": true }, "cache.persistence needs controller.replicas=1"],
      [{ "server.httpRoute.enabled": true }, "needs server.httpRoute.parentRefs"],
      [{ "metrics.serviceMonitor.scrapeTimeout": "40s" }, "must not be longer than metrics.serviceMonitor.interval"],
      [{ "controller.extraArgs": ["concurrency=3"] }, "'/controller/extraArgs/0'"],
      [{ fullnameOverride: "Not_a_name" }, "'/fullnameOverride'"],
    ];
    for (const [values, text] of cases) expect(await refusalOf(values), JSON.stringify(values)).to.contain(text);
  });

  it("keeps its definitions, and leaves them out when told", async () => {
    const definitions = defaults.filter(({ kind }) => kind === "CustomResourceDefinition");
    expect(definitions.map(({ metadata }) => metadata.name)).to.have.lengthOf(7);
    for (const { metadata } of definitions)
      expect(metadata.annotations).to.deep.equal({ "helm.sh/resource-policy": "keep" });
    expect(kindsOf(await renderChart({ "crds.install": false }))).to.not.include("CustomResourceDefinition");
  });

  it("speaks to Prometheus only where the cluster knows it", async () => {
    expect(kindsOf(defaults)).to.not.include.members(["ServiceMonitor"]).and.not.include.members(["PrometheusRule"]);
    const objects = await renderChart({ "metrics.prometheusRule.labels": { release: "prometheus" } }, MONITORING);
    const monitor = find(objects, "ServiceMonitor").spec as Record<string, unknown>;
    expect(monitor).to.have.property("endpoints");
    const scraped = objects.filter(({ kind, metadata }) => {
      const component = (metadata.labels as Record<string, string> | undefined)?.["app.kubernetes.io/component"];
      return kind === "Service" && JSON.stringify(monitor.selector).includes(`"${component}"`);
    });
    const services = scraped.map(({ metadata }) => metadata.name);
    expect(services).to.have.members([`${OPERATOR}-metrics`, `${SERVER}-metrics`]);
    const rule = find(objects, "PrometheusRule");
    expect(rule.metadata.labels).to.include({ release: "prometheus" });
    const { groups } = rule.spec as { groups: { rules: { alert: string; expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ alert }) => alert.replace("Overseer", "")).join(" ")).to.equal(
      [
        "Down NoLeader AppNotReady AppDegraded AppOutOfSync AppWaiting ApprovalWaiting PruneBlocked",
        "SyncFailing NoSuccess RepositoryNotReady RepositoryStale GitFailing DriftNotHealed BackupFailing",
        "DriftContested ReconcileErrors ReconcileSlow QueueSlow EventLoopBusy CoreDown NodeOffline",
        "ClusterUnreachable WebhooksFailing ApiErrors AuditFailing NotificationsFailing BreakGlass",
      ].join(" "),
    );
    expect(kindsOf(await renderChart({ "metrics.serviceMonitor.enabled": false }, MONITORING))).to.not.include(
      "ServiceMonitor",
    );
  });

  it("makes a budget for disruptions only where there is a second pod", async () => {
    expect(find(defaults, "PodDisruptionBudget").spec).to.include({ maxUnavailable: 1 });
    expect(kindsOf(await renderChart({ "controller.replicas": 1 }))).to.not.include("PodDisruptionBudget");
    const two = await renderChart({ "controller.replicas": 1, "server.replicas": 2 });
    expect(find(two, "PodDisruptionBudget", SERVER).spec).to.include({ maxUnavailable: 1 });
  });

  it("lets webhooks and scrapes in to the server, and it out to DNS and the API server", async () => {
    const from = [{ namespaceSelector: { matchLabels: { name: "ingress" } } }];
    const objects = await renderChart({ "server.networkPolicy": { webhooksFrom: from, egressPorts: [6443] } });
    const spec = find(objects, "NetworkPolicy", SERVER).spec as Record<string, unknown>;
    expect(spec.ingress).to.deep.equal([
      { ports: [{ port: "webhooks", protocol: "TCP" }], from },
      { ports: [{ port: "metrics", protocol: "TCP" }] },
    ]);
    const egress = spec.egress as { ports: { port: number }[] }[];
    expect(egress.flatMap(({ ports }) => ports.map(({ port }) => port))).to.deep.equal([53, 53, 6443]);
  });

  it("lets in scrapes alone, and out to DNS and the ports that are named", async () => {
    const objects = await renderChart({
      "networkPolicy.metricsFrom": [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }],
      "controller.networkPolicy.egressPorts": [443],
      "controller.networkPolicy.egressTo": [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
    });
    const spec = find(objects, "NetworkPolicy").spec as Record<string, unknown>;
    expect(spec.policyTypes).to.deep.equal(["Ingress", "Egress"]);
    expect(spec.ingress).to.deep.equal([
      {
        ports: [{ port: "metrics", protocol: "TCP" }],
        from: [{ namespaceSelector: { matchLabels: { name: "monitoring" } } }],
      },
    ]);
    const egress = spec.egress as { ports: { port: number }[]; to?: object[] }[];
    expect(egress.flatMap(({ ports }) => ports.map(({ port }) => port))).to.deep.equal([53, 53, 443]);
    expect(egress[1]?.to).to.deep.equal([{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }]);
  });

  it("grants no right to write or read objects beyond its own, and none to everything", () => {
    for (const { verbs, apiGroups, resources } of rulesOf(defaults, "ClusterRole")) {
      expect(verbs).to.not.include("*");
      if (resources.includes("*")) expect(verbs, apiGroups.join()).to.deep.equal(["list", "watch"]);
      const writes = verbs.filter((verb) => !["get", "list", "watch", "impersonate"].includes(verb));
      if (writes.length > 0 && apiGroups[0] !== "gitops.overseer.io")
        expect([
          { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
          // Asks for the permissions of approvers; stores nothing.
          { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
        ]).to.deep.include({ apiGroups, resources, verbs });
    }
    const own = rulesOf(defaults, "Role").map(({ resources, resourceNames, verbs }) => ({
      resources,
      resourceNames,
      verbs,
    }));
    expect(own).to.deep.equal([
      { resources: ["secrets"], resourceNames: undefined, verbs: ["create"] },
      { resources: ["secrets"], resourceNames: ["overseer-gitops-keys"], verbs: ["get"] },
      { resources: ["leases"], resourceNames: undefined, verbs: ["create"] },
      { resources: ["leases"], resourceNames: ["overseer-gitops"], verbs: ["get", "list", "watch", "update"] },
    ]);
    expect(kindsOf(defaults.filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind)))).to.deep.equal([
      "ClusterRoleBinding",
      "RoleBinding",
    ]);
    expect(defaults.filter(({ kind }) => kind === "ClusterRoleBinding")).to.have.lengthOf(2);
  });

  it("grants the server webhooks and their tokens, and nothing else", async () => {
    const own = {
      apiGroups: ["gitops.overseer.io"],
      resources: ["gitrepositories"],
      verbs: ["get", "list", "watch", "patch"],
    };
    const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] };
    const subject = { kind: "ServiceAccount", name: SERVER, namespace: INSTALL_NAMESPACE };
    const boundTo = (objects: readonly TestObject[]) =>
      objects
        .filter((object) => JSON.stringify(object.subjects ?? []).includes(JSON.stringify(subject)))
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(rulesOf(defaults, "ClusterRole", SERVER)).to.deep.equal([own, secrets]);
    expect(boundTo(defaults)).to.deep.equal([`ClusterRoleBinding /${SERVER}`]);
    const narrow = await renderChart({ "server.secretNamespaces": ["team"] });
    expect(rulesOf(narrow, "ClusterRole", SERVER)).to.deep.equal([own]);
    expect(rulesOf(narrow, "Role", `${SERVER}-secrets`)).to.deep.equal([secrets]);
    expect(boundTo(narrow)).to.have.members([`ClusterRoleBinding /${SERVER}`, `RoleBinding team/${SERVER}-secrets`]);
  });

  it("can be narrowed to kinds and namespaces", async () => {
    const objects = await renderChart({
      "rbac.readAll": false,
      "rbac.readKinds": [{ apiGroups: [""], resources: ["configmaps"] }],
      "rbac.secretNamespaces": ["team"],
      "rbac.impersonateNamespaces": ["team", "other"],
    });
    const rules = rulesOf(objects, "ClusterRole");
    expect(rules.some(({ apiGroups }) => apiGroups.includes("*"))).to.equal(false);
    expect(
      rules.some(({ resources }) => resources.includes("secrets") || resources.includes("serviceaccounts")),
    ).to.equal(false);
    expect(rules).to.deep.include({ apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] });
    const roles = objects
      .filter(({ kind }) => kind === "Role")
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(roles).to.have.members([
      `${INSTALL_NAMESPACE}/${OPERATOR}`,
      "team/overseer-gitops-secrets",
      "team/overseer-gitops-impersonate",
      "other/overseer-gitops-impersonate",
      "team/overseer-gitops-server-secrets",
    ]);
  });

  it("gives a ServiceAccount rights in trusted namespaces, and the operator none", async () => {
    const objects = await renderChart({ trustedNamespaces: ["platform"], "rbac.trustedClusterRole": "edit" });
    const binding = find(objects, "RoleBinding", "overseer-gitops-trusted");
    expect(binding.metadata.namespace).to.equal("platform");
    expect(binding.roleRef).to.include({ kind: "ClusterRole", name: "edit" });
    const trusted = [{ kind: "ServiceAccount", name: "overseer-gitops-trusted", namespace: INSTALL_NAMESPACE }];
    expect(binding.subjects).to.deep.equal(trusted);
    const all = await renderChart({ trustedNamespaces: ["platform"], "rbac.clusterAdmin": true });
    const everything = all.filter(
      ({ roleRef }) => (roleRef as { name?: string } | undefined)?.name === "cluster-admin",
    );
    expect(everything.map(({ subjects }) => subjects)).to.deep.equal([trusted]);
    expect(defaults.filter(({ metadata }) => metadata.name === "overseer-gitops-trusted")).to.deep.equal([]);
  });

  it("adds its kinds to the roles of people, without a right that edit does not have", async () => {
    const label = (role: string) => `rbac.authorization.k8s.io/aggregate-to-${role}`;
    expect(find(defaults, "ClusterRole", "overseer-gitops-view").metadata.labels).to.include({
      [label("view")]: "true",
    });
    const edit = find(defaults, "ClusterRole", "overseer-gitops-edit");
    expect(edit.metadata.labels).to.include({ [label("edit")]: "true", [label("admin")]: "true" });
    expect(edit.metadata.labels).to.not.have.property(label("view"));
    const [rule] = edit.rules as Rule[];
    expect(rule?.resources.join(" ")).to.equal("gitrepositories overseerapps overseerappsets notificationchannels");
    const alone = find(await renderChart({ "rbac.aggregate": false }), "ClusterRole", "overseer-gitops-edit");
    expect(alone.metadata.labels).to.not.have.property(label("edit"));
  });
});

describe("deploy/", function () {
  this.timeout(120_000);

  it("is what the chart makes of its defaults", async () => {
    const { kubectl } = await ensureControlPlaneBinaries();
    const plain = parseObjects(await runCommand(kubectl, ["kustomize", join(repositoryRoot(), "deploy")]));
    const namespace = plain.filter(({ kind }) => kind === "Namespace");
    expect(namespace.map(({ metadata }) => metadata.name)).to.deep.equal([INSTALL_NAMESPACE]);
    const rest = plain.filter(({ kind }) => kind !== "Namespace");
    expect(byName(rest)).to.deep.equal(byName((await renderChart()).map(withoutHelm)));
  });
});

function byName(objects: readonly TestObject[]): Record<string, TestObject> {
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
}

/** An object without what says that Helm has made it. */
function withoutHelm(object: TestObject): TestObject {
  const { annotations, labels, ...metadata } = object.metadata as TestObject["metadata"] &
    Record<string, Record<string, string>>;
  const { "helm.sh/resource-policy": _, ...otherAnnotations } = annotations ?? {};
  const { "helm.sh/chart": __, "app.kubernetes.io/managed-by": ___, ...otherLabels } = labels ?? {};
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(Object.keys(otherAnnotations).length === 0 ? {} : { annotations: otherAnnotations }),
      ...(Object.keys(otherLabels).length === 0 ? {} : { labels: otherLabels }),
    } as TestObject["metadata"],
  };
}
