import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { ensureControlPlaneBinaries } from "../../tools/binaries.js";
import type { ControlPlane } from "../../tools/control-plane.js";
import { writeKubeconfig } from "../../tools/control-plane-credentials.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { CommandError, runCommand } from "../../tools/run-command.js";
import type { TestKube, TestObject } from "./kube.js";

/** The chart of the product. */
export const CHART = join(repositoryRoot(), "charts/overseer-gitops");
/** Where the tests install it: the namespace that an operator outside of a pod takes for its own. */
export const INSTALL_NAMESPACE = "overseer-system";
/** Name of the release, as the documents have it. */
export const RELEASE = "overseer";
/** Name of the Deployment, the ServiceAccount and the roles. */
export const OPERATOR = "overseer-gitops";
/** The same of what receives webhooks. */
export const SERVER = "overseer-gitops-server";
/** Name of the Deployment and ServiceAccount of the REST API. */
export const API = "overseer-gitops-api";

/** Values as `helm --set-json` takes them: a path, and what is to be there. */
export type Values = Readonly<Record<string, unknown>>;

/** Values with which the API has all of its flags. */
export const API_WITH_SIGN_IN: Values = {
  "api.enabled": true,
  "api.publicUrl": "https://gitops.example.com",
  "api.impersonation": { enabled: true },
  "api.session": { keySecret: "session-keys" },
  "api.oidc": {
    ...{ issuer: "https://id.example.com", name: "Example", clientId: "overseer", clientSecret: "oidc-client" },
    ...{ usernamePrefix: "oidc:", groupsPrefix: "oidc:", cliClientId: "overseer-cli", cliScopes: "openid groups" },
  },
};

function setFlags(values: Values): string[] {
  return Object.entries(values).flatMap(([path, value]) => ["--set-json", `${path}=${JSON.stringify(value)}`]);
}

/** The chart has no default for it. */
const IMAGE: Values = { "image.repository": "overseer-gitops" };

/** Runs helm with a home of its own, so that nobody's settings and plugins play a part. */
export async function helm(args: readonly string[], kubeconfigPath?: string): Promise<string> {
  const { helm: program } = await ensureControlPlaneBinaries();
  const home = await mkdtemp(join(tmpdir(), "overseer-helm-"));
  const { HELM_NAMESPACE: _, KUBECONFIG: __, ...env } = process.env;
  try {
    return await runCommand(program, args, {
      env: {
        ...env,
        HELM_CACHE_HOME: home,
        HELM_CONFIG_HOME: home,
        HELM_DATA_HOME: home,
        ...kubeconfig(kubeconfigPath),
      },
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function kubeconfig(path: string | undefined): { KUBECONFIG?: string } {
  return path === undefined ? {} : { KUBECONFIG: path };
}

/** Every object that the chart makes of these values, as on a cluster that serves these kinds besides the usual ones. */
export async function renderChart(values: Values = {}, kinds: readonly string[] = []): Promise<TestObject[]> {
  const served = kinds.flatMap((kind) => ["--api-versions", kind]);
  const args = [
    "template",
    RELEASE,
    CHART,
    "--namespace",
    INSTALL_NAMESPACE,
    ...served,
    ...setFlags({ ...IMAGE, ...values }),
  ];
  return parseObjects(await helm(args));
}

/** The objects of a YAML text. */
export function parseObjects(text: string): TestObject[] {
  return (loadAll(text) as (TestObject | null | undefined)[]).filter((object) => object != null);
}

/** Installs or upgrades the operator; what its pods do, the test does. The definitions are there already. */
export async function installChart(controlPlane: ControlPlane, values: Values = {}, chart = CHART): Promise<string> {
  const where = ["--namespace", INSTALL_NAMESPACE, "--create-namespace"];
  const set = setFlags({ "crds.install": false, ...IMAGE, ...values });
  return helm(["upgrade", "--install", RELEASE, chart, ...where, ...set], controlPlane.kubeconfigPath);
}

/** Takes the release away again; no error if there is none. */
export async function uninstallChart(controlPlane: ControlPlane): Promise<string> {
  const args = ["uninstall", RELEASE, "--namespace", INSTALL_NAMESPACE, "--ignore-not-found", "--wait"];
  return helm(args, controlPlane.kubeconfigPath);
}

/** A kubeconfig whose user is a ServiceAccount, by a token that the API server issues as it does for a pod. */
export async function serviceAccountKubeconfig(
  controlPlane: ControlPlane,
  kube: TestKube,
  path: string,
  account = { namespace: INSTALL_NAMESPACE, name: OPERATOR },
): Promise<string> {
  const { body } = await kube.client.request<{ status: { token: string } }>({
    method: "POST",
    path: `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  const { url, caPem } = controlPlane;
  await writeKubeconfig(path, { url, caPem, user: account.name, token: body.status.token });
  return path;
}

/** Flags of the installed operator, without those that only fit a pod. */
export async function installedFlags(kube: TestKube, name = OPERATOR): Promise<string[]> {
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: INSTALL_NAMESPACE, name };
  const live = (await kube.get(ref)) as { spec?: { template: { spec: { containers: { args: string[] }[] } } } };
  const args = live.spec?.template.spec.containers[0]?.args ?? [];
  return args.filter(
    (flag) =>
      !/^--(metrics-address|server-address|api-address|internal-address|leader-token-file|cache-dir|audit-dir)=/.test(
        flag,
      ),
  );
}

/** A copy of the chart with another version, as the release before or after this one. */
export async function packageChart(folder: string, version: string): Promise<string> {
  await helm(["package", CHART, "--version", version, "--app-version", version, "--destination", folder]);
  return join(folder, `overseer-gitops-${version}.tgz`);
}

/** What helm prints when it refuses to render the chart with these values. */
export async function refusalOf(values: Values): Promise<string> {
  return renderChart(values).then(
    () => "it was taken",
    (error: unknown) => (error instanceof CommandError ? error.output : String(error)),
  );
}
