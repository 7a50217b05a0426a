import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { changePolicies } from "../../src/api/policies/change-policies.js";
import { startControlPlane } from "../../tools/control-plane.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import { APPLY, Api, MERGE } from "../api.js";
import { parseMetrics, sumOf } from "../metrics-text.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";

/** Requests of each kind. */
const REQUESTS = Number(process.argv[2] ?? 300);
const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
const OURS = "/apis/gitops.overseer.io/v1alpha1";
const SERIES = "apiserver_admission_controller_admission_duration_seconds";

/** `node build/bench/admission/run.js [REQUESTS]`: measures what the admission policies of the chart cost, as the API server counts it. */
async function main(): Promise<void> {
  const controlPlane = await startControlPlane();
  const api = new Api(controlPlane);
  try {
    await define(api);
    const { status } = await api.call<{ status: { userInfo: { username: string } } }>({
      ...{ method: "POST", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews" },
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    const user = status.userInfo.username;
    const approval = {
      ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "Approval", metadata: { name: "bench" } },
      spec: {
        app: { name: "web" },
        change: { name: "web-1", uid: "u" },
        planHash: "h",
        decision: "Approve",
        approver: user,
      },
    };
    const environment = { apiVersion: approval.apiVersion, kind: "Environment", metadata: { name: "bench" }, spec: {} };
    await api.call({ method: "POST", path: `${OURS}/environments`, body: environment });
    const approve = (): Promise<unknown> =>
      api.call({ method: "POST", path: `${OURS}/namespaces/default/approvals?dryRun=All`, body: approval });
    const edit = (): Promise<unknown> => {
      const body = { metadata: { annotations: { a: "b" } } };
      return api.call({ method: "PATCH", path: `${OURS}/environments/bench?dryRun=All`, body, contentType: MERGE });
    };
    const before = [await timeOf(approve), await timeOf(edit)];
    for (const [name, spec] of Object.entries(changePolicies(user))) {
      const metadata = { name: `bench-${name}` };
      const kind = "ValidatingAdmissionPolicy";
      await api.call({
        method: "POST",
        path: `${ADMISSION}/validatingadmissionpolicies`,
        body: { kind, metadata, spec },
      });
      const binding = { policyName: metadata.name, validationActions: ["Deny"] };
      const body = { kind: `${kind}Binding`, metadata, spec: binding };
      await api.call({ method: "POST", path: `${ADMISSION}/validatingadmissionpolicybindings`, body });
    }
    const forged = { ...approval, spec: { ...approval.spec, approver: "another" } };
    await waitUntil({ what: "the policies are in force", timeoutMs: 60_000 }, () =>
      api.call({ method: "POST", path: `${OURS}/namespaces/default/approvals?dryRun=All`, body: forged }).then(
        () => false,
        () => true,
      ),
    );
    const rows: string[][] = [];
    for (const [index, [what, operation, request]] of (
      [
        ["create an Approval", "CREATE", approve],
        ["update an Environment", "UPDATE", edit],
      ] as const
    ).entries()) {
      const start = await policyTime(api, operation);
      const after = await timeOf(request);
      const end = await policyTime(api, operation);
      const inPolicy = ((end.seconds - start.seconds) / (end.requests - start.requests)) * 1000;
      rows.push([what, ...[before[index] ?? 0, after, inPolicy].map((ms) => String(significant(ms)))]);
    }
    process.stdout.write(`${formatTable(["request", "ms without", "ms with", "ms in policies"], rows)}\n`);
  } finally {
    await api.close();
    await controlPlane.stop();
  }
}

async function define(api: Api): Promise<void> {
  const folder = join(repositoryRoot(), "crds");
  for (const file of await readdir(folder)) {
    for (const body of loadAll(await readFile(join(folder, file), "utf8")) as { metadata: { name: string } }[]) {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${body.metadata.name}`;
      await api.call({ method: "PATCH", path: `${path}?fieldManager=bench&force=true`, body, contentType: APPLY });
    }
  }
  await waitUntil({ what: "the kinds are served", timeoutMs: 60_000 }, () =>
    Promise.all(["environments", "approvals"].map((one) => api.call({ method: "GET", path: `${OURS}/${one}` }))).then(
      () => true,
      () => false,
    ),
  );
}

/** Returns the median time of a request in milliseconds, one after the other. */
async function timeOf(request: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < REQUESTS; count++) {
    const begin = performance.now();
    await request();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

/** Returns the seconds that all admission policies have taken, and for how many requests of an operation. */
async function policyTime(
  api: Api,
  operation: string,
): Promise<{ readonly seconds: number; readonly requests: number }> {
  const samples = parseMetrics(await api.text("/metrics"));
  const isOurs = (labels: Readonly<Record<string, string>>): boolean =>
    labels.name === "ValidatingAdmissionPolicy" && labels.operation === operation;
  return {
    seconds: sumOf(samples, `${SERIES}_sum`, isOurs),
    requests: sumOf(samples, `${SERIES}_count`, isOurs),
  };
}

await main();
