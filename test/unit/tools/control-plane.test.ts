import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect } from "chai";
import { apiRequest } from "../../../tools/api-client.js";
import { ensureControlPlaneBinaries } from "../../../tools/binaries.js";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import { attachControlPlane } from "../../../tools/control-plane-attach.js";
import { SAMPLE_USERS } from "../../../tools/control-plane-credentials.js";
import { etcdFlags } from "../../../tools/control-plane-flags.js";
import { ComponentError, ComponentSet } from "../../../tools/control-plane-process.js";
import {
  type ControlPlaneState,
  isHealthy,
  runningComponents,
  writeState,
} from "../../../tools/control-plane-state.js";
import { startProcessGuard } from "../../../tools/process-guard.js";
import { waitUntil } from "../../../tools/wait-until.js";

const run = promisify(execFile);

/** Quick to start: no controller manager, scheduler or kwok. */
const BARE = { controllerManager: false } as const;

describe("tools: control plane", function () {
  this.timeout(120_000);
  const started: ControlPlane[] = [];

  async function start(options: Parameters<typeof startControlPlane>[0]): Promise<ControlPlane> {
    const controlPlane = await startControlPlane(options);
    started.push(controlPlane);
    return controlPlane;
  }

  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
  });

  const api = (one: ControlPlane, user = "admin") => ({
    url: one.url,
    caPem: one.caPem,
    token: one.tokens[user] ?? "",
  });

  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );

  it("runs two side by side and leaves no process and no folder", async () => {
    const [one, two] = await Promise.all([start(BARE), start(BARE)]);
    expect(one.url).not.to.equal(two.url);
    expect(one.caPem).not.to.equal(two.caPem);
    const body = { metadata: { name: "only-in-one" } };
    expect((await apiRequest(api(one), "POST", "/api/v1/namespaces", body)).status).to.equal(201);
    expect((await apiRequest(api(two), "GET", "/api/v1/namespaces/only-in-one")).status).to.equal(404);
    expect((await stat(one.kubeconfigPath)).mode & 0o777).to.equal(0o600);

    const states = [one.state(), two.state()];
    expect(states.map((state) => runningComponents(state))).to.deep.equal([
      ["etcd", "kube-apiserver"],
      ["etcd", "kube-apiserver"],
    ]);
    await Promise.all([one.stop(), two.stop()]);
    for (const state of states) {
      expect(runningComponents(state)).to.deep.equal([]);
      expect(await isThere(state.dir)).to.equal(false);
    }
  });

  it("makes Deployments available and binds volumes", async () => {
    const one = await start({});
    expect(isHealthy(one.state())).to.equal(true);
    const kubectl = async (...args: string[]) =>
      (await run(one.kubectlPath, ["--kubeconfig", one.kubeconfigPath, ...args])).stdout;
    await kubectl("create", "deployment", "web", "--image=example.com/web:1", "--replicas=2");
    await kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");
    const claim = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    await apiRequest(api(one), "POST", "/api/v1/namespaces/default/persistentvolumeclaims", claim);
    await kubectl("wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s");
    const folder = await kubectl("get", "pv", "-o=jsonpath={.items[0].spec.hostPath.path}");
    expect(await isThere(folder)).to.equal(true);
    await one.stop();
    expect(await isThere(folder)).to.equal(false);
  });

  it("knows the users it was started with, and what RBAC lets them do", async () => {
    const one = await start({
      ...BARE,
      users: [
        { name: "ann", groups: ["a", "b"] },
        { name: "ben", token: "bens-token" },
      ],
    });
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const answer = JSON.parse((await apiRequest(api(one, "ann"), "POST", path, review)).text);
    expect(answer.status.userInfo.groups).to.include.members(["a", "b"]);
    expect((await apiRequest({ ...api(one), token: "bens-token" }, "GET", "/api/v1/secrets")).status).to.equal(403);
    expect((await apiRequest({ ...api(one), token: "wrong" }, "GET", "/api/v1/secrets")).status).to.equal(401);
    expect(await readFile(await one.writeKubeconfigFor("ben"), "utf8")).to.contain("bens-token");
    const error = await one.writeKubeconfigFor("nobody").catch((reason: unknown) => reason);
    expect(String(error)).to.contain("unknown user nobody");
  });

  it("restarts its API server on the same port and data", async () => {
    const one = await start(BARE);
    await apiRequest(api(one), "POST", "/api/v1/namespaces", { metadata: { name: "kept" } });
    for (const kill of [true, false]) {
      const before = one.apiServer.pid;
      await one.apiServer.stop({ kill });
      expect(one.apiServer.pid).to.equal(undefined);
      const refused = await apiRequest(api(one), "GET", "/readyz").catch((error: NodeJS.ErrnoException) => error.code);
      expect(refused).to.equal("ECONNREFUSED");
      await one.apiServer.start();
      expect(one.apiServer.pid).not.to.equal(before);
      expect((await apiRequest(api(one), "GET", "/api/v1/namespaces/kept")).status).to.equal(200);
    }
  });

  it("quotes the log of a component that does not start, and leaves nothing running", async () => {
    const dir = await mkdtemp(join(tmpdir(), "overseer-test-"));
    const error = await startControlPlane({ ...BARE, dir, extraApiServerArgs: ["--no-such-flag"] }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error))
      .to.contain("kube-apiserver ended with exit code 1")
      .and.contain("unknown flag: --no-such-flag");
    expect(await commandLinesWith(dir)).to.deep.equal([]);
    expect(await isThere(dir)).to.equal(true);
    await rm(dir, { recursive: true });
  });

  it("tells a port that another program has taken from other failures", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = (taken.address() as AddressInfo).port;
    const dir = await mkdtemp(join(tmpdir(), "overseer-test-"));
    const guard = startProcessGuard(dir);
    const components = new ComponentSet(dir, guard);
    const { etcd } = await ensureControlPlaneBinaries();
    await components.start("etcd", etcd, etcdFlags({ dir, etcdPort: port, apiPort: 1 }));
    const failure = await waitUntil({ what: "etcd to fail", timeoutMs: 10_000 }, () => components.check()).catch(
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(ComponentError).with.property("portTaken", true);
    await components.stopAll(0);
    guard.release();
    taken.close();
    await rm(dir, { recursive: true });
  });

  it("can be used by another process through its record", async () => {
    const one = await start({ ...BARE, users: SAMPLE_USERS });
    const statePath = join(one.dir, "state.json");
    await writeState(statePath, one.state());
    const attached = await attachControlPlane(statePath);
    expect((await apiRequest(api(attached, "alice"), "GET", "/api/v1/secrets")).status).to.equal(403);
    expect(attached.kubeconfigPath).to.equal(one.kubeconfigPath);
    await attached.stop();
    expect(isHealthy(one.state())).to.equal(true);
    await one.apiServer.stop({ kill: true });
    expect(isHealthy(one.state())).to.equal(true);
    const error = await attachControlPlane(statePath).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("has exited");
  });

  it("ends when the process that started it is killed", async () => {
    const module = new URL("../../../tools/control-plane.js", import.meta.url).href;
    const script = `
      import { startControlPlane } from ${JSON.stringify(module)};
      const one = await startControlPlane({ controllerManager: false });
      console.log(JSON.stringify(one.state()));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const state = JSON.parse(await firstLine(parent)) as ControlPlaneState;
    expect(isHealthy(state)).to.equal(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await waitUntil({ what: "the components to end", timeoutMs: 10_000 }, () => runningComponents(state).length === 0);
    await waitUntil({ what: "the folder to go", timeoutMs: 10_000 }, async () => !(await isThere(state.dir)));
  });

  it("survives the process that detached it, until it is ended by its record", async () => {
    const cli = new URL("../../../tools/control-plane-cli.js", import.meta.url).pathname;
    const command = (verb: string) => run(process.execPath, [cli, verb, "--name", `unit-test-${process.pid}`]);
    try {
      const [first, second] = await Promise.all([command("start"), command("start")]);
      expect(first.stdout).to.equal(second.stdout);
      expect(first.stdout).to.match(/^export KUBECONFIG='\/.*admin\.kubeconfig'\n# kubectl: \//);
      expect((await command("status")).stdout).to.contain(": running at https://127.0.0.1:");
    } finally {
      expect((await command("stop")).stderr).to.contain("stopped");
    }
    const absent = await command("status").catch((error: { stdout: string }) => error);
    expect(absent.stdout).to.contain(": absent");
    expect((await command("stop")).stderr).to.contain("no control plane");
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("stdout is not a pipe");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the process ended without a word");
}

/** The command lines of all processes that mention `text`, but for guards, which end a moment later. */
async function commandLinesWith(text: string): Promise<readonly string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(text) && !line.includes("process-guard-main"));
}
