import { expect } from "chai";
import { proxyFromSecret } from "../../../../src/git/credentials/proxy-secret.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { expectGitError } from "../support/expect-error.js";
import { secretData } from "../support/secret-data.js";

const WHERE = "Secret team/proxy";
const read = (values: Record<string, string>) => proxyFromSecret(secretData(values), WHERE);

describe("proxyFromSecret", () => {
  it("reads a Secret of Flux as it is", () => {
    expect(read({ address: "http://proxy.example.com:3128", username: "u", password: "p/@\n" })).to.deep.equal({
      url: "http://proxy.example.com:3128",
      address: "proxy.example.com:3128",
      variable: WHERE,
      credential: { username: "u", password: "p/@" },
    });
    for (const [address, url] of [
      ["https://proxy.example.com/", "https://proxy.example.com:443"],
      ["socks5://[::1]", "socks5://[::1]:1080"],
    ] as const)
      expect(read({ address })).to.deep.include({ url, credential: undefined });
  });

  const refused: readonly [values: Record<string, string>, says: RegExp][] = [
    [{}, /has no address: add the URL of the proxy/],
    [{ address: "proxy.canary.com:3128" }, /must begin with http:\/\/, https:\/\/ or socks5:\/\//],
    [{ address: "ftp://proxy.canary.com" }, /must begin with http/],
    [{ address: "http://canary:canary@proxy.example.com" }, /use the keys username and password/],
    [{ address: "http://proxy.example.com/canary" }, /only a host and a port/],
    [{ address: "http://proxy.example.com", username: "canary" }, /only one of username and password/],
    [{ address: "socks5://proxy", username: "u", password: "canary".repeat(50) }, /more than 255 bytes/],
  ];
  for (const [values, says] of refused) {
    it(`refuses what ${says.source}, and names no value`, async () => {
      const { message } = await expectGitError("GIT_CREDENTIAL_INVALID", () => read(values));
      expect(message)
        .to.match(says)
        .and.match(/^Secret team\/proxy /)
        .and.not.include("canary");
    });
  }

  it("makes another remote of the same address, over HTTPS and SSH", () => {
    const ssh = { ssh: { privateKey: "k", knownHosts: "h" } };
    const proxy = read({ address: "http://proxy.example.com:3128" });
    for (const [url, credential] of [
      ["https://a.example/x", undefined],
      ["git@a.example:x", ssh],
    ] as const)
      expect(gitRemote(url, credential, "", proxy).id).not.to.equal(gitRemote(url, credential).id);
  });
});
