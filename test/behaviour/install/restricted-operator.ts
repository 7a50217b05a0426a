import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  API,
  INSTALL_NAMESPACE,
  installChart,
  installedFlags,
  SERVER,
  serviceAccountKubeconfig,
  uninstallChart,
  type Values,
} from "../../support/helm.js";
import { OperatorProcess } from "../../support/operator-process.js";
import type { World } from "../../support/world.js";

/** Secret with the key of the operator's digests. */
export const KEY_SECRET = {
  apiVersion: "v1",
  kind: "Secret",
  namespace: INSTALL_NAMESPACE,
  name: "overseer-gitops-keys",
};

/**
 * Installs the chart and runs the operator outside of the cluster as the ServiceAccount of the chart, with the flags of its
 * Deployment: it may do what the chart grants, and nothing else.
 */
export async function startRestricted(
  world: World,
  values: Values = {},
  flags: readonly string[] = [],
): Promise<OperatorProcess> {
  await installChart(world.controlPlane, values);
  return startInstalled(world, flags);
}

/** The same for a chart that is installed already. */
export async function startInstalled(world: World, flags: readonly string[] = []): Promise<OperatorProcess> {
  const path = join(world.controlPlane.dir, `operator-${world.namespace}.kubeconfig`);
  const kubeconfigPath = await serviceAccountKubeconfig(world.controlPlane, world.kube, path);
  return world.startOperator({ kubeconfigPath, flags: [...(await installedFlags(world.kube)), ...flags] });
}

/** Runs what receives webhooks, of a chart that is installed: as its own ServiceAccount, with the flags of its own Deployment. */
export async function startInstalledServer(world: World): Promise<OperatorProcess> {
  const path = join(world.controlPlane.dir, `server-${world.namespace}.kubeconfig`);
  const account = { namespace: INSTALL_NAMESPACE, name: SERVER };
  const kubeconfigPath = await serviceAccountKubeconfig(world.controlPlane, world.kube, path, account);
  const flags = [...(await installedFlags(world.kube, SERVER)), "--server-address=127.0.0.1:0"];
  return OperatorProcess.start({ kubeconfigPath, flags });
}

/** Runs the REST API of a chart that is installed: as its own ServiceAccount, with the flags of its own Deployment. */
export async function startInstalledApi(world: World, flags: readonly string[] = []): Promise<OperatorProcess> {
  const path = join(world.controlPlane.dir, `api-${world.namespace}.kubeconfig`);
  const account = { namespace: INSTALL_NAMESPACE, name: API };
  const kubeconfigPath = await serviceAccountKubeconfig(world.controlPlane, world.kube, path, account);
  const installed = await installedFlags(world.kube, API);
  return OperatorProcess.start({ kubeconfigPath, flags: [...installed, "--api-address=127.0.0.1:0", ...flags] });
}

/** Removes what `startRestricted` installed, after the world has gone. */
export async function removeInstallation(world: World | undefined): Promise<void> {
  if (world) await uninstallChart(world.controlPlane);
}

/** Requests that the API server has refused for want of rights, as the operator counts them. */
export async function forbiddenRequests(operator: OperatorProcess): Promise<number> {
  return sumOf(operator, /^rest_client_requests_total\{.*code="403"/);
}

/** Requests of a method that the API server has answered, however it did. */
export async function answers(operator: OperatorProcess, method: string): Promise<number> {
  return sumOf(operator, new RegExp(`^rest_client_requests_total\\{.*method="${method}"`));
}

async function sumOf(operator: OperatorProcess, series: RegExp): Promise<number> {
  const text = await (await fetch(`${await operator.address()}/metrics`)).text();
  const lines = text.split("\n").filter((line) => series.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Makes a ServiceAccount of a namespace that may do this with these kinds of it. */
export async function grantAccount(
  place: Pick<World, "kube" | "namespace">,
  name: string,
  rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[],
): Promise<void> {
  const { namespace, kube } = place;
  const rbac = "rbac.authorization.k8s.io";
  await kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  await kube.apply({ apiVersion: `${rbac}/v1`, kind: "Role", metadata: { name, namespace }, rules });
  await kube.apply({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: { apiGroup: rbac, kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
}

/** What an app of ConfigMaps and Deployments needs. */
export const APP_RULES = [
  { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: ["get", "create", "patch", "delete"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "create", "patch", "delete"] },
] as const;

/** Writes a token of the ServiceAccount of the REST API for the leader to a file, as its Deployment mounts it, and returns the path. */
export async function leaderTokenFile({ kube, operator }: Pick<World, "kube" | "operator">): Promise<string> {
  const path = join(operator.dir, "leader-token");
  await writeFile(path, await accountToken(kube, "overseer-gitops-leader"));
  return path;
}

/** Requests a token of a ServiceAccount, by default that of the REST API. */
export async function accountToken(
  kube: World["kube"],
  audience: string,
  name = API,
  namespace = INSTALL_NAMESPACE,
): Promise<string> {
  const { body } = await kube.client.request<{ status: { token: string } }>({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: {
      ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
      spec: { expirationSeconds: 3600, audiences: [audience] },
    },
  });
  return body.status.token;
}
