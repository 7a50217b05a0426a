import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSION } from "../../src/api/group.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { POLICY_NAMES } from "../../src/api/policies/admission-policy.js";
import { changePolicies } from "../../src/api/policies/change-policies.js";
import { LEADER_AUDIENCE } from "../../src/server/rest/leader/leader-client.js";
import { operatorCommand } from "../operator-command.js";
import { reservePort } from "../ports.js";
import { spawnLogged } from "../processes.js";
import { waitUntil } from "../wait-until.js";
import { isTrue, type WrittenObject } from "./kube.js";
import { appRef, requestPoll, untilObject } from "./look.js";
import { API_ACCOUNT, DEMO_NAMESPACE, REPOSITORY } from "./sample.js";
import { SHOWCASE, SHOWCASE_SECOND } from "./showcase.js";
import type { Cleanup, Stage } from "./stage.js";

const ADMISSION = "admissionregistration.k8s.io/v1";
/** User of the web UI, and the one that the operator is in the throwaway cluster. */
const PERSON = "alice";
const OPERATOR = "admin";
const TIMEOUT_MS = 60_000;

/** The web UI of the demo. */
export interface DemoUi {
  readonly url: string;
  /** Address that signs in at once; undefined in the user's own cluster, where the demo has no token of a person. */
  readonly link: string | undefined;
}

/**
 * Starts the role `api` with the web UI. In the throwaway cluster, it also makes apps that need attention: one is degraded, one has
 * drift, one waits for an approval.
 */
export async function startWebUi(stage: Stage, addCleanup: Cleanup): Promise<DemoUi> {
  const url = await startApi(stage, addCleanup);
  const token = stage.cluster.tokenOf?.(PERSON);
  if (token === undefined) return { url, link: undefined };
  await permit(stage);
  await showCase(stage);
  return { url, link: `${url}/apps#token=${encodeURIComponent(token)}` };
}

async function startApi({ cluster, kube, work, guard, processes }: Stage, addCleanup: Cleanup): Promise<string> {
  const [api, metrics] = [await reservePort(), await reservePort()];
  addCleanup(api.release);
  addCleanup(metrics.release);
  const tokenFile = join(work, "leader-token");
  const asksLeader = cluster.tokenOf !== undefined;
  if (asksLeader)
    await writeFile(tokenFile, await kube.tokenOf(DEMO_NAMESPACE, API_ACCOUNT, LEADER_AUDIENCE), { mode: 0o600 });
  const flags = {
    ...(asksLeader ? { "leader-token-file": tokenFile } : {}),
    roles: "api",
    kubeconfig: cluster.kubeconfigPath,
    "api-address": `127.0.0.1:${api.port}`,
    "metrics-address": `127.0.0.1:${metrics.port}`,
  };
  const [command, args] = operatorCommand(Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  const server = await spawnLogged("the API", command, args, { logFile: join(work, "api.log"), guard });
  processes.push(server);
  addCleanup(() => server.stop());
  await waitUntil({ what: "the API is ready", timeoutMs: TIMEOUT_MS }, async () => {
    return (await fetch(`http://127.0.0.1:${metrics.port}/readyz`)).status === 200;
  });
  return `http://127.0.0.1:${api.port}`;
}

/** Gives the person all rights, and installs the policies that prove who approves. */
async function permit({ kube }: Stage): Promise<void> {
  const rbac = "rbac.authorization.k8s.io";
  await kube.apply({
    ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata: { name: "overseer-demo" } },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "User", name: PERSON, apiGroup: rbac }],
  } as WrittenObject);
  const policies = changePolicies(OPERATOR);
  for (const policy of POLICY_NAMES) {
    const metadata = { name: `overseer-demo-${policy}` };
    const spec = { policyName: metadata.name, validationActions: ["Deny"] };
    await kube.apply({
      ...{ apiVersion: ADMISSION, kind: "ValidatingAdmissionPolicy", metadata },
      spec: policies[policy],
    } as WrittenObject);
    await kube.apply({
      ...{ apiVersion: ADMISSION, kind: "ValidatingAdmissionPolicyBinding", metadata },
      spec,
    } as WrittenObject);
  }
}

async function showCase(stage: Stage): Promise<void> {
  const { kube, repo } = stage;
  await repo.commit(SHOWCASE, "Show what may go wrong");
  await requestPoll(stage);
  for (const name of ["checkout", "search", "cart"]) await kube.apply(showcaseApp(name));
  for (const name of ["search", "cart"]) await untilIs(stage, name, "Synced");
  await repo.commit(SHOWCASE_SECOND, "Retire the old cart");
  await requestPoll(stage);
  const config = { apiVersion: "v1", kind: "ConfigMap", namespace: DEMO_NAMESPACE, name: "search" };
  await kube.patch(config, { data: { LOG_LEVEL: "debug" } }, "kubectl-edit");
  await untilIs(stage, "search", "Drifted");
  await untilIs(stage, "cart", "Waiting");
  const degraded = (app: OverseerApp): boolean => app.status?.health === "Degraded";
  await untilObject<OverseerApp>(stage, appRef("checkout"), "checkout is degraded", TIMEOUT_MS, degraded);
}

function showcaseApp(name: string): WrittenObject {
  return {
    apiVersion: API_VERSION,
    kind: "OverseerApp",
    metadata: { name, namespace: DEMO_NAMESPACE },
    spec: {
      source: { repositoryRef: { name: REPOSITORY }, path: `showcase/${name}` },
      destination: { kubernetes: {} },
      ...(name === "search" ? { sync: { selfHeal: false } } : {}),
    },
  } as WrittenObject;
}

async function untilIs(stage: Stage, name: string, condition: string): Promise<void> {
  const what = `${name} is ${condition}`;
  await untilObject<OverseerApp>(stage, appRef(name), what, TIMEOUT_MS, (app) => isTrue(app, condition));
}
