import { expect } from "chai";
import { readProxies } from "../../../src/config/proxy.js";

describe("readProxies", () => {
  const address = (env: Record<string, string>, url: string): string | undefined =>
    readProxies(env).rules.proxyFor(url)?.address;

  const chosen: readonly [env: Record<string, string>, url: string, proxy: string | undefined][] = [
    [{}, "https://a.example.com/x", undefined],
    [{ HTTPS_PROXY: "http://p:3128" }, "https://a.example.com/x", "p:3128"],
    [{ https_proxy: "p:3128" }, "https://a.example.com/x", "p:3128"],
    [{ https_proxy: "low:1", HTTPS_PROXY: "up:1" }, "https://a.example.com/x", "low:1"],
    [{ HTTPS_PROXY: "http://p:3128" }, "http://a.example.com/x", undefined],
    [{ HTTP_PROXY: "http://p" }, "http://a.example.com/x", "p:80"],
    [{ ALL_PROXY: "https://p" }, "http://a.example.com/x", "p:443"],
    [{ ALL_PROXY: "http://all:1", HTTPS_PROXY: "http://p:1" }, "https://a.example.com/x", "p:1"],
    [{ HTTPS_PROXY: "", ALL_PROXY: "http://all:1" }, "https://a.example.com/x", "all:1"],
  ];
  for (const [env, url, proxy] of chosen) {
    it(`${JSON.stringify(env)}: ${url} goes by ${proxy ?? "none"}`, () => expect(address(env, url)).to.equal(proxy));
  }

  const direct: readonly [noProxy: string, url: string, isDirect: boolean][] = [
    ["", "https://localhost:8443/x", true],
    ["", "https://127.0.0.9/x", true],
    ["", "https://[::1]/x", true],
    ["", "https://git.example.com/x", false],
    ["example.com", "https://git.example.com/x", true],
    [".example.com", "https://git.example.com/x", true],
    ["*.example.com", "https://git.example.com/x", true],
    ["example.com", "https://badexample.com/x", false],
    ["a.test, example.com", "https://GIT.example.com/x", true],
    ["git.example.com:8443", "https://git.example.com/x", false],
    ["git.example.com:443", "https://git.example.com/x", true],
    ["10.0.0.0/8 192.168.1.1", "https://10.20.30.40/x", true],
    ["10.0.0.0/8,192.168.1.1", "https://192.168.1.1/x", true],
    ["10.0.0.0/8", "https://11.0.0.1/x", false],
    ["fd00::/8", "https://[fd00::1]/x", true],
    ["[fd00::1]:443", "https://[fd00::1]/x", true],
    ["*", "https://git.example.com/x", true],
  ];
  for (const [noProxy, url, isDirect] of direct) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      it(`${name}=${noProxy}: ${url} is reached ${isDirect ? "directly" : "by the proxy"}`, () =>
        expect(address({ ALL_PROXY: "http://p:1", [name]: noProxy }, url)).to.equal(isDirect ? undefined : "p:1"));
    }
  }

  const UNUSABLE = ["socks5://u:canary@p:1", "socks5h://u:canary@p", "ftp://u:canary@p", "http://u:canary@"];

  it("refuses what is no HTTP proxy, and shows no password", () => {
    for (const text of UNUSABLE)
      for (const name of ["HTTPS_PROXY", "http_proxy"]) {
        expect(() => readProxies({ [name]: text }))
          .to.throw(`${name} must be the address of an HTTP proxy`)
          .with.property("message")
          .that.does.not.include("canary");
      }
  });

  it("ignores an ALL_PROXY that is no HTTP proxy, with one warning that shows no password", () => {
    for (const text of UNUSABLE) {
      for (const name of ["ALL_PROXY", "all_proxy"]) {
        const { rules, warnings } = readProxies({ [name]: text, HTTPS_PROXY: "http://p:1" });
        expect(rules.proxyFor("http://a.example.com/x")).to.equal(undefined);
        expect(rules.proxyFor("https://a.example.com/x")?.address).to.equal("p:1");
        expect(warnings).to.have.length(1);
        expect(warnings[0]).to.contain(`${name} must be the address of an HTTP proxy`).and.not.contain("canary");
      }
    }
    expect(readProxies({ ALL_PROXY: "http://p:1" }).warnings).to.deep.equal([]);
  });

  it("reads a user name and password", () => {
    const proxy = readProxies({ HTTPS_PROXY: "http://a%40b:p%2Fw@p:1" }).rules.proxyFor("https://x.example.com");
    expect(proxy?.credential).to.deep.equal({ username: "a@b", password: "p/w" });
    expect(proxy?.url).to.equal("http://p:1");
  });
});
