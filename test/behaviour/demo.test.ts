import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { AppList } from "../../src/api/rest/apps.js";
import type { AuditPage } from "../../src/api/rest/audit.js";
import type { CoreList } from "../../src/api/rest/cores.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";

/** A demo as a user runs it, in a temporary folder of its own, by which its processes are found. */
class Demo {
  readonly folder: string;
  readonly #child: ChildProcess;
  #output = "";
  #exitCode: number | null | undefined;

  private constructor(folder: string, args: readonly string[]) {
    this.folder = folder;
    const main = join(repositoryRoot(), "build/tools/demo.js");
    const { DEMO_KUBECONFIG: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [main, ...args], {
      env: { ...env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString("utf8");
      });
    this.#child.once("close", (code) => {
      this.#exitCode = code;
    });
  }

  static async start(...args: string[]): Promise<Demo> {
    return new Demo(await mkdtemp(join(tmpdir(), "demo-test-")), args);
  }

  get output(): string {
    return this.#output;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the demo has said this. */
  async says(text: string): Promise<void> {
    await waitUntil({ what: `the demo says ${text}`, timeoutMs: 90_000 }, () => {
      if (this.#exitCode !== undefined && !this.#output.includes(text)) throw new Error(this.#output);
      return this.#output.includes(text);
    });
  }

  /** Waits for its end, and gives the exit code; null after a signal. */
  async ended(): Promise<number | null> {
    await waitUntil({ what: "the demo ends", timeoutMs: 250_000 }, () => this.#exitCode !== undefined);
    return this.#exitCode ?? null;
  }

  /** Waits until no process of it runs and nothing is left of its files. */
  async vanished(): Promise<void> {
    await waitUntil({ what: `nothing of ${this.folder} is left`, timeoutMs: 60_000 }, async () => {
      const left = [...(await processesWith(this.folder)), ...(await readdir(this.folder))];
      if (left.length > 0) throw new Error(left.join("\n"));
      return true;
    });
  }

  async remove(): Promise<void> {
    this.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Command lines of processes that name a text in their arguments or in their environment's TMPDIR. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
    const line = (await read("cmdline")).replaceAll("\0", " ");
    if (line.includes(text) || (await read("environ")).includes(`TMPDIR=${text}`)) found.push(line);
  }
  return found;
}

describe("make demo", function () {
  this.timeout(320_000);
  const demos: Demo[] = [];
  const start = async (...args: string[]): Promise<Demo> => {
    const demo = await Demo.start(...args);
    demos.push(demo);
    return demo;
  };
  after(async () => {
    for (const demo of demos) await demo.remove();
  });

  it("shows both destinations step by step with times, ends with 0, and leaves nothing behind", async () => {
    const demo = await start("--once");
    expect(await demo.ended(), demo.output).to.equal(0);
    const steps = demo.output.split("\n").filter((line) => line.startsWith("✔"));
    expect(steps.map((line) => line.replace(/\s+\d+\.\d+ s$/, ""))).to.deep.equal([
      "✔ 1/13 repository fetched",
      "✔ 2/13 app synced and healthy",
      "✔ 3/13 pushed commit applied",
      "✔ 4/13 drift reverted",
      "✔ 5/13 object pruned after its file was removed",
      "✔ 6/13 Kustomize overlay synced",
      "✔ 7/13 Helm chart synced",
      "✔ 8/13 apps/ waits for missing secrets",
      "✔ 9/13 apps synced to the Core, deployed by the agent",
      "✔ 10/13 one of these apps synced to the cluster, too",
      "✔ 11/13 infrastructure synced",
      "✔ 12/13 manual change in the Core reverted",
      "✔ 13/13 route refused: its sign-in provider is missing",
    ]);
    expect(steps.filter((line) => !/\d+\.\d+ s$/.test(line))).to.deep.equal([]);
    expect(demo.output)
      .to.match(/Change +shop-1 {2}\+5 ~0 -0 {2}Succeeded/)
      .and.match(/Change +shop-2 {2}\+0 ~1 -0 {2}Succeeded/)
      .and.match(/Change +shop-3 {2}\+0 ~0 -1 {2}Succeeded/)
      .and.include("2 of 2 replicas of web are ready")
      .and.include("nginx:1.27-alpine → nginx:1.28-alpine")
      .and.include("DriftHealed: Deployment demo-shop/web restored")
      .and.include("- ConfigMap demo-shop/greeting")
      .and.match(/Change +catalog-dev-1 {2}\+3 ~0 -0 {2}Succeeded/)
      .and.include("Deployment dev-catalog: 1 of nginx:1.28-alpine")
      .and.include("Deployment reviews: 2 of nginx:1.29-alpine");
    expect(demo.output)
      .to.match(
        /^The runner of the agent is simulated, since .*: it records deployments|^The agent runs containers on a Docker engine of the demo\..*made on this machine\.$/m,
      )
      .and.match(/Change +apps-1 {2}\+7 ~0 -0 {2}Waiting/)
      .and.match(/gate references +needs secret db-host \(store it in the Core\), referenced in apps\/gitea\.yaml:1/)
      .and.include("0 apps and 0 routes: nothing was written")
      .and.match(/Change +apps-1 {2}\+7 ~0 -0 {2}Succeeded/)
      .and.include("nextcloud: running, version 1, on node-1")
      .and.include("https://cloud.example.com/ → nextcloud:80, sign-in by oidc")
      .and.match(/Change +nextcloud-1 {2}\+5 ~0 -0 {2}Succeeded/)
      .and.match(/Core and cluster +no difference in names, variables, commands, volumes and routes/)
      .and.match(/Change +infrastructure-1 {2}\+3 ~1 -0 {2}Succeeded/)
      .and.include("DriftHealed: App gitea restored (changed in the Core: .compose.services.gitea.image)")
      .and.include("requires sign-in with github, but the Core has no such sign-in provider")
      .and.include("no route for admin.example.com");
    expect(demo.output).not.to.include("\u001b");
    await demo.vanished();
  });

  it("ends with 1 and the reason when a step fails, and keeps the logs", async () => {
    const sample = await mkdtemp(join(tmpdir(), "demo-sample-"));
    await cp(join(repositoryRoot(), "examples/overseer-gitops"), sample, { recursive: true });
    const path = join(sample, "k8s/deployment.yaml");
    await writeFile(path, (await readFile(path, "utf8")).replace("replicas: 2", "replicas: two"));
    const demo = await start("--once", "--sample", sample, "--step-timeout", "5");
    expect(await demo.ended(), demo.output).to.equal(1);
    expect(demo.output)
      .to.include("✔ 1/13")
      .and.include("✘ 2/13")
      .and.include("Deployment demo-shop/web")
      .and.include("spec.replicas: is text, but must be a number")
      .and.include("last lines of the log of the operator:");
    const logs = /all logs: (.*)/.exec(demo.output)?.[1] ?? "";
    expect(await readdir(logs)).to.include.members(["operator.log", "kube-apiserver.log"]);
    await rm(logs, { recursive: true });
    await rm(sample, { recursive: true });
    await demo.vanished();
  });

  it("says how to look around and runs until Ctrl-C, which leaves nothing behind", async () => {
    const demo = await start("--simulated");
    await demo.says("Ctrl-C");
    expect(demo.output)
      .to.match(/export KUBECONFIG=\S+/)
      .and.match(/alias kubectl=\S+\/kubectl\n/)
      .and.match(/alias overseer="node \S+\/dist\/overseer\.js -n \S+"\n/);
    const [, ui = "", person = ""] = /(http:\S+)\/apps#token=(\S+)/.exec(demo.output) ?? [];
    expect(
      (await (await fetch(`${ui}/apps`, { headers: { accept: "text/html" } })).text()).startsWith("<!doctype html>"),
    ).to.equal(true);
    const asPerson = async <T>(path: string): Promise<T> => {
      const response = await fetch(`${ui}/api/gitops${path}`, { headers: { authorization: `Bearer ${person}` } });
      return (await response.json()) as T;
    };
    const cores = await asPerson<CoreList>("/cores");
    expect(cores.items.map(({ nodes }) => nodes.map(({ name }) => name))).to.deep.equal([["node-1"]]);
    expect((await asPerson<AuditPage>("/audit")).items).to.not.have.lengthOf(0);
    const { items } = await asPerson<AppList>("/apps");
    expect(items.map(({ name, health, sync }) => `${name} ${health} ${sync}`)).to.include.members([
      "checkout Degraded Synced",
      "search Healthy Drifted",
      "cart Healthy Waiting",
    ]);
    const [, core = "", tokenFile = ""] =
      /CORE=(\S+); AUTH="authorization: Bearer \$\(cat (\S+)\)"/.exec(demo.output) ?? [];
    const token = (await readFile(tokenFile, "utf8")).trim();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = /-d '(\{.*\})' /.exec(demo.output)?.[1] ?? "";
    const made = await fetch(`${core}/api/sign-in-providers`, { method: "POST", headers, body });
    expect(made.status).to.equal(201);
    await waitUntil({ what: "the refused route is taken", timeoutMs: 30_000 }, async () =>
      (await (await fetch(`${core}/api/routes`, { headers })).text()).includes("admin.example.com"),
    );
    expect(demo.output, "the token is not shown").not.to.include(token);
    demo.kill("SIGINT");
    expect(await demo.ended()).to.equal(0);
    expect(demo.output, "all could be ended in order").to.match(/stopping \(SIGINT\)\n$/);
    await demo.vanished();
  });

  it("exits with 1 when a step on the Core fails, keeps its logs and removes the apps", async () => {
    const sample = await mkdtemp(join(tmpdir(), "demo-sample-"));
    await cp(join(repositoryRoot(), "examples/overseer-gitops"), sample, { recursive: true });
    const path = join(sample, "infrastructure/routes.yaml");
    await writeFile(path, (await readFile(path, "utf8")).replace("port: 3000", "port: door"));
    const demo = await start("--once", "--simulated", "--sample", sample, "--step-timeout", "10");
    expect(await demo.ended(), demo.output).to.equal(1);
    expect(demo.output)
      .to.include("✔ 10/13")
      .and.include("✘ 11/13")
      .and.include("infrastructure/routes.yaml")
      .and.include("last lines of the log of the Core:");
    expect(demo.output, "all could be ended in order").to.match(/all logs: .*\n$/);
    const logs = /all logs: (.*)/.exec(demo.output)?.[1] ?? "";
    expect(await readdir(logs)).to.include.members(["operator.log", "core.log", "agent.log"]);
    await rm(logs, { recursive: true });
    await rm(sample, { recursive: true });
    await demo.vanished();
  });

  it("leaves nothing behind when it is interrupted while the Core starts", async () => {
    const demo = await start("--simulated");
    await demo.says("starts no containers");
    demo.kill("SIGINT");
    expect(await demo.ended(), demo.output).to.equal(130);
    expect(demo.output, "all could be ended in order").to.match(/stopping \(SIGINT\)\n(?: .*\n)*$/);
    await demo.vanished();
  });

  it("leaves nothing behind when it is interrupted while it starts, or killed", async () => {
    const [interrupted, killed] = [await start(), await start()];
    await waitUntil({ what: "both have begun", timeoutMs: 30_000 }, async () =>
      (await Promise.all([interrupted, killed].map((demo) => readdir(demo.folder)))).every((names) =>
        names.some((name) => name.startsWith("overseer-cp-")),
      ),
    );
    interrupted.kill("SIGINT");
    expect(await interrupted.ended()).to.equal(130);
    await killed.says("the operator");
    killed.kill("SIGKILL");
    expect(await killed.ended()).to.equal(null);
    await interrupted.vanished();
    await killed.vanished();
  });
});
