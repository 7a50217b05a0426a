import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { CoreJob } from "../../../src/api/core/job.js";
import { compileWithSupplies } from "../../../tools/compose-corpus.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { FAILING_IMAGE, type StoodInServices, standIn } from "../../../tools/docker/stand-ins.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { type AgentProcess, startAgent } from "../../support/core-process.js";
import { DockerBench } from "../../support/docker-bench.js";

/** Folders of public Compose files. */
const FOLDERS = ["overseer", "compose"].map((room) => join(repositoryRoot(), "test/unit/render", room, "fixtures"));
const FILES =
  `sample-aspnet-mssql sample-django sample-fastapi sample-flask store-blinko store-chatwoot store-cloudflare-ddns
  store-enshrouded store-gitlab-ce store-habitica store-inngest store-instantdb store-mattermost store-open-webui store-photoprism
  store-rallly store-stirling store-systemprompt store-thingsboard store-weblate`.split(/\s+/);
/** Each node runs one deployment at a time. */
const NODES = 5;
const FLAGS = ["--allow", "network_mode,sysctls,security_opt", "--health-timeout", "60s"];

/** An app of a public Compose file. */
interface PublicApp {
  readonly name: string;
  readonly services: StoodInServices;
  /** Volumes and networks. */
  readonly rest: Record<string, unknown>;
}

/** What is wrong with a version of an app, and what its job says. */
const FAULTS: readonly { readonly change: Record<string, unknown>; readonly error: RegExp }[] = [
  {
    change: { image: FAILING_IMAGE, entrypoint: ["/bin/stand-in"] },
    error: /exited .*cannot read its settings; version 2 runs again/s,
  },
  {
    change: { healthcheck: { test: ["CMD", "false"], interval: "1s", retries: 1 } },
    error: /is unhealthy.*; version 2 runs again/s,
  },
  { change: { image: "127.0.0.1:1/none:1" }, error: /the registry of an image is not reachable/ },
];

describe("Public Compose files with stand-ins for their images (needs root, dockerd and busybox)", function () {
  this.timeout(300_000);
  let bench: DockerBench;
  let apps: readonly PublicApp[] = [];
  const agents: AgentProcess[] = [];
  before(async function () {
    if (!hasDockerAndBusybox()) return this.skip();
    bench = await DockerBench.start(FLAGS);
    for (let number = 2; number <= NODES; number++) {
      const flags = ["--runner", "docker", "--heartbeat", "500ms", ...FLAGS];
      agents.push(await startAgent(bench.core, `node-${number}`, { flags, env: bench.docker.env }));
    }
    const found = await Promise.all(FILES.map(compiled));
    const services = await standIn(
      bench.docker,
      found.map((app) => app.services),
    );
    apps = found.map((app, index) => ({ ...app, services: services[index] ?? {} }));
  });
  after(async () => {
    for (const agent of agents) await agent.remove();
    await bench?.stop();
  });

  const each = async (work: (app: PublicApp, index: number) => Promise<void>): Promise<void> => {
    const results = await Promise.allSettled(
      apps.map((app, index) =>
        work(app, index).catch((error: unknown) => {
          throw new Error(`${app.name}: ${error instanceof Error ? error.message : error}`);
        }),
      ),
    );
    expect(results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []))).to.deep.equal(
      [],
    );
  };
  /** Deploys an app with changes of its first service. */
  const deployed = async ({ name, services, rest }: PublicApp, changes: Record<string, unknown>): Promise<CoreJob> => {
    const [first = "", service] = Object.entries(services)[0] ?? [];
    return ended(await bench.deploy(name, { ...services, [first]: { ...service, ...changes } }, rest));
  };
  /** Waits for a job, and for those of other apps before it. */
  const ended = (id: string): Promise<CoreJob> => bench.ended(id, 250_000);
  /** Containers of the services of an app that an agent reports in a good state. */
  const running = async ({ name, services }: PublicApp, version: number): Promise<Map<string, string>> => {
    await bench.untilApp(
      name,
      `runs version ${version}`,
      ({ observed }) =>
        observed?.version === version &&
        observed.drift.length === 0 &&
        observed.services.length === Object.keys(services).length &&
        observed.services.every(({ state }) => state === "running" || state === "completed"),
    );
    return new Map((await bench.containers(name)).map((line) => line.split(" ") as [string, string]));
  };
  /** Containers of each app as the last test left them. */
  const containers = new Map<string, ReadonlyMap<string, string>>();
  const changed = { labels: { "example.com/changed": "true" } };

  it("start, are healthy, and answer on their ports", async () => {
    await each(async (app) => {
      const job = await deployed(app, {});
      expect(job.error).to.equal(null);
      const found = await running(app, 1);
      containers.set(app.name, found);
      for (const [service, { ports = [] }] of Object.entries(app.services)) {
        for (const port of ports.map((one) => String(one).split(":").at(-1) ?? "")) {
          const address = (await bench.docker.run("port", found.get(service) ?? "", port)).trim();
          if (!port.endsWith("/udp")) expect(await (await fetch(`http://${address}/`)).text()).to.equal("stand-in\n");
        }
      }
    });
  });

  it("keep the containers of the services that a change leaves as they are", async () => {
    await each(async (app) => {
      expect((await deployed(app, changed)).error).to.equal(null);
      const found = await running(app, 2);
      const [first = ""] = Object.keys(app.services);
      const previous = containers.get(app.name);
      for (const [service, id] of found) expect(id === previous?.get(service), service).to.equal(service !== first);
      containers.set(app.name, found);
    });
  });

  it("run as before when the next version fails", async () => {
    await each(async (app, index) => {
      const { change, error } = FAULTS[index % FAULTS.length] ?? { change: {}, error: /^$/ };
      const job = await deployed(app, { ...changed, restart: "no", ...change });
      expect(job.status).to.equal("failed");
      expect(job.error).to.match(error);
      const found = await running(app, 2);
      const [first = ""] = Object.keys(app.services);
      for (const [service, id] of found)
        if (service !== first) expect(id, service).to.equal(containers.get(app.name)?.get(service));
    });
  });

  it("are removed, and keep their named volumes", async () => {
    await each(async ({ name, services, rest }) => {
      // Compose creates no volume that no service mounts.
      const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes as readonly unknown[]);
      const sources = mounts.map((one) =>
        typeof one === "string" ? one.split(":", 1)[0] : (one as { source?: string }).source,
      );
      const mounted = Object.keys(rest.volumes ?? {}).filter((volume) => sources.includes(volume));
      const app = await bench.appNamed(name);
      await bench.call("DELETE", `/api/apps/${app?.id}`);
      const removal = (await bench.jobsOf(name)).find(({ type }) => type === "remove");
      const { status, result } = await ended(removal?.id ?? "");
      expect(status).to.equal("completed");
      expect(await bench.containers(name)).to.deep.equal([]);
      expect(result?.volumes).to.have.length(mounted.length);
    });
    expect(await bench.docker.run("ps", "--all", "--quiet")).to.equal("");
  });
});

/** Compiles a public file for a node. */
async function compiled(file: string): Promise<PublicApp> {
  const path = FOLDERS.map((folder) => join(folder, `${file}.yaml`)).find((one) => existsSync(one)) ?? file;
  const name = file.replace(/^[a-z]+-/, "");
  const { result, problems } = await compileWithSupplies(name, await readFile(path, "utf8"), "overseer");
  const app = result?.documents.find(({ object }) => object.kind === "App");
  const { compose } = (app?.object.spec ?? {}) as { readonly compose?: Record<string, unknown> };
  if (compose === undefined) throw new Error(`${file}: ${problems.join("; ")}`);
  const { services, ...rest } = compose;
  return { name, services: services as StoodInServices, rest };
}
