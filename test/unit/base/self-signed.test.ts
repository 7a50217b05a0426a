import { X509Certificate } from "node:crypto";
import { connect, createServer } from "node:tls";
import { expect } from "chai";
import { selfSigned } from "../../../src/base/self-signed.js";

const NAME = "leader.example.internal";

/** Connects to a server with one certificate, trusting another; returns the error, or `authorized`. */
async function handshake(own: ReturnType<typeof selfSigned>, trusted: string, servername = NAME): Promise<string> {
  const server = createServer({ cert: own.cert, key: own.key }, (socket) => socket.end());
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const result = await new Promise<string>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca: trusted, servername }, () => resolve("authorized"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.resume();
  });
  server.close();
  return result;
}

describe("A self-signed certificate", () => {
  const now = Date.UTC(2026, 10, 30);

  it("is one that OpenSSL understands, for its name and from a day ago", () => {
    const certificate = new X509Certificate(selfSigned(NAME, now).cert);
    expect(certificate.subjectAltName).to.equal(`DNS:${NAME}`);
    expect(certificate.checkIssued(certificate)).to.equal(true);
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    expect(Date.parse(certificate.validFrom)).to.equal(now - 24 * 3_600_000);
    expect(new Date(certificate.validTo).getUTCFullYear()).to.equal(9999);
  });

  it("proves the server to who trusts exactly it, and to nobody else", async () => {
    const [one, other] = [selfSigned(NAME, now), selfSigned(NAME, now)];
    expect(await handshake(one, one.cert)).to.equal("authorized");
    expect(await handshake(one, other.cert)).to.match(/SELF_SIGNED|UNABLE_TO|BAD_SIGNATURE|SIGNATURE/);
    expect(await handshake(one, one.cert, "other.example.internal")).to.equal("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});
