import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { expectNoCanary } from "../../support/contracts.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import type { CoreFault } from "../../support/core-proxy.js";
import type { GitRepo } from "../../support/git-server.js";
import { textsOf } from "../../support/message-rules.js";
import { condition, World } from "../../support/world.js";

const isWrite = ({ method }: { readonly method: string }): boolean => method !== "GET";
const isUpdate = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === "PUT" && path.startsWith("/api/apps/");
const isDeploy = ({ path }: { readonly path: string }): boolean => path.endsWith("/deploy");

/** What is wrong with the Core, the reason that the app gives, and what its message says. */
const DOWN: readonly (readonly [string, CoreFault, string, RegExp])[] = [
  ["gives no connection", { kind: "cut" }, "CoreUnreachable", /cannot be reached/],
  ["breaks off in its answers", { kind: "half" }, "CoreInvalidResponse", /closed the connection|not JSON/],
  ["answers 500", { kind: "answer", status: 500, body: "oops" }, "CoreFailed", /failed \(500\)/],
  [
    "answers 503 and asks to wait",
    { kind: "answer", status: 503, headers: { "retry-after": "1" } },
    "CoreFailed",
    /503/,
  ],
  [
    "answers 429",
    { kind: "answer", status: 429, headers: { "retry-after": "1" } },
    "CoreFailed",
    /limits the request rate/,
  ],
  ["answers 401", { kind: "answer", status: 401 }, "CoreAuthenticationFailed", /rejected the token \(401\)/],
  ["answers 403", { kind: "answer", status: 403 }, "CoreForbidden", /role admin/],
  ["is something else than a Core", { kind: "answer", status: 200, body: "<html>" }, "CoreInvalidResponse", /not JSON/],
  [
    "answers JSON that is no answer",
    { kind: "answer", status: 200, body: "[]" },
    "CoreInvalidResponse",
    /unexpected response/,
  ],
];

describe("An Overseer Core that fails", function () {
  this.timeout(180_000);
  let world: World;
  let core: CoreBench;
  let repo: GitRepo;
  let version = 1;
  const commit = async (): Promise<string> => {
    version++;
    const head = await repo.commit({ "web.yaml": appDocument("web", { web: { image: `nginx:${version}` } }) }, "next");
    await world.poll("web");
    return head;
  };
  /** The app runs the newest image, was deployed once for each version, and nothing is there twice. */
  const settled = async (head: string): Promise<void> => {
    await world.synced("web", head);
    const app = await core.untilApp(
      "web",
      "runs what Git says",
      ({ compose, status }) => compose.includes(`nginx:${version}"`) && status === "running",
    );
    const jobs = await core.jobsOf("web");
    expect(jobs.filter((job) => job.endsWith(` v${app.version}`))).to.deep.equal([`deploy completed v${app.version}`]);
    expect(new Set(jobs).size, jobs.join()).to.equal(jobs.length);
  };

  before(async () => {
    world = await World.create("core-faults");
    core = await CoreBench.start(world);
    repo = await world.repository("web", { "web.yaml": appDocument("web", { web: { image: "nginx:1" } }) });
    await core.app("web", "web", ".", { sync: { retry: { base: "200ms", max: "2s" } } });
    await world.synced("web");
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });
  afterEach(() => core.proxy.setFault(undefined));

  for (const [what, fault, reason, message] of DOWN) {
    it(`and ${what} is named in the conditions, written to no more, and the commit applied when it is well again`, async () => {
      core.proxy.setFault(() => fault);
      core.proxy.cutAll();
      await core.secret(`unrelated-${reason}`);
      const app = await world.untilCondition("web", "Ready", "False", reason);
      expect(condition(app, "Ready")?.message).to.match(message);
      expect(condition(app, "Reconciling")?.status).to.equal("True");
      const head = await commit();
      await world.untilCondition("web", "Ready", "False", reason);
      core.proxy.setFault(undefined);
      await settled(head);
    });
  }

  it("and hangs is given up after a while, and does not hold up other apps", async () => {
    const other = await world.repository("other", {
      "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n",
    });
    core.proxy.setFault(() => ({ kind: "hold" }));
    core.proxy.cutAll();
    const head = await commit();
    await world.app("other", "other", ".");
    await world.synced("other", await other.head());
    await world.untilCondition("web", "Ready", "False", "CoreTimeout", 60_000);
    core.proxy.setFault(undefined);
    await settled(head);
  });

  for (const [what, fault] of [
    ["is cut before it arrives", { kind: "cut" }],
    ["is done, and its answer is lost", { kind: "lose" }],
    ["is done, and half of its answer comes", { kind: "half" }],
    ["meets a 500", { kind: "answer", status: 500 }],
    ["meets a 409", { kind: "answer", status: 409, body: '{"error":{"code":"CONFLICT","message":"not now"}}' }],
    ["meets a 412", { kind: "answer", status: 412, body: '{"error":{"code":"PRECONDITION_FAILED","message":"no"}}' }],
    ["meets a 404", { kind: "answer", status: 404, body: '{"error":{"code":"NOT_FOUND","message":"gone"}}' }],
  ] as const) {
    for (const [verb, matches] of [
      ["update", isUpdate],
      ["deployment", isDeploy],
    ] as const) {
      it(`in the middle of ${verb} that ${what} does it in the end, and once`, async () => {
        const happened = core.proxy.faultOnce(matches, fault);
        const head = await commit();
        await happened;
        core.proxy.setFault(undefined);
        await settled(head);
      });
    }
  }

  it("and is changed by somebody in between is not overwritten blindly", async () => {
    let edited = false;
    core.proxy.setFault((request) => {
      if (!isUpdate(request) || edited) return undefined;
      edited = true;
      return { kind: "answer", status: 412, body: '{"error":{"code":"PRECONDITION_FAILED","message":"no"}}' };
    });
    const head = await commit();
    await waitUntil({ what: "the update is refused", timeoutMs: 30_000 }, () => edited);
    await core.edit("web", { description: "mine" });
    await settled(head);
    expect((await core.appNamed("web"))?.description, "Git says nothing of it: emptied").to.equal(null);
  });

  it("and quotes a value of an environment when it refuses an app, is not passed on", async () => {
    const value = `canary-${randomBytes(12).toString("hex")}`;
    version++;
    const body = JSON.stringify({ error: { code: "INVALID", message: `PASSWORD: ${value} is too short` } });
    core.proxy.setFault((request) => (isUpdate(request) ? { kind: "answer", status: 400, body } : undefined));
    const service = { image: `nginx:${version}`, environment: { PASSWORD: value } };
    const head = await repo.commit({ "web.yaml": appDocument("web", { web: service }) }, "secret");
    await world.poll("web");
    const refused = await world.untilCondition("web", "Ready", "False", "ApplyFailed");
    expect(condition(refused, "Ready")?.message).to.contain("rejected the request (400); its message is not shown");
    expectNoCanary([value], {
      "the app": JSON.stringify(refused),
      // The plan of a Change shows what differs in a Compose document, as Git does.
      "what its Changes say": JSON.stringify(textsOf(await world.changes("web"))),
      "its Events": (await world.events("web")).join("\n"),
      "the log": await world.operator.log(),
    });
    core.proxy.setFault(undefined);
    await world.poke("web");
    await settled(head);
  });

  it("and restarts in the middle of a deployment goes on with it, once", async () => {
    version++;
    const slow = { image: `nginx:${version}`, labels: { "overseer.simulated.seconds": "4" } };
    const head = await repo.commit({ "web.yaml": appDocument("web", { web: slow }) }, "slow");
    await world.poll("web");
    await core.untilApp(
      "web",
      "is being deployed",
      ({ status, compose }) => status === "deploying" && compose.includes(`nginx:${version}"`),
    );
    await core.core.restart("SIGKILL");
    await settled(head);
  });

  it("continues a deployment when its agent, which died during it, is back", async () => {
    version++;
    const slow = { image: `nginx:${version}`, labels: { "overseer.simulated.seconds": "3" } };
    const head = await repo.commit({ "web.yaml": appDocument("web", { web: slow }) }, "slow");
    await world.poll("web");
    await waitUntil({ what: "the job runs", timeoutMs: 30_000 }, async () =>
      (await core.jobsOf("web")).some((job) => job.startsWith("deploy running")),
    );
    await core.agent?.restart("SIGKILL");
    await settled(head);
  });

  it("and gets a new token is followed as soon as the Secret says so", async () => {
    const { body } = await core.call<{ value: string }>("POST", "/api/tokens", { name: "second", role: "admin" });
    world.canaries.push(body.value);
    await core.token("core", "wrong");
    await world.untilCondition("web", "Ready", "False", "CoreAuthenticationFailed");
    await core.token("core", body.value);
    await world.synced("web");
  });

  it("costs fewer requests the longer it fails", async () => {
    core.proxy.setFault((request) => (isWrite(request) ? undefined : { kind: "cut" }));
    core.proxy.cutAll();
    const before = core.proxy.requests.length;
    await waitUntil({ what: "four tries", timeoutMs: 60_000 }, () => core.proxy.requests.length >= before + 4);
    await world.untilCondition("web", "Ready", "False", "CoreUnreachable");
    core.proxy.setFault(undefined);
    await world.synced("web", undefined, 60_000);
  });
});
