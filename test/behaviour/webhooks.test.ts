import { expect } from "chai";
import { waitUntil } from "../../tools/wait-until.js";
import { ApiProxy } from "../support/api-proxy.js";
import { expectNoCanary } from "../support/contracts.js";
import type { GitRepo } from "../support/git-server.js";
import { GIT_HOSTS, type GitHost, sendWebhook, type WebhookAnswer } from "../support/git-webhook.js";
import { expectCalmLog } from "../support/operator-log.js";
import { OperatorProcess } from "../support/operator-process.js";
import { configMap, type LiveRepository, World } from "../support/world.js";

const MIB = 1024 * 1024;
const SERVER = ["--roles=server", "--server-address=127.0.0.1:0"];

describe("A webhook", function () {
  this.timeout(120_000);
  let world: World;
  let server: OperatorProcess;
  let token: string;
  let shop: GitRepo;
  /** What servers have logged that were stopped since. */
  let logs = "";

  const setToken = (name: string, value: string): Promise<unknown> =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace },
      stringData: { token: value },
    });
  const send = async (name: string, host: GitHost = "GitHub", key = token, ...rest: [(string | Buffer)?, object?]) =>
    sendWebhook(`${await server.webhooks()}/hooks/${world.namespace}/${name}`, host, key, rest[0], { ...rest[1] });
  const untilFetched = (name: string, commit: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(world.repositoryRef(name), `has ${commit}`, ({ status }) =>
      (status?.revision ?? "").endsWith(commit),
    );
  const version = async (name: string): Promise<string | undefined> =>
    (await world.kube.get(world.repositoryRef(name)))?.metadata.resourceVersion;

  before(async () => {
    world = await World.create("webhooks");
    token = world.canary();
    await setToken("hook", token);
    const files = { "x.yaml": configMap("shop", { v: "0" }) };
    shop = await world.repository("shop", files, { webhook: { secretRef: { name: "hook" } } });
    await world.repository("silent", files);
    await world.poll("shop");
    server = await OperatorProcess.start({ kubeconfigPath: world.controlPlane.kubeconfigPath, flags: SERVER });
  });

  after(async () => {
    if (server) {
      const metrics = server.running ? await (await fetch(`${await server.address()}/metrics`)).text() : "";
      expectNoCanary(world.canaries, { "the server's log": logs + (await server.log()), "its metrics": metrics });
      await expectCalmLog(server);
      await server.remove();
    }
    await world?.remove();
  });

  it("has its path in the status of its repository, and only there", async () => {
    const said = (await world.kube.get<LiveRepository>(world.repositoryRef("shop")))?.status?.webhookPath;
    expect(said).to.equal(`/hooks/${world.namespace}/shop`);
    const silent = await world.poll("silent");
    expect(silent.status).to.not.have.property("webhookPath");
  });

  for (const host of GIT_HOSTS) {
    it(`of ${host} brings a push at once, an hour before the next poll`, async () => {
      const commit = await shop.commit({ "x.yaml": configMap("shop", { v: host }) }, `for ${host}`);
      const { status, body } = await send("shop", host);
      expect([status, body.result]).to.deep.equal([202, "accepted"]);
      await untilFetched("shop", commit);
    });
  }

  it("is refused without the right signature, and nothing is written", async () => {
    const before = await version("shop");
    const answers = [
      await send("shop", "GitHub", `${token}x`),
      await send("shop", "GitLab", token.slice(0, -1)),
      await send("shop", "Gitea", token, "{}", { "x-gitea-signature": "" }),
      await send("shop", "GitHub", token, "{}", { "x-hub-signature-256": "sha1=00" }),
    ];
    for (const { status, body } of answers) {
      expect([status, body.code]).to.deep.equal([401, "SIGNATURE_INVALID"]);
      expect(body, "the same text for every cause").to.deep.equal(answers[0]?.body);
    }
    expect(await server.metric('overseer_webhooks_total{provider="github",result="refused"}')).to.equal(2);
    expect((await server.log()).match(/signature is missing or invalid/g), "lines of the log").to.have.length(1);
    await send("shop", "GitHub", token, "{}", { "x-github-event": "ping" });
    await send("shop", "GitHub", token, "{}", { "x-github-event": "issues" });
    expect(await version("shop")).to.equal(before);
  });

  it("does not tell a repository without webhook from none", async () => {
    const bare = ({ status, body, headers: { date: _, ...headers } }: WebhookAnswer) => ({ status, body, headers });
    const nothing = bare(await send("nothing"));
    expect(nothing.status).to.equal(404);
    expect(bare(await send("silent"))).to.deep.equal(nothing);
    expect(bare(await send("silent", "GitHub", "", "{}"))).to.deep.equal(nothing);
  });

  it("may be as large as GitHub makes it, and no larger", async () => {
    const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "large" }) }, "large");
    expect((await send("shop", "GitHub", token, Buffer.alloc(25 * MIB))).status).to.equal(202);
    await untilFetched("shop", commit);
    const cut = await send("shop", "GitHub", token, Buffer.alloc(25 * MIB + 1)).catch(() => undefined);
    // Cut off while it sends, a client may not see the answer any more.
    if (cut) expect(cut.status).to.equal(413);
    expect(await server.metric('overseer_webhooks_total{provider="github",result="too_large"}')).to.equal(1);
  });

  it("of a burst costs a few writes, and the last push of it is fetched", async () => {
    const counts = async (): Promise<readonly [taken: number, written: number]> => {
      const text = await (await fetch(`${await server.address()}/metrics`)).text();
      const value = (series: string) => Number(text.split(`\n${series} `)[1]?.split("\n")[0] ?? 0);
      const taken = value('overseer_webhooks_total{provider="forgejo",result="accepted"}');
      return [taken, value('rest_client_requests_total{code="200",method="PATCH"}')];
    };
    // The answer of a scrape is kept for a while.
    const past = (count: number) =>
      waitUntil({ what: `${count} webhooks are counted`, timeoutMs: 30_000 }, async () => {
        const now = await counts();
        return now[0] >= count ? now : undefined;
      });
    await send("shop", "Forgejo");
    const [before, written] = await past(2);
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 200 }, () => send("shop", "Forgejo")));
    const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "last" }) }, "last");
    answers.push(await send("shop", "Forgejo"));
    const taken = answers.filter(({ status }) => status === 202).length;
    expect(answers.filter(({ status }) => status !== 202 && status !== 503)).to.deep.equal([]);
    expect(answers.at(-1)?.status).to.equal(202);
    await untilFetched("shop", commit);
    const [, after] = await past(before + taken);
    const seconds = (performance.now() - begun) / 1000;
    expect(after - written, `in ${seconds} s`).to.be.within(1, 2 + Math.ceil(seconds));
  });

  it("is checked with the new token once its Secret has changed, without a restart", async () => {
    const [old, { pid }] = [token, server];
    expect((await send("shop")).status, "the old token is known").to.equal(202);
    token = world.canary();
    await setToken("hook", token);
    await waitUntil({ what: "the old token is refused", timeoutMs: 30_000 }, async () => {
      return (await send("shop", "GitHub", old)).status === 401;
    });
    const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "rotated" }) }, "rotated");
    expect((await send("shop")).status).to.equal(202);
    await untilFetched("shop", commit);
    expect(server.pid).to.equal(pid);
  });

  it("waits for its Secret", async () => {
    const other = world.canary();
    const repo = await world.repository("late", { "x.yaml": "" }, { webhook: { secretRef: { name: "late" } } });
    await waitUntil(
      { what: "the server knows it", timeoutMs: 30_000 },
      async () => (await send("late")).status === 503,
    );
    expect(await server.log()).to.contain(`the Secret ${world.namespace}/late does not exist`);
    await setToken("late", other);
    await waitUntil({ what: "its Secret is known", timeoutMs: 30_000 }, async () => {
      return (await send("late", "GitHub", other)).status === 202;
    });
    const commit = await repo.commit({ "x.yaml": configMap("late", {}) }, "late");
    await send("late", "GitHub", other);
    await untilFetched("late", commit);
    await world.kube.patch(world.repositoryRef("late"), { spec: { webhook: null } });
    await waitUntil({ what: "it has no webhook", timeoutMs: 30_000 }, async () => (await send("late")).status === 404);
    await world.kube.until<LiveRepository>(world.repositoryRef("late"), "has no path", ({ status }) => {
      return status?.webhookPath === undefined;
    });
  });

  it("that was taken is passed on before the server ends, and the next server takes the next one", async () => {
    const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "stopping" }) }, "stopping");
    await Promise.all([send("shop"), send("shop"), send("shop")]);
    logs += await server.log();
    await server.stop();
    await untilFetched("shop", commit);
    await server.start();
    const next = await shop.commit({ "x.yaml": configMap("shop", { v: "next" }) }, "next");
    expect((await send("shop")).status).to.equal(202);
    await untilFetched("shop", next);
  });

  it("that comes while the API server refuses writes is passed on when it takes them again", async () => {
    const proxy = await ApiProxy.start(world.controlPlane);
    const behind = await OperatorProcess.start({ kubeconfigPath: await proxy.kubeconfig(), flags: SERVER });
    try {
      proxy.rule = ({ method }) => (method === "PATCH" ? { kind: "answer", status: 503, reason: "Away" } : undefined);
      const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "away" }) }, "away");
      const url = `${await behind.webhooks()}/hooks/${world.namespace}/shop`;
      expect((await sendWebhook(url, "GitHub", token)).status).to.equal(202);
      await waitUntil({ what: "the write was refused", timeoutMs: 30_000 }, async () => {
        return (await behind.metric('overseer_webhook_polls_total{result="error"}')) > 0;
      });
      proxy.rule = () => undefined;
      await untilFetched("shop", commit);
      logs += await behind.log();
    } finally {
      await behind.remove();
      await proxy.stop();
    }
  });

  it("can be received by the process that fetches", async () => {
    logs += await server.log();
    await server.stop();
    await world.operator.stop();
    await world.operator.start({ flags: ["--roles=controller,server", "--server-address=127.0.0.1:0"] });
    const commit = await shop.commit({ "x.yaml": configMap("shop", { v: "both" }) }, "both");
    const url = `${await world.operator.webhooks()}/hooks/${world.namespace}/shop`;
    expect((await sendWebhook(url, "Forgejo", token)).status).to.equal(202);
    await untilFetched("shop", commit);
  });
});
