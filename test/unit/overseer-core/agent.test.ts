import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type AgentProcess, type CoreProcess, startAgent, startCore } from "../../support/core-process.js";
import { type Json, list } from "./rig.js";

const CANARY = "canary-4712-of-an-agent";

describe("an agent with its Core", () => {
  let core: CoreProcess;
  let agent: AgentProcess;
  before(async () => {
    core = await startCore();
    agent = await startAgent(core, "node-1", { flags: ["--heartbeat", "200ms"] });
  });
  after(async () => {
    await agent.remove();
    await core.remove();
  });

  const call = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await fetch(`${core.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${core.adminToken}`,
        connection: "close",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === "" ? {} : (JSON.parse(text) as Json);
  };
  it("reports memory and disk of its machine", async () => {
    const usage = await waitUntil({ what: "the node has a usage", timeoutMs: 30_000 }, async () => {
      const { nodes } = (await call("GET", "/api/nodes")) as { nodes?: { usage: Record<string, number> | null }[] };
      return nodes?.[0]?.usage ?? undefined;
    });
    expect(usage.memory).to.equal(totalmem());
    for (const [part, whole] of [
      ["memoryAvailable", "memory"],
      ["diskAvailable", "disk"],
    ] as const)
      expect(usage[part])
        .to.be.above(0)
        .and.most(usage[whole] ?? 0);
  });

  const make = async (name: string, compose: string): Promise<string> =>
    String((await call("POST", "/api/apps", { name, compose })).app?.id);
  const deploy = async (app: string): Promise<string> =>
    String((await call("POST", `/api/apps/${app}/deploy`)).job?.id);
  const job = async (id: string): Promise<Json | undefined> => (await call("GET", `/api/jobs/${id}`)).job;
  const until = async (id: string, ...statuses: string[]): Promise<Json> => {
    let found: Json | undefined;
    await waitUntil({ what: `job ${id} is ${statuses.join(" or ")}`, timeoutMs: 30_000 }, async () => {
      found = await job(id);
      return statuses.includes(`${found?.status}`);
    });
    if (found === undefined) throw new Error(`no job ${id}`);
    return found;
  };
  const ended = (id: string) => until(id, "completed", "failed");
  const logOf = async (id: string): Promise<string[]> =>
    list((await call("GET", `/api/jobs/${id}/logs`)).logs).map(String);
  const service = (image: string, extra = "") => `services:\n  web:\n    image: ${image}\n${extra}`;

  it("says in all that it does that it is simulated", async () => {
    const node = list((await call("GET", "/api/nodes")).nodes)[0];
    expect(node).to.include({ name: "node-1", runner: "simulated", status: "online" });
    const { message } = await call("POST", `/api/apps/${await make("told", service("nginx:1"))}/deploy`);
    expect(message).to.include("simulated");
    const id = `${list((await call("GET", "/api/jobs")).jobs)[0]?.id}`;
    const done = await ended(id);
    expect(done.result).to.deep.equal({ runner: "simulated", services: ["web"], volumes: [] });
    const log = await logOf(id);
    expect(log.length).to.be.greaterThan(1);
    expect(log.filter((line) => !line.startsWith("[simulated] "))).to.deep.equal([]);
  });

  it("uses secrets, and leaves their values nowhere", async () => {
    await call("POST", "/api/secrets", { name: "db", value: CANARY });
    const app = await make("secretive", service("nginx:1", "    environment:\n      P: ${SECRET:db}\n"));
    const id = await deploy(app);
    expect((await ended(id)).status).to.equal("completed");
    const texts = [await agent.log(), await core.log(), ...(await logOf(id)), JSON.stringify(await job(id))];
    const entries = readdirSync(agent.dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of entries) texts.push(readFileSync(join(parentPath, name), "latin1"));
    expect(entries.length).to.be.greaterThan(0);
    for (const text of texts) expect(text).not.to.include(CANARY);
    const missing = await deploy(await make("missing", service("nginx:1", "    command: ${SECRET:none}\n")));
    expect((await ended(missing)).error).to.match(/secret none not found/);
  });

  it("fails where it is told to, with lines that say why", async () => {
    const app = await make("failing", service("simulated/fails:1"));
    const id = await deploy(app);
    const failed = await ended(id);
    expect(failed.status).to.equal("failed");
    expect(failed.error).to.match(/web exited with code 1/);
    expect((await logOf(id)).join("\n")).to.match(/always fails/);
    expect((await call("GET", `/api/apps/${app}`)).app?.status).to.equal("error");
    await call("POST", `/api/jobs/${id}/retry`);
    await waitUntil({ what: "the second try is logged", timeoutMs: 30_000 }, async () => {
      const starts = (await logOf(id)).filter((line) => line.includes("deploying failing"));
      return starts.length === 2 && `${(await ended(id)).status}` === "failed";
    });
  });

  it("ends a job also when the Core cannot read what came of it", async () => {
    const app = await make("half", 'services:\n  "half \\ud800":\n    image: nginx:1\n');
    const failed = await ended(await deploy(app));
    expect(failed).to.include({ status: "failed", error: "the Core rejected the result that the agent reported" });
    expect((await ended(await deploy(await make("whole", service("nginx:1"))))).status).to.equal("completed");
  });

  it("keeps named volumes when it removes an app, and finds them again", async () => {
    const compose = service("nginx:1", "    volumes: [data:/data, ./local:/x, other]\nvolumes:\n  declared: {}\n");
    const app = await make("volumes", compose);
    await ended(await deploy(app));
    const before = await core.volumes("node-1", "volumes");
    expect(Object.keys(before)).to.have.members(["data", "declared"]);
    await call("DELETE", `/api/apps/${app}`);
    const removal = list((await call("GET", `/api/jobs?appId=${app}`)).jobs)[0];
    expect(removal?.type).to.equal("remove");
    const done = await ended(`${removal?.id}`);
    expect(done.result).to.deep.equal({ runner: "simulated", services: ["web"], volumes: ["data", "declared"] });
    const again = await make("volumes", compose);
    await ended(await deploy(again));
    expect(await core.volumes("node-1", "volumes")).to.deep.equal(before);
  });

  it("starts what changed, and nothing else", async () => {
    const app = await make("twice", "services:\n  a:\n    image: a:1\n  b:\n    image: b:1\n");
    await ended(await deploy(app));
    await call("PUT", `/api/apps/${app}`, { compose: "services:\n  a:\n    image: a:1\n  c:\n    image: c:1\n" });
    const id = await deploy(app);
    await ended(id);
    const log = (await logOf(id)).join("\n");
    expect(log)
      .to.match(/service a is up to date/)
      .and.match(/stopped service b/)
      .and.match(/starting service c/);
  });

  it("goes on after both were killed in the middle of a job, and starts nothing twice", async function () {
    this.timeout(90_000);
    const slow = '    labels:\n      overseer.simulated.seconds: "2"\n';
    const app = await make("slow", `services:\n  first:\n    image: a:1\n  second:\n    image: b:1\n${slow}`);
    const id = await deploy(app);
    await waitUntil({ what: "the second service starts", timeoutMs: 30_000 }, async () =>
      (await logOf(id)).some((line) => line.includes("starting service second")),
    );
    await agent.kill();
    await core.kill();
    await agent.start();
    await core.start();
    expect((await ended(id)).status).to.equal("completed");
    const log = await logOf(id);
    expect(log.filter((line) => line.includes("starting service first"))).to.have.length(1);
    expect(log.some((line) => line.includes("service first is up to date"))).to.equal(true);
    expect((await call("GET", `/api/apps/${app}`)).app?.status).to.equal("running");
  });

  it("reports the end of a job that it did while the Core was away, and does not do it again", async function () {
    this.timeout(90_000);
    const app = await make("away", service("nginx:1", '    labels: ["overseer.simulated.seconds=1"]\n'));
    const id = await deploy(app);
    await until(id, "running");
    await core.kill();
    const path = join(agent.dataDir, "journal.json");
    const journal = () => (existsSync(path) ? readFileSync(path, "utf8") : "");
    await waitUntil({ what: "the job is done", timeoutMs: 30_000 }, () => journal().includes(id));
    await agent.kill();
    await core.start();
    await agent.start();
    expect((await ended(id)).status).to.equal("completed");
    await waitUntil({ what: "the journal is empty", timeoutMs: 10_000 }, () => !journal().includes(id));
    const claims = list((await call("GET", "/api/audit?limit=1000")).events).filter(
      ({ action, resourceId }) => `${action}` === "job.claim" && `${resourceId}` === id,
    );
    expect(claims).to.have.length(1);
    const logged = (await agent.log()).split("\n").filter((line) => line.includes("running job") && line.includes(id));
    expect(logged, "begun once").to.have.length(1);
  });

  it("goes offline when it is gone, and registers again when its node was deleted", async function () {
    this.timeout(90_000);
    const nodes = async () => list((await call("GET", "/api/nodes")).nodes);
    const [before] = await nodes();
    await call("DELETE", `/api/nodes/${before?.id}?leaveApps=true`);
    await waitUntil({ what: "it is back as another one", timeoutMs: 30_000 }, async () => {
      const [now] = await nodes();
      return now !== undefined && now.id !== before?.id;
    });
  });

  it("has its data to itself, and stops in the middle of a job", async () => {
    const app = await make("long", service("nginx:1", '    labels:\n      overseer.simulated.seconds: "600"\n'));
    const id = await deploy(app);
    await until(id, "running");
    await agent.stop();
    expect(agent.running).to.equal(false);
    expect((await job(id))?.status, "it goes on later").to.equal("running");
    await agent.start();
    const main = join(repositoryRoot(), "build/src/overseer-core/agent/main.js");
    const token = join(core.dataDir, "admin-token");
    const flags = ["--core", core.url, "--node", "node-1", "--token-file", token, "--data", agent.dataDir];
    const second = spawnSync(process.execPath, [main, ...flags], { encoding: "utf8", timeout: 20_000 });
    expect([second.status, second.stderr]).to.satisfy(
      ([status, text]: [number, string]) => status === 1 && /in use/.test(text),
    );
  });
});
