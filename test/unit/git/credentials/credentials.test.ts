import { expect } from "chai";
import { credentialDigest, credentialFromSecret as fromSecret } from "../../../../src/git/credentials/credentials.js";
import type { GitCredential } from "../../../../src/git/engine.js";
import { type Certificates, makeCertificates } from "../../../support/certificates.js";
import { expectGitError } from "../support/expect-error.js";

/** The credential for an https:// URL. */
function credentialFromSecret(secret: Record<string, string>, where = "Secret team/git"): GitCredential {
  return fromSecret(secret, { where, url: "https://git.example.com/team/apps.git" });
}

/** A Secret's data with these values. */
function data(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
}

describe("credentialFromSecret", () => {
  it("reads user name and password", () => {
    const secret = data({ username: "u", password: "p:ä" });
    expect(credentialFromSecret(secret)).to.deep.equal({ username: "u", password: "p:ä" });
  });

  it("takes a token, or a password alone, with the user name that most servers want", () => {
    const expected = { username: "x-access-token", password: "t" };
    expect(credentialFromSecret(data({ token: "t" }))).to.deep.equal(expected);
    expect(credentialFromSecret(data({ password: "t" }))).to.deep.equal(expected);
    expect(credentialFromSecret(data({ username: "x-token-auth", token: "t" }))).to.deep.equal({
      username: "x-token-auth",
      password: "t",
    });
  });

  it("reads a bearer token", () => {
    expect(credentialFromSecret(data({ bearerToken: "t" }))).to.deep.equal({ bearerToken: "t" });
  });

  it("drops the line breaks that echo puts at the end", () => {
    const secret = data({ username: "u\n", password: "p\r\n" });
    expect(credentialFromSecret(secret)).to.deep.equal({ username: "u", password: "p" });
  });

  it("takes base64 with line breaks, as some tools write it", () => {
    expect(credentialFromSecret({ token: "Y2Fu\nYXJ5\n" })).to.deep.include({ password: "canary" });
  });

  it("leaves other keys alone, and empty ones too", () => {
    expect(credentialFromSecret(data({ token: "t", username: "", notes: "x" })).password).to.equal("t");
  });

  it("takes a repository Secret of Argo CD, whose url names the same host", () => {
    const secret = data({
      type: "git",
      url: "https://git.example.com/team",
      username: "u",
      password: "p",
      insecure: "false",
    });
    expect(credentialFromSecret(secret)).to.deep.equal({ username: "u", password: "p" });
  });

  const refused: readonly [name: string, secret: Record<string, string>, says: RegExp][] = [
    ["an empty Secret", {}, /contains no credential.*username and password, or token, or bearerToken/],
    ["a Secret of another kind", data({ ".dockerconfigjson": "{}" }), /contains no credential/],
    ["an SSH key", data({ identity: "canary" }), /contains an SSH key, but spec\.url is not an SSH URL/],
    [
      "a repository Secret of Argo CD for another host",
      data({ url: "https://github.com/canary/x", username: "u", password: "canary" }),
      /is for the host in its key url, and not for git\.example\.com/,
    ],
    ["a user name alone", data({ username: "canary" }), /no password/],
    ["two ways at once", data({ bearerToken: "canary", token: "canary" }), /has both bearerToken and/],
    ["a colon in the user name", data({ username: "can:ary", password: "p" }), /colon in username/],
    ["a line break in the middle", data({ token: "can\nary" }), /in token/],
    ["what is no base64", { password: "canary!!" }, /password that is not base64/],
    ["what is no text", { password: Buffer.from([0xff, 0xfe]).toString("base64") }, /password that is not UTF-8/],
    ["an authority that is none", data({ "ca.crt": "canary" }), /certificate in ca.crt/],
    ["a certificate without key", data({ "tls.crt": "canary" }), /no tls.key/],
    ["a key without certificate", data({ "tls.key": "canary" }), /no tls.crt/],
    ["a certificate that is none", data({ "tls.crt": "canary", "tls.key": "canary" }), /certificate in tls.crt/],
  ];
  for (const [name, secret, says] of refused) {
    it(`refuses ${name}, and names no value`, async () => {
      const error = await expectGitError("GIT_CREDENTIAL_INVALID", () =>
        credentialFromSecret(secret, "Secret team/git"),
      );
      expect(error.message)
        .to.match(says)
        .and.match(/^Secret team\/git /);
      expect(error.message).not.to.match(/canary|can:ary/);
      expect(error.cause).to.equal(undefined);
    });
  }

  describe("with certificates", () => {
    let certificates: Certificates;

    before(function () {
      const made = makeCertificates();
      if (made === undefined) return this.skip();
      certificates = made;
    });

    it("reads an authority and a client certificate, under either name", () => {
      const { ca, client } = certificates;
      const expected = { ca, clientCert: client.cert, clientKey: client.key };
      expect(credentialFromSecret(data({ "ca.crt": ca, "tls.crt": client.cert, "tls.key": client.key }))).to.deep.equal(
        expected,
      );
      expect(credentialFromSecret(data({ caFile: ca, certFile: client.cert, keyFile: client.key }))).to.deep.equal(
        expected,
      );
    });

    it("refuses a key that belongs to another certificate, or is none", async () => {
      const { client, server } = certificates;
      for (const [key, says] of [
        [server.key, /does not match tls\.crt/],
        ["canary", /private key in tls.key/],
      ] as const) {
        const secret = data({ "tls.crt": client.cert, "tls.key": key });
        expect((await expectGitError("GIT_CREDENTIAL_INVALID", () => credentialFromSecret(secret))).message).to.match(
          says,
        );
      }
    });
  });
});

describe("credentialDigest", () => {
  it("differs for each credential and key, and reveals nothing of it", () => {
    const digests = [
      credentialDigest({ password: "canary" }),
      credentialDigest({ password: "canary2" }),
      credentialDigest({ bearerToken: "canary" }),
      credentialDigest({ password: "canary" }, "key"),
    ];
    expect(new Set(digests).size).to.equal(4);
    expect(digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))).to.equal(true);
  });
});
