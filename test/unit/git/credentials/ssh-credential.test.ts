import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { credentialFromSecret } from "../../../../src/git/credentials/credentials.js";
import type { SshCredential } from "../../../../src/git/engine.js";
import { expectGitError } from "../support/expect-error.js";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const identity = privateKey.export({ type: "sec1", format: "pem" }).toString();
const known_hosts = "[git.example.com]:2222 ssh-ed25519 AAAAcanary\n";

function read(values: Readonly<Record<string, string>>, url = "ssh://git@git.example.com:2222/x"): SshCredential {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const credential = credentialFromSecret(Object.fromEntries(data), { where: "Secret team/git", url });
  if (credential.ssh === undefined) throw new Error("no SSH credential");
  return credential.ssh;
}

describe("sshCredential", () => {
  it("reads a Secret of Flux as it is", () => {
    expect(read({ identity, "identity.pub": "ecdsa-sha2-nistp256 AAAA", known_hosts })).to.deep.equal({
      privateKey: identity,
      knownHosts: known_hosts,
    });
  });

  it("reads a repository Secret of Argo CD as it is, for a host whose keys are built in", () => {
    const secret = { type: "git", url: "git@github.com:team/x.git", sshPrivateKey: identity, insecure: "true" };
    const { knownHosts } = read(secret, "git@github.com:team/x.git");
    expect(knownHosts).to.match(/^github\.com ssh-ed25519 AAAA/);
  });

  it("uses no built-in host key where the Secret has known_hosts", () => {
    expect(read({ identity, known_hosts }, "git@github.com:team/x.git").knownHosts).to.equal(known_hosts);
  });

  const refused: readonly [name: string, values: Record<string, string>, says: RegExp][] = [
    ["a Secret without key", { known_hosts, username: "canary" }, /has no SSH key.*identity.*known_hosts/],
    ["a Secret without known_hosts", { identity }, /has no known_hosts.*ssh-keyscan -p 2222 git\.example\.com/],
    ["known_hosts without a key", { identity, known_hosts: "# canary\n" }, /has no host key in known_hosts/],
    ["a bad key", { sshPrivateKey: "canary", known_hosts }, /has a key sshPrivateKey that is not a private key/],
    [
      "a repository Secret of Argo CD for another host",
      { identity, known_hosts, url: "git@github.com:canary/x.git" },
      /is for the host in its key url, and not for git\.example\.com/,
    ],
  ];
  for (const [name, values, says] of refused) {
    it(`refuses ${name}, and names no value`, async () => {
      const error = await expectGitError("GIT_CREDENTIAL_INVALID", () => read(values));
      expect(error.message)
        .to.match(says)
        .and.match(/^Secret team\/git /)
        .and.not.include("canary");
    });
  }
});
