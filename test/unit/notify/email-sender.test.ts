import { type AddressInfo, createServer, type Server } from "node:net";
import { expect } from "chai";
import { SMTPServer } from "smtp-server";
import type { ProviderSettings } from "../../../src/api/notify-providers.js";
import { HostRules } from "../../../src/base/host-rules.js";
import { sendEmail } from "../../../src/notify/email-sender.js";
import { Reach } from "../../../src/notify/reach.js";
import { makeCertificates } from "../../support/certificates.js";
import { rejection } from "../support/eventually.js";
import { message } from "./support.js";

const LIMITS = { signal: new AbortController().signal };
const PASSWORD = "canary-smtp-0123456789";

describe("notifications by e-mail", function () {
  this.timeout(20_000);
  const certificates = makeCertificates(["localhost"]);
  const servers: SMTPServer[] = [];
  const mails: { readonly text: string; readonly to: readonly string[]; readonly user: string }[] = [];

  /** Starts a real SMTP server; `offersTls`: whether it offers STARTTLS, or `implicit`. */
  const start = async (tls: "starttls" | "implicit" | "none"): Promise<number> => {
    if (certificates === undefined) throw new Error("there are no certificates");
    const server = new SMTPServer({
      key: certificates.server.key,
      cert: certificates.server.cert,
      secure: tls === "implicit",
      disabledCommands: tls === "none" ? ["STARTTLS"] : [],
      authOptional: true,
      onAuth: ({ username, password }, _session, callback) =>
        password === PASSWORD ? callback(null, { user: username }) : callback(new Error(`wrong: ${String(password)}`)),
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ text: Buffer.concat(chunks).toString("utf8"), to, user: String(session.user ?? "") });
          callback();
        });
      },
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const settings = (port: number, tls: "StartTLS" | "Implicit" = "StartTLS"): ProviderSettings<"email"> => ({
    ...{ host: "localhost", port, tls, from: "overseer@example.com", to: ["ops@example.com", "dev@example.com"] },
  });
  const secret = (): Record<string, string> => ({
    ...{ username: "overseer", password: PASSWORD },
    "ca.crt": certificates?.ca ?? "",
  });
  const reach = new Reach(new HostRules(["localhost"]));

  before(function () {
    if (certificates === undefined) this.skip();
  });
  afterEach(async () => {
    mails.length = 0;
    await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  });

  it("are sent with a fixed Message-ID, as a reply to what they end, over STARTTLS or TLS", async () => {
    const ends = {
      topic: "Recovered",
      endsKey: "ff00",
      title: "shop/web has recovered\r\nBcc: eve@example.com",
    } as const;
    await sendEmail(settings(await start("starttls")), secret(), message(ends), reach, LIMITS);
    await sendEmail(settings(await start("implicit"), "Implicit"), secret(), message(), reach, LIMITS);
    const [first, second] = mails;
    expect(first?.to).to.deep.equal(["ops@example.com", "dev@example.com"]);
    expect(first?.user).to.equal("overseer");
    expect(first?.text).to.match(/^Message-ID: <0123456789abcdef0123456789abcdef@example\.com>\r?$/m);
    expect(first?.text).to.match(/^In-Reply-To: <ff00@example\.com>\r?$/m);
    expect(first?.text).to.match(/^Auto-Submitted: auto-generated\r?$/m);
    expect(first?.text).to.match(/^Subject: shop\/web has recovered Bcc: eve@example\.com\r?$/m);
    expect(second?.text).to.not.match(/^In-Reply-To/m);
    expect(second?.text.split("text/html")[1]).to.not.include("<b>web");
  });

  it("are not sent without encryption, nor to a server with another certificate", async () => {
    const plain = await rejection(sendEmail(settings(await start("none")), secret(), message(), reach, LIMITS));
    expect(String(plain)).to.match(/the SMTP server localhost:\d+ of the channel did not accept the message: E/);
    const { "ca.crt": _, ...unknown } = secret();
    const untrusted = await rejection(sendEmail(settings(await start("starttls")), unknown, message(), reach, LIMITS));
    expect(String(untrusted)).to.match(/did not accept the message: E/);
    expect(mails).to.deep.equal([]);
  });

  it("name neither password nor answer of the server in errors", async () => {
    const wrong = { ...secret(), password: `${PASSWORD}-wrong` };
    const error = await rejection(sendEmail(settings(await start("starttls")), wrong, message(), reach, LIMITS));
    expect(String(error)).to.match(/EAUTH, SMTP status 535$/);
    expect(String(error)).to.not.include(PASSWORD);
  });

  it("reach no server without a public address, unless its host is allowed", async () => {
    const error = await rejection(sendEmail(settings(25), secret(), message(), new Reach(new HostRules([])), LIMITS));
    expect(String(error)).to.include("is not in --notification-hosts");
  });

  describe("to a server that answers byte by byte and never ends", () => {
    const endless: Server[] = [];
    /** A server that sends lines without an end, often enough for every timeout of silence. */
    const startEndless = async () => {
      let isClosed = (): void => {};
      const closed = new Promise<void>((resolve) => {
        isClosed = resolve;
      });
      const server = createServer((socket) => {
        socket.write("220 ready\r\n");
        const timer = setInterval(() => socket.write("250-x\r\n"), 20);
        socket.on("error", () => {}).on("data", () => {});
        socket.on("close", () => {
          clearInterval(timer);
          isClosed();
        });
      });
      endless.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { port: (server.address() as AddressInfo).port, closed };
    };
    afterEach(() => {
      for (const server of endless.splice(0)) server.close();
    });

    it("fail after a total time, and close the connection", async () => {
      const { port, closed } = await startEndless();
      const error = await rejection(sendEmail(settings(port), secret(), message(), reach, { ...LIMITS, totalMs: 200 }));
      expect(String(error)).to.match(
        /the SMTP server localhost:\d+ of the channel did not accept the message within 0\.2 s$/,
      );
      await closed;
    });

    it("fail when the operator stops", async () => {
      const { port } = await startEndless();
      const stop = new AbortController();
      const sending = rejection(sendEmail(settings(port), secret(), message(), reach, { signal: stop.signal }));
      stop.abort();
      expect(String(await sending)).to.include("did not accept the message");
      const after = await rejection(sendEmail(settings(port), secret(), message(), reach, { signal: stop.signal }));
      expect(String(after)).to.include("did not accept the message");
    });
  });
});
