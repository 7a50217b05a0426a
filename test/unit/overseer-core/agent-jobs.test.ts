import { expect } from "chai";
import { CoreRig, list } from "./rig.js";

describe("jobs of a Core", () => {
  let core: CoreRig;
  let node: { readonly id: string; readonly token: string };
  let app: string;
  beforeEach(async () => {
    core = await CoreRig.start();
    node = await core.node("one");
    app = await core.app("shop");
  });
  afterEach(() => core.remove());

  const deploy = async () => String((await core.post(`/api/apps/${app}/deploy`)).body.job?.id);
  const say = (job: string, from: number, lines: string[]) =>
    core.post(`/api/jobs/${job}/logs`, { from, lines }, { token: node.token });

  it("are given again to the agent that has them", async () => {
    const job = await deploy();
    expect((await core.claim(node))?.job?.id).to.equal(job);
    await say(job, 0, ["a", "b"]);
    const again = await core.claim(node);
    expect(again?.job?.id).to.equal(job);
    expect(again?.nextLine).to.equal(2);
    await core.end(job, node.token);
    expect(await core.claim(node)).to.equal(undefined);
  });

  it("are given in the order in which they were made", async () => {
    const other = await core.app("other");
    await deploy();
    await core.post(`/api/apps/${other}/deploy`);
    const first = await core.claim(node);
    expect(first?.job?.appId).to.equal(app);
    await core.end(String(first?.job?.id), node.token);
    expect((await core.claim(node))?.job?.appId).to.equal(other);
  });

  it("are waited for", async () => {
    const options = { token: node.token, headers: { prefer: "wait=20" } };
    const waiting = core.post("/api/jobs/claim", { nodeId: node.id }, options);
    const job = await deploy();
    expect((await waiting).body.job?.id).to.equal(job);
  });

  it("take each line once", async () => {
    const job = await deploy();
    expect((await say(job, 0, ["early"])).status, "not claimed yet").to.equal(409);
    await core.claim(node);
    expect((await say(job, 0, ["a", "b"])).status).to.equal(204);
    expect((await say(job, 1, ["b", "c"])).status).to.equal(204);
    const gap = await say(job, 7, ["z"]);
    expect([gap.status, gap.field]).to.deep.equal([409, "from"]);
    expect((await core.get(`/api/jobs/${job}/logs`)).body).to.deep.equal({ logs: ["a", "b", "c"], next: 3 });
    const many = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    await say(job, 3, many);
    expect(list((await core.get(`/api/jobs/${job}`)).body.job?.logs)).to.deep.equal(many.slice(-10));
  });

  it("keep the beginning and the end of a long log, and say what is missing", async () => {
    const job = await deploy();
    await core.claim(node);
    const text = "x".repeat(1000);
    for (let from = 0; from < 5000; from += 500) {
      const lines = Array.from({ length: 500 }, (_, index) => `${from + index} ${text}`);
      expect((await say(job, from, lines)).status).to.equal(204);
    }
    expect((await say(job, 4990, ["sent again"])).status, "a line that is known").to.equal(204);
    const { body } = await core.get(`/api/jobs/${job}/logs`);
    const numbers = list(body.logs).map((line) => Number.parseInt(String(line), 10));
    const gap = numbers.findIndex(Number.isNaN);
    expect(numbers.slice(0, gap)).to.deep.equal(Array.from({ length: gap }, (_, index) => index));
    expect(gap * 1000).to.be.within(450_000, 512 * 1024);
    const end = numbers.slice(gap + 1);
    expect(end).to.deep.equal(Array.from({ length: end.length }, (_, index) => 5000 - end.length + index));
    expect(end.length * 1000).to.be.within(1_300_000, 1_900_000);
    expect(list(body.logs)[gap]).to.equal(`… ${5000 - end.length - gap} lines omitted: the log is too long …`);
    expect(body.next).to.equal(5000);
    const rest = await core.get(`/api/jobs/${job}/logs?from=4999`);
    expect([rest.body.next, list(rest.body.logs).length]).to.deep.equal([5000, 1]);
    expect((await core.claim(node))?.nextLine).to.equal(5000);
  });

  it("end once", async () => {
    const job = await deploy();
    expect((await core.end(job, node.token)).status, "not claimed yet").to.equal(409);
    await core.claim(node);
    const end = { status: "completed", result: { runner: "simulated", volumes: ["a"] } };
    expect((await core.end(job, node.token, end)).body.job?.result).to.deep.equal(end.result);
    const { etag } = await core.get("/api/changes");
    expect((await core.end(job, node.token, end)).status, "the same again").to.equal(200);
    expect((await core.get("/api/changes")).etag).to.equal(etag);
    expect((await core.end(job, node.token, { status: "failed", error: "no" })).status).to.equal(409);
  });

  it("belong to the agent of their node", async () => {
    const job = await deploy();
    const two = await core.node("two");
    expect((await core.post("/api/jobs/claim", { nodeId: node.id }, { token: two.token })).status).to.equal(403);
    await core.claim(node);
    expect((await core.post(`/api/jobs/${job}/logs`, { from: 0, lines: ["x"] }, { token: two.token })).status).to.equal(
      403,
    );
    expect((await core.end(job, two.token)).status).to.equal(403);
    expect(await core.claim(two)).to.equal(undefined);
  });

  it("are kept in a bounded number for each app", async () => {
    for (let round = 0; round < 23; round++) {
      const job = await deploy();
      await core.claim(node);
      await core.end(job, node.token);
    }
    const before = (await core.get("/api/changes")).body;
    const last = await deploy();
    const jobs = list((await core.get(`/api/jobs?appId=${app}`)).body.jobs);
    expect(jobs.length).to.equal(21);
    expect(jobs[0]?.id).to.equal(last);
    const news = (await core.get(`/api/changes?since=${before.cursor}`)).body;
    expect(
      list(news.deleted).map(({ kind }) => kind),
      "a client hears of what is forgotten",
    ).to.deep.equal(["job"]);
  });

  it("are kept in a bounded number for all deleted apps", async () => {
    const kept = await deploy();
    for (let round = 0; round < 205; round++) {
      const gone = await core.app("gone");
      await core.post(`/api/apps/${gone}/deploy`);
      expect((await core.call("DELETE", `/api/apps/${gone}`)).status).to.be.within(200, 204);
    }
    const jobs = list((await core.get("/api/jobs")).body.jobs);
    expect(jobs.length).to.equal(201);
    expect(jobs.at(-1)?.id, "the job of an app that exists").to.equal(kept);
  });

  it("are not retried on a node that accepts no deployments", async () => {
    const job = await deploy();
    await core.claim(node);
    await core.end(job, node.token, { status: "failed", error: "no" });
    const config = { labels: {}, schedulable: false };
    expect((await core.call("PUT", `/api/nodes/${node.id}/config`, { config })).status).to.equal(200);
    const refused = await core.post(`/api/jobs/${job}/retry`);
    expect([refused.status, refused.body.detail]).to.deep.equal([
      409,
      "the node one accepts no deployments (schedulable: false). Or deploy the app, which chooses another node unless it names this one",
    ]);
    await core.call("PUT", `/api/nodes/${node.id}/config`, { config: { labels: {}, schedulable: true } });
    expect((await core.post(`/api/jobs/${job}/retry`)).status).to.equal(202);
  });

  it("of a node that is deleted fail", async () => {
    const job = await deploy();
    await core.claim(node);
    expect((await core.call("DELETE", `/api/nodes/${node.id}?leaveApps=true`)).status).to.equal(204);
    expect((await core.get(`/api/jobs/${job}`)).body.job).to.include({ status: "failed" });
    expect((await core.get(`/api/apps/${app}`)).body.app?.status).to.equal("error");
    expect((await core.post("/api/jobs/claim", { nodeId: node.id }, { token: node.token })).status).to.equal(404);
  });
});
