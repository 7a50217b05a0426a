import { expect } from "chai";
import type { Condition } from "../../../src/api/conditions.js";
import { API_VERSION } from "../../../src/api/group.js";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import type { GitRepo } from "../../support/git-server.js";
import { InProcessOperator } from "../../support/in-process-operator.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const DAY_MS = 86_400_000;
/** Between two tries of what fails. */
const RETRY_MS = 1_000;
/** What a busy machine may add to a pause, and what two clocks may differ by. */
const SLACK_MS = 60_000;

/** The clock of the machine, which somebody sets forward and back. */
class SetClock implements Clock {
  /** Milliseconds that it is ahead of the true time. */
  ahead = 0;
  readonly monotonic = systemClock.monotonic;
  readonly after = systemClock.after;

  now(): number {
    return systemClock.now() + this.ahead;
  }
}

interface WithStatus extends RawObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

describe("A clock that somebody sets", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  let repo: GitRepo;
  let operator: InProcessOperator | undefined;
  const clock = new SetClock();
  let commits = 0;
  /** Monotonic times at which what cannot succeed was tried. */
  const tries: number[] = [];
  before(async () => {
    world = await World.create("clock", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    proxy.rule = ({ method, path }) => {
      if (method !== "PATCH" || !path.endsWith("/configmaps/broken")) return undefined;
      tries.push(systemClock.monotonic());
      return { kind: "answer", status: 500, reason: "InternalError" };
    };
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "0" }),
      "b.yaml": configMap("b", { v: "0" }),
    });
    await world.repository("bad", { "broken.yaml": configMap("broken", { v: "0" }) });
    await world.app("web", "web", ".");
    await world.app("bad", "bad", ".", { sync: { retry: { base: `${RETRY_MS}ms`, max: `${RETRY_MS}ms` } } });
    operator = await InProcessOperator.start({
      kubeconfigPath: await proxy.kubeconfig(),
      trustedNamespaces: [world.namespace],
      clock,
    });
    await world.synced("web");
    await tried(2);
  });
  after(async () => {
    await operator?.stop();
    await world?.remove();
    await proxy?.stop();
  });

  /** Waits until what cannot succeed was tried so many times more. */
  async function tried(times: number): Promise<void> {
    const before = tries.length;
    await waitUntil({ what: "tries", timeoutMs: 30_000, intervalMs: 10 }, () => tries.length >= before + times);
  }

  /** Writes to what is Ready: its objects, its status, its Changes. */
  const isWrite = ({ method, path, query }: ProxiedRequest): boolean =>
    method !== "GET" &&
    !query.has("dryRun") &&
    /\/(configmaps|overseerapps|changes)\/(a|b|web|web-\d+)(\/|$)/.test(path);
  const isOfMap = (request: ProxiedRequest): boolean => isWrite(request) && request.path.includes("/configmaps/");

  /** A commit arrives and drift is healed, each by one write. */
  async function goesOn(): Promise<void> {
    proxy.requests.length = 0;
    const v = String(++commits);
    await repo.commit({ "a.yaml": configMap("a", { v }), "b.yaml": configMap("b", { v }) }, v);
    await world.poll("web");
    await world.synced("web", await repo.head());
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: `somebody-${v}` });
    await world.kube.until(world.configMap("a"), "is healed", ({ data }) => (data as { v?: string }).v === v);
    await world.synced("web");
    await tried(2);
    const written = proxy.requests.filter(isOfMap).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    expect(written.sort()).to.deep.equal(["a", "a", "b"]);
    expect((await world.changes("web")).map(({ status }) => status?.phase)).to.deep.equal(
      Array(commits + 1).fill("Succeeded"),
    );
  }

  const jumps = [
    ["a day forward", DAY_MS],
    ["two days back", -DAY_MS],
    ["a day forward, to the true time", 0],
    ["a day forward once more", DAY_MS],
    ["a day back, to the true time", 0],
  ] as const;
  for (const [how, ahead] of jumps) {
    it(`${how} is no work, ends no pause and makes none longer; commits and drift are dealt with as ever`, async () => {
      proxy.requests.length = 0;
      const before = tries.length;
      clock.ahead = ahead;
      await tried(3);
      expect(proxy.requests.filter(isWrite), "writes for what is as it should be").to.deep.equal([]);
      const pauses = tries.slice(before).map((at, index) => at - (tries[before + index - 1] ?? 0));
      expect(Math.min(...pauses), "no pause is cut short").to.be.above(RETRY_MS * 0.9);
      const shown = (await world.kube.get<LiveApp>(world.appRef("bad")))?.status?.nextRetryTime ?? "";
      expect(Math.abs(Date.parse(shown) - clock.now()), "the next try, for people").to.be.below(SLACK_MS);
      await goesOn();
    });
  }

  it("leaves no time in the future in any condition once it is right", async () => {
    clock.ahead = DAY_MS;
    await goesOn();
    const app = await world.kube.get<LiveApp>(world.appRef("web"));
    const ready = app && condition(app, "Ready")?.lastTransitionTime;
    expect(Date.parse(ready ?? "")).to.be.above(systemClock.now() + SLACK_MS);
    clock.ahead = 0;
    await world.poll("web");
    await world.poll("bad");
    await world.poke("web");
    await tried(1);
    for (const kind of ["OverseerApp", "GitRepository"]) {
      for (const { metadata, status } of await world.kube.list<WithStatus>(API_VERSION, kind, world.namespace)) {
        for (const { type, lastTransitionTime } of status?.conditions ?? []) {
          const ahead = Date.parse(lastTransitionTime) - systemClock.now();
          expect(ahead, `${kind} ${metadata.name}: ${type}`).to.be.below(SLACK_MS);
        }
      }
    }
  });
});
