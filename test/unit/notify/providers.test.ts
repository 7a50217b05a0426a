import { createHmac } from "node:crypto";
import { expect } from "chai";
import { z } from "zod";
import { NotificationChannelSpec } from "../../../src/api/notification-channel.js";
import { PROVIDER_NAMES, type ProviderName } from "../../../src/api/notify-providers.js";
import { HostRules } from "../../../src/base/host-rules.js";
import { deliver } from "../../../src/notify/deliver.js";
import { HttpSender } from "../../../src/notify/http-sender.js";
import type { Message } from "../../../src/notify/message.js";
import { Reach } from "../../../src/notify/reach.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { message, type Received, Receiver } from "./support.js";

const NOW = Date.UTC(2026, 10, 30, 4, 1, 0);
const TOKEN = "canary-0123456789abcdef";

/** The documented shape of each request: strict, so that an unknown or misspelled field fails. */
const text = z.strictObject({ type: z.enum(["plain_text", "mrkdwn"]), text: z.string().min(1).max(3000) });
const BODIES: Readonly<Record<Exclude<ProviderName, "email">, z.ZodType>> = {
  slack: z.strictObject({
    text: z.string().min(1),
    attachments: z.tuple([
      z.strictObject({
        color: z.string().regex(/^#[0-9a-f]{6}$/),
        fallback: z.string(),
        blocks: z
          .array(
            z.discriminatedUnion("type", [
              z.strictObject({ type: z.literal("header"), text: text.extend({ text: z.string().max(150) }) }),
              z.strictObject({
                type: z.literal("section"),
                text: text.optional(),
                fields: z.array(text).max(10).optional(),
              }),
              z.strictObject({
                type: z.literal("actions"),
                elements: z.array(z.strictObject({ type: z.literal("button"), text, url: z.url() })),
              }),
            ]),
          )
          .max(50),
      }),
    ]),
  }),
  discord: z.strictObject({
    allowed_mentions: z.strictObject({ parse: z.tuple([]) }),
    embeds: z.tuple([
      z.strictObject({
        title: z.string().max(256),
        url: z.url().optional(),
        description: z.string().max(4096).optional(),
        color: z.int().min(0).max(0xffffff),
        fields: z
          .array(
            z.strictObject({
              name: z.string().min(1).max(256),
              value: z.string().min(1).max(1024),
              inline: z.boolean(),
            }),
          )
          .max(25),
        timestamp: z.iso.datetime(),
      }),
    ]),
  }),
  teams: z.strictObject({
    type: z.literal("message"),
    attachments: z.tuple([
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        content: z.strictObject({
          type: z.literal("AdaptiveCard"),
          $schema: z.url(),
          version: z.literal("1.4"),
          body: z.array(z.looseObject({ type: z.enum(["TextBlock", "FactSet"]) })),
          actions: z
            .array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string(), url: z.url() }))
            .optional(),
        }),
      }),
    ]),
  }),
  matrix: z.strictObject({
    msgtype: z.literal("m.notice"),
    body: z.string(),
    format: z.literal("org.matrix.custom.html"),
    formatted_body: z.string(),
  }),
  ntfy: z.strictObject({
    topic: z.string(),
    title: z.string(),
    message: z.string().max(4096),
    priority: z.int().min(1).max(5),
    tags: z.array(z.string()),
    click: z.url().optional(),
  }),
  gotify: z.strictObject({
    title: z.string(),
    message: z.string(),
    priority: z.int(),
    extras: z.strictObject({
      "client::display": z.strictObject({ contentType: z.enum(["text/plain", "text/markdown"]) }),
      "client::notification": z.strictObject({ click: z.strictObject({ url: z.url() }) }).optional(),
    }),
  }),
  telegram: z.strictObject({
    chat_id: z.string(),
    message_thread_id: z.int().optional(),
    text: z.string().min(1).max(4096),
    parse_mode: z.literal("HTML"),
    link_preview_options: z.strictObject({ is_disabled: z.literal(true) }),
    reply_markup: z
      .strictObject({ inline_keyboard: z.array(z.array(z.strictObject({ text: z.string(), url: z.url() }))) })
      .optional(),
  }),
  webhook: z.strictObject({
    type: z.string().regex(/^app\.[a-z][A-Za-z]+$/),
    timestamp: z.iso.datetime(),
    data: z.looseObject({ topic: z.string(), title: z.string() }),
  }),
  alertmanager: z.array(
    z.strictObject({
      labels: z.record(z.string(), z.string().min(1)),
      annotations: z.record(z.string(), z.string()),
      startsAt: z.iso.datetime(),
      endsAt: z.iso.datetime(),
      generatorURL: z.url().optional(),
    }),
  ),
};

describe("providers of notifications", () => {
  let receiver: Receiver;
  const reach = new Reach(new HostRules(["127.0.0.1"]));
  const senders = { reach, http: new HttpSender({ reach, timeoutMs: 5_000 }) };

  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.stop());

  /** Settings and Secret of each provider, for the receiver. */
  const setup = (name: ProviderName): { spec: NotificationChannelSpec; secret: Record<string, string> } => {
    const url = receiver.url;
    const secretRef = { name: "channel" };
    const all: Readonly<Record<string, readonly [object, Record<string, string>]>> = {
      slack: [{ secretRef }, { url: `${url}/services/${TOKEN}` }],
      discord: [{ secretRef }, { url: `${url}/api/webhooks/1/${TOKEN}` }],
      teams: [{ secretRef }, { url: `${url}/workflows/1?sig=${TOKEN}` }],
      matrix: [{ url, room: "!abc:example.org", secretRef }, { token: TOKEN }],
      ntfy: [{ url, topic: "ops", secretRef }, { token: TOKEN }],
      gotify: [{ url, secretRef }, { token: TOKEN }],
      telegram: [{ url, chat: "-100123", thread: 7, secretRef }, { token: TOKEN }],
      webhook: [
        { url: `${url}/in`, secretRef },
        { signingKey: TOKEN, previousSigningKey: `${TOKEN}-before` },
      ],
      alertmanager: [{ url: `${url}/am`, secretRef }, { token: TOKEN }],
    };
    const [settings, secret] = all[name] ?? [{}, {}];
    return { spec: NotificationChannelSpec.parse({ [name]: settings }), secret };
  };
  const send = async (name: ProviderName, sent: Message = message()): Promise<Received> => {
    const { spec, secret } = setup(name);
    await deliver(spec, secret, sent, senders, { now: NOW, signal: new AbortController().signal });
    const request = receiver.received.at(-1);
    if (request === undefined) throw new Error("nothing was received");
    return request;
  };

  for (const name of Object.keys(BODIES) as (keyof typeof BODIES)[]) {
    it(`sends what ${name} documents`, async () => {
      for (const sent of [
        message(),
        message({ url: undefined, lines: [], fields: [] }),
        message({
          lines: ["x".repeat(50_000)],
          title: "y".repeat(900),
          fields: Array(40).fill({ name: "n", value: "v" }),
        }),
        message({ topic: "Recovered", severity: "info", endsKey: "ff" }),
      ]) {
        const { body, headers } = await send(name, sent);
        const parsed = BODIES[name].safeParse(body);
        expect(parsed.error?.issues, name).to.equal(undefined);
        expect(headers["content-type"]).to.equal("application/json");
        expect(JSON.stringify(body), "the credential").to.not.include(TOKEN);
      }
    });
  }

  it("are all shown on the page about notifications, with settings that the API accepts", () => {
    const examples = yamlExamples<Record<string, unknown>>("docs/notifications.md").filter(
      ({ kind }) => kind === undefined,
    );
    expect(examples.flatMap((example) => Object.keys(example))).to.deep.equal([...PROVIDER_NAMES]);
    for (const example of examples) expect(NotificationChannelSpec.strict().parse(example)).to.be.an("object");
  });

  it("puts credentials where each provider expects them", async () => {
    expect((await send("slack")).path).to.equal(`/services/${TOKEN}`);
    expect((await send("teams")).path).to.equal(`/workflows/1?sig=${TOKEN}`);
    expect((await send("matrix")).headers.authorization).to.equal(`Bearer ${TOKEN}`);
    expect((await send("ntfy")).headers.authorization).to.equal(`Bearer ${TOKEN}`);
    expect((await send("alertmanager")).headers.authorization).to.equal(`Bearer ${TOKEN}`);
    const gotify = await send("gotify");
    expect([gotify.path, gotify.headers["x-gotify-key"]]).to.deep.equal(["/message", TOKEN]);
    expect((await send("telegram")).path).to.equal(`/bot${TOKEN}/sendMessage`);
  });

  it("names the transaction of Matrix by the key, so that a repetition is shown once", async () => {
    const { method, path } = await send("matrix");
    expect(method).to.equal("PUT");
    expect(path).to.equal(
      "/_matrix/client/v3/rooms/!abc%3Aexample.org/send/m.room.message/0123456789abcdef0123456789abcdef",
    );
  });

  it("escapes what receivers would take for markup or mentions", async () => {
    for (const name of ["slack", "telegram"] as const)
      expect(JSON.stringify((await send(name)).body), name).to.not.match(/<b>web|& @/);
    const { formatted_body: html } = (await send("matrix")).body as { formatted_body: string };
    expect(html).to.not.match(/<b>web|& @/);
    expect(JSON.stringify((await send("teams")).body)).to.include("\\\\*bold\\\\*");
    expect(JSON.stringify((await send("discord")).body)).to.include('"allowed_mentions":{"parse":[]}');
  });

  it("signs webhooks as in Standard Webhooks, with each key while keys are rotated", async () => {
    const { headers, body } = await send("webhook");
    const id = headers["webhook-id"];
    const content = `${String(id)}.${NOW / 1000}.${JSON.stringify(body)}`;
    const sign = (key: string): string => `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
    expect(headers["webhook-timestamp"]).to.equal(String(NOW / 1000));
    expect(headers["webhook-signature"]).to.equal(`${sign(TOKEN)} ${sign(`${TOKEN}-before`)}`);
  });

  it("keeps the identity of an alert free of times and commits, and ends it on recovery", async () => {
    const labels = {
      alertname: "OverseerAppFailed",
      namespace: "shop",
      name: "web",
      severity: "critical",
      environment: "prod",
    };
    const [first] = (await send("alertmanager")).body as [{ labels: unknown; endsAt: string; startsAt: string }];
    expect(first.labels).to.deep.equal(labels);
    expect(Date.parse(first.endsAt)).to.be.greaterThan(NOW);
    const apps = message().apps.map((app) => ({ ...app, until: NOW - 1000 }));
    const [last] = (await send("alertmanager", message({ topic: "Recovered", apps }))).body as [typeof first];
    expect([last.labels, last.startsAt]).to.deep.equal([labels, first.startsAt]);
    expect(Date.parse(last.endsAt)).to.be.lessThan(NOW);
  });
});
