import { API_VERSION, GROUP } from "../../../api/group.js";
import type { LiveBinding, LivePolicy } from "../../../api/policies/in-force.js";
import { messageOf } from "../../../base/errors.js";
import { isStatus, KubeStatusError } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { VERSION } from "../../../version.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { formatValue } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { print } from "../../terminal.js";
import {
  argument,
  type Check,
  checkClock,
  checkKinds,
  checkLease,
  checkPolicies,
  checkWorkload,
  type OperatorWorkload,
} from "./checks.js";

/** Runs `overseer doctor`: exit code 1 if a check has failed. */
export function doctor(flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const checks = await checkAll(cluster);
    const { output } = flags;
    if (output === "json" || output === "yaml") print(await formatValue({ checks }, output));
    else
      print(
        formatTable(
          ["Check", "State", "Message"],
          checks.map(({ name, state, message }) => [name, state, message]),
        ),
      );
    return checks.some(({ state }) => state === "failed") ? EXIT.failed : EXIT.done;
  });
}

async function checkAll(cluster: Cluster): Promise<readonly Check[]> {
  // Without this answer there is nothing to check: its error ends the command.
  const { gitVersion } = await cluster.request<{ gitVersion: string }>({ method: "GET", path: "/version" });
  const started = Date.now();
  const now = await serverTime(cluster);
  const roundTrip = Date.now() - started;
  const reachable: Check = {
    name: "API server",
    state: "ok",
    message: `${cluster.client.server}, Kubernetes ${gitVersion}`,
  };
  const rest = await Promise.all([
    attempt("definitions", async () => [await kinds(cluster)]),
    attempt("operator", () => operator(cluster, now)),
    attempt("rights", async () => [await rights(cluster)]),
  ]);
  return [reachable, checkClock(started, now, roundTrip), ...rest.flat()];
}

/** The time of the API server, from an answer that has one. */
async function serverTime(cluster: Cluster): Promise<number> {
  const { metadata } = await cluster.request<{ metadata?: { creationTimestamp?: string | null } }>({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  });
  const time = Date.parse(metadata?.creationTimestamp ?? "");
  return Number.isNaN(time) ? Date.now() : time;
}

async function kinds(cluster: Cluster): Promise<Check> {
  const served = await cluster
    .request<{ resources: { name: string }[] }>({ method: "GET", path: `/apis/${API_VERSION}` })
    .catch((error: unknown) => {
      if (isStatus(error, 404)) return { resources: [] };
      throw error;
    });
  return checkKinds(
    Object.values(KINDS).map(({ plural }) => plural),
    served.resources.map(({ name }) => name),
  );
}

/** Workloads, lease and policies: needs rights in the namespace of the operator. */
async function operator(cluster: Cluster, now: number): Promise<readonly Check[]> {
  const items = [...(await workloads(cluster, "Deployment")), ...(await workloads(cluster, "StatefulSet"))];
  if (items.length === 0)
    return [
      {
        name: "operator",
        state: "failed",
        message:
          "there is no Deployment with the label app.kubernetes.io/name=overseer-gitops: install the chart, unless the operator runs outside of the cluster",
      },
    ];
  const [controller] = items.filter(
    ({ metadata }) =>
      metadata.labels?.["app.kubernetes.io/component"] === "controller" ||
      argument(argsOf(metadata.name, items), "roles") === "controller",
  );
  const running = items.map((workload) => checkWorkload(workload, VERSION));
  if (controller === undefined) return running;
  return [
    ...running,
    ...(await attempt("leader", async () => [await leader(cluster, controller, now)])),
    ...(await attempt("policies", async () => [await policies(cluster, controller)])),
  ];
}

/** Workloads of the operator of a kind. A list does not say the kind of its items. */
async function workloads(cluster: Cluster, kind: OperatorWorkload["kind"]): Promise<readonly OperatorWorkload[]> {
  const { items } = await cluster.request<{ items: Omit<OperatorWorkload, "kind">[] }>({
    method: "GET",
    path: `/apis/apps/v1/${kind.toLowerCase()}s`,
    query: { labelSelector: "app.kubernetes.io/name=overseer-gitops" },
  });
  return items.map((item) => ({ ...item, kind }) as OperatorWorkload);
}

function argsOf(name: string, workloads: readonly OperatorWorkload[]): readonly string[] {
  const found = workloads.find(({ metadata }) => metadata.name === name);
  return found?.spec.template.spec.containers[0]?.args ?? [];
}

async function leader(cluster: Cluster, controller: OperatorWorkload, now: number): Promise<Check> {
  const { namespace = "", name } = controller.metadata;
  const lease = argument(argsOf(name, [controller]), "lease-name") ?? "overseer-gitops";
  const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${encodeURIComponent(lease)}`;
  const live = await cluster.request<RawObject>({ method: "GET", path }).catch((error: unknown) => {
    if (isStatus(error, 404)) return undefined;
    throw error;
  });
  return checkLease(live, now);
}

async function policies(cluster: Cluster, controller: OperatorWorkload): Promise<Check> {
  const admission = "/apis/admissionregistration.k8s.io/v1";
  const [live, bindings] = await Promise.all([
    cluster.request<{ items: LivePolicy[] }>({ method: "GET", path: `${admission}/validatingadmissionpolicies` }),
    cluster.request<{ items: LiveBinding[] }>({
      method: "GET",
      path: `${admission}/validatingadmissionpolicybindings`,
    }),
  ]);
  return checkPolicies(controller, live.items, bindings.items, cluster.namespace);
}

/** What the user may do in the namespace: no failure, since not everyone has to act. */
async function rights(cluster: Cluster): Promise<Check> {
  const { status } = await cluster.request<{
    status?: {
      incomplete?: boolean;
      resourceRules?: { verbs: string[]; apiGroups?: string[]; resources?: string[] }[];
    };
  }>({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: cluster.namespace },
    },
  });
  const rules = (status?.resourceRules ?? []).filter(
    ({ apiGroups = [], resources = [] }) =>
      [GROUP, "*"].some((group) => apiGroups.includes(group)) &&
      ["overseerapps", "*"].some((one) => resources.includes(one)),
  );
  const verbs = [...new Set(rules.flatMap((rule) => rule.verbs))].sort();
  if (verbs.length === 0)
    return { name: "rights", state: "warning", message: `none for OverseerApps in namespace ${cluster.namespace}` };
  return {
    name: "rights",
    state: "ok",
    message: `for OverseerApps in namespace ${cluster.namespace}: ${verbs.includes("*") ? "all" : verbs.join(", ")}`,
  };
}

/** A check that the user may not make is unknown, which is no failure. */
async function attempt(name: string, check: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof KubeStatusError)) throw error;
    return [{ name, state: "unknown", message: messageOf(error) }];
  }
}
