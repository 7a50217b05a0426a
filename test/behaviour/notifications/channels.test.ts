import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { ANNOTATION_NOTIFY_TEST, API_VERSION } from "../../../src/api/group.js";
import type { NotificationChannel } from "../../../src/api/notification-channel.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { OverseerUser } from "../../support/overseer-cli.js";
import { condition, configMap, World } from "../../support/world.js";

type LiveChannel = NotificationChannel & RawObject;

/** A message as a signed webhook delivers it. */
interface Delivered {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly ends: string | undefined;
}

/** A receiver of webhooks on loopback. While `holds` is set, it answers nothing. */
class Inbox {
  readonly all: Delivered[] = [];
  holds = false;
  status = 204;
  readonly #held: ServerResponse[] = [];
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const { title, lines, ends } = body.data;
      this.all.push({ id: String(request.headers["webhook-id"]), type: body.type, title, lines, ends });
      if (this.holds) this.#held.push(response);
      else response.writeHead(this.status).end();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/in`;
  }

  until(what: string, probe: (all: readonly Delivered[]) => boolean): Promise<unknown> {
    return waitUntil({ what, timeoutMs: 60_000 }, async () => (probe(this.all) ? true : undefined));
  }

  stop(): void {
    for (const response of this.#held) response.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("notification channels", function () {
  this.timeout(180_000);
  let world: World;
  let url: string;
  const inbox = new Inbox();
  const ref = (name: string) => world.object(API_VERSION, "NotificationChannel", name);

  const channel = async (name: string, spec: Record<string, unknown> = {}): Promise<LiveChannel> =>
    world.kube.apply<LiveChannel>({
      apiVersion: API_VERSION,
      kind: "NotificationChannel",
      metadata: { name, namespace: world.namespace },
      spec: { webhook: { url, secretRef: { name: "channel" } }, groupWait: "1s", ...spec },
    });
  const until = (name: string, what: string, probe: (channel: LiveChannel) => boolean): Promise<LiveChannel> =>
    world.kube.until<LiveChannel>(ref(name), what, probe);

  before(async () => {
    url = await inbox.start();
    world = await World.create("notify", { operator: { flags: ["--notification-hosts=127.0.0.1"] } });
    await world.kube.apply({
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "channel", namespace: world.namespace } },
      stringData: { signingKey: world.canary() },
    });
  });
  after(async () => {
    inbox.stop();
    await world?.kube.delete(ref("team"));
    await world?.remove();
  });

  it("send a failure and its recovery once, even if the operator is killed in between", async () => {
    const repo = await world.repository("shop", { "web/a.yaml": configMap("web", { v: "1" }) });
    await world.app("web", "shop", "web");
    await world.synced("web");
    await channel("team");
    await until("team", "is ready", (one) => condition(one, "Ready")?.reason === "Delivering");
    inbox.holds = true;
    await repo.commit({ "web/a.yaml": "kind: [" }, "break");
    await world.poll("shop");
    await inbox.until("the failure", (all) => all.length === 1);
    await world.operator.stop("SIGKILL");
    inbox.holds = false;
    await world.operator.start();
    const sent = await until("team", "has noted the failure", ({ status }) => status?.open?.length === 1);
    expect(inbox.all.map(({ id }) => id)).to.deep.equal([inbox.all[0]?.id, inbox.all[0]?.id]);
    expect(inbox.all[1]).to.deep.include({ type: "app.failed", title: `${world.namespace}/web cannot be applied` });
    expect(inbox.all[1]?.lines.join()).to.include("a.yaml");

    // Another commit with the same fault, and a restart, are no news.
    await repo.commit({ "web/a.yaml": "kind: [[" }, "break again");
    await world.poll("shop");
    await world.operator.stop();
    await world.operator.start();
    await repo.commit({ "web/a.yaml": configMap("web", { v: "2" }) }, "repair");
    await world.poll("shop");
    await world.synced("web");
    const over = await until("team", "has noted the recovery", ({ status }) => status?.open === undefined);
    expect(inbox.all.slice(2).map(({ type, ends }) => [type, ends])).to.deep.equal([
      ["app.recovered", sent.status?.open?.[0]?.key],
    ]);
    expect(over.status?.sent).to.equal(2);
  });

  it("send a test message when a user requests it, and cost no write while nothing is sent", async () => {
    const count = inbox.all.length;
    const quiet = await until("team", "is there", () => true);
    await world.poke("web");
    expect((await until("team", "is there", () => true)).metadata.resourceVersion).to.equal(
      quiet.metadata.resourceVersion,
    );
    const user = new OverseerUser(world);
    expect(await user.prints(["notify", "test", "team", "--timeout", "1m"])).to.equal(
      `${world.namespace}/team: the test message was accepted\n`,
    );
    expect(inbox.all.slice(count).map(({ type }) => type)).to.deep.equal(["app.test"]);
  });

  it("say what is wrong with a channel, and send when that is corrected", async () => {
    const count = inbox.all.length;
    const ready = (reason: string) => (one: LiveChannel) => condition(one, "Ready")?.reason === reason;
    await channel("team", { webhook: { url: "http://169.254.169.254/latest", secretRef: { name: "channel" } } });
    const refused = await new OverseerUser(world).run(["notify", "test", "team", "--timeout", "1m"]);
    expect([refused.code, refused.stdout]).to.deep.equal([1, ""]);
    expect(refused.stderr).to.contain("the test message was not sent").and.contain("169.254.169.254");
    const blocked = await until("team", "is refused", ready("HostNotAllowed"));
    expect(condition(blocked, "Ready")?.message).to.include("169.254.169.254:80 of the channel has no public address");
    await channel("team", { webhook: { url, secretRef: { name: "missing" } } });
    await until("team", "has no Secret", ready("ChannelSecretMissing"));
    inbox.status = 500;
    await channel("team");
    await until("team", "is not accepted", ready("DeliveryFailed"));
    inbox.status = 204;
    const value = blocked.metadata.annotations?.[ANNOTATION_NOTIFY_TEST];
    await until("team", "has sent the test", ({ status }) => status?.lastHandledTest === value);
    expect(new Set(inbox.all.slice(count).map(({ id }) => id)).size).to.equal(1);
    const metrics = await (await fetch(`${await world.operator.address()}/metrics`)).text();
    expect(metrics).to.match(/overseer_notifications_total\{provider="webhook",result="error"\} [1-9]/);
  });
});
