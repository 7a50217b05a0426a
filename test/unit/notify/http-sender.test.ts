import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { NotificationChannelSpec } from "../../../src/api/notification-channel.js";
import { OverseerError } from "../../../src/base/errors.js";
import { HostRules } from "../../../src/base/host-rules.js";
import { isPublicAddress } from "../../../src/base/private-address.js";
import { ProxyRules } from "../../../src/base/proxy.js";
import { deliver, urlProblem } from "../../../src/notify/deliver.js";
import { HttpSender } from "../../../src/notify/http-sender.js";
import { Reach } from "../../../src/notify/reach.js";
import { rejection } from "../support/eventually.js";
import { type Answer, message, Receiver } from "./support.js";

const TOKEN = "canary-0123456789abcdef";

describe("sending of notifications", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.stop());

  const attempt = async (
    provider: "slack" | "telegram" | "discord",
    url: string,
    allowed: readonly string[] = ["127.0.0.1"],
  ): Promise<OverseerError> => {
    const settings =
      provider === "telegram" ? { url, chat: "1", secretRef: { name: "c" } } : { secretRef: { name: "c" } };
    const spec = NotificationChannelSpec.parse({ [provider]: settings });
    const reach = new Reach(new HostRules(allowed));
    const secret = provider === "telegram" ? { token: TOKEN } : { url: `${url}/hooks/${TOKEN}` };
    const senders = { reach, http: new HttpSender({ reach, timeoutMs: 300 }) };
    const error = await rejection(
      deliver(spec, secret, message(), senders, { now: 0, signal: new AbortController().signal }),
    );
    if (!(error instanceof OverseerError)) throw new Error(`not an OverseerError: ${String(error)}`);
    expect(error.message).to.not.include(TOKEN);
    return error;
  };

  it("reports refusals by status, without the URL and without what the receiver says of it", async () => {
    const cases: readonly (readonly [Answer, RegExp])[] = [
      [{ status: 404, text: "no_service" }, /answered 404 \(no_service\)$/],
      [{ status: 403, text: `forbidden: ${TOKEN}` }, /answered 403$/],
      [{ status: 500, text: "<html>" }, /answered 500$/],
      [
        { status: 302, headers: { location: "http://127.0.0.1/elsewhere" } },
        /answered 302, a redirect, which is not followed$/,
      ],
    ];
    for (const [answer, expected] of cases) {
      receiver.answers.push(answer);
      expect((await attempt("slack", receiver.url)).message).to.match(expected);
    }
    expect(receiver.received).to.have.length(cases.length);
  });

  it("waits as long as a receiver asks, by header or by body", async () => {
    receiver.answers.push({ status: 429, headers: { "retry-after": "7" } });
    expect((await attempt("slack", receiver.url)).retryAfterMs).to.equal(7_000);
    receiver.answers.push({ status: 429, text: '{"retry_after": 0.65}' });
    expect((await attempt("discord", receiver.url)).retryAfterMs).to.equal(650);
    receiver.answers.push({ status: 429, text: '{"ok": false, "parameters": {"retry_after": 9}}' });
    expect((await attempt("telegram", receiver.url)).retryAfterMs).to.equal(9_000);
    receiver.answers.push({ status: 429, headers: { "retry-after": "99999999" } });
    expect((await attempt("slack", receiver.url)).retryAfterMs).to.equal(900_000);
  });

  it("gives up on a receiver that is not there or does not answer", async () => {
    const { url } = receiver;
    await receiver.stop();
    expect((await attempt("slack", url)).message).to.match(
      /cannot send to the host 127\.0\.0\.1:\d+ of the channel: E/,
    );
    const { createServer } = await import("node:net");
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    expect((await attempt("slack", `http://127.0.0.1:${port}`)).message).to.include("did not answer within 0.3 s");
    silent.close();
  });

  it("connects to no address that is not public, unless its host is allowed, whatever its name", async () => {
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      "169.254.169.254",
      "10.96.0.1",
      "[fd00::1]",
      "0.0.0.0",
      "2130706433",
    ]) {
      const error = await attempt("slack", `http://${host}:1`, []);
      expect([error.reason, error.class], host).to.deep.equal(["HostNotAllowed", "terminal"]);
    }
    const { reason } = await attempt("slack", receiver.url, ["127.0.0.1:1"]);
    expect(reason).to.equal("HostNotAllowed");
    expect(receiver.received).to.deep.equal([]);
  });

  it("has a proxy connect to no address that is not public, nor to a name that it cannot check", async () => {
    class Resolving extends Reach {
      override checkNow(host: string, port: number): Promise<void> {
        if (host === "unknown.example.com") return Promise.reject(new Error("ENOTFOUND"));
        return super.checkNow("10.0.0.5", port);
      }
    }
    const http = { url: receiver.url, address: "proxy:80", variable: "HTTP_PROXY", credential: undefined };
    const sender = new HttpSender({ reach: new Resolving(new HostRules([])), proxies: new ProxyRules({ http }) });
    for (const [host, reason, text] of [
      ["private.example.com", "HostNotAllowed", /has no public address/],
      ["unknown.example.com", "DeliveryFailed", /cannot resolve it to check its address: ask the administrator/],
    ] as const) {
      const request = { method: "POST", url: `http://${host}/`, headers: {}, body: {} } as const;
      const error = await rejection(sender.send(request, {}, undefined, new AbortController().signal));
      expect(error).to.be.instanceOf(OverseerError).and.include({ reason });
      expect((error as OverseerError).message).to.match(text);
    }
    expect(receiver.received).to.deep.equal([]);
  });

  it("knows which addresses are public", () => {
    for (const address of ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "[2a00:1450::8a]"])
      expect(isPublicAddress(address), address).to.equal(true);
    for (const address of [
      ...[
        "127.1.2.3",
        "10.0.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
      ],
      ...[
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
      ],
      ...["2002:7f00:1::", "2001:0:1::", "2001:db8::1", "localhost", ""],
    ])
      expect(isPublicAddress(address), address).to.equal(false);
  });

  it("ends a request whose answer never does", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { message: text } = await attempt("slack", `http://127.0.0.1:${port}`);
      expect(text).to.equal(`the host 127.0.0.1:${port} of the channel did not answer within 0.3 s`);
    } finally {
      server.close();
    }
  });

  it("refuses a URL in the spec that is none, without repeating it", async () => {
    for (const url of ["http://[", "http://a:99999/x", "http://a b/", "ftp://a/x", "rubbish"]) {
      const spec = NotificationChannelSpec.parse({ ntfy: { url, topic: "x" } });
      expect(urlProblem(spec), url).to.equal("spec.ntfy.url is not a valid URL: correct it");
      const reach = new Reach(new HostRules([]));
      const error = await rejection(
        deliver(
          spec,
          {},
          message(),
          { reach, http: new HttpSender({ reach }) },
          { now: 0, signal: new AbortController().signal },
        ),
      );
      expect(error).to.include({ reason: "ChannelUrlInvalid", class: "terminal" });
      expect(String(error)).to.not.include(url);
    }
    expect(
      urlProblem(NotificationChannelSpec.parse({ ntfy: { url: "https://a.example.com/x", topic: "x" } })),
    ).to.equal(undefined);
    expect(urlProblem(NotificationChannelSpec.parse({ slack: { secretRef: { name: "s" } } }))).to.equal(undefined);
  });

  it("takes a percent sign in the password of a URL as it is", async () => {
    const { port } = new URL(receiver.url);
    const reach = new Reach(new HostRules(["127.0.0.1"]));
    const spec = NotificationChannelSpec.parse({ slack: { secretRef: { name: "c" } } });
    const secret = { url: `http://eve:100%@127.0.0.1:${port}/x` };
    const senders = { reach, http: new HttpSender({ reach }) };
    await deliver(spec, secret, message(), senders, { now: 0, signal: new AbortController().signal });
    const sent = Buffer.from("eve:100%").toString("base64");
    expect(receiver.received[0]?.headers.authorization).to.equal(`Basic ${sent}`);
  });
});
