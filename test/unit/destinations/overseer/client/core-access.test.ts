import { expect } from "chai";
import { coreAccess } from "../../../../../src/destinations/overseer/client/core-access.js";

const secret = (data: Record<string, string>) => ({
  where: "Secret shop/core",
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});
const token = secret({ token: "t0ken\n" });

describe("the access to a Core", () => {
  it("has the URL, and the token without a line break", () => {
    const access = coreAccess("https://core.example.com/api-gateway/", token, undefined, "k");
    expect(access).to.include({ url: "https://core.example.com/api-gateway", token: "t0ken", ca: undefined });
    expect(access.id).not.to.contain("t0ken");
  });

  it("has another id for another URL, token or digest key", () => {
    const id = coreAccess("https://a", token, undefined, "k").id;
    expect(coreAccess("https://a/", token, undefined, "k").id).to.equal(id);
    expect(coreAccess("https://b", token, undefined, "k").id).not.to.equal(id);
    expect(coreAccess("https://a", secret({ token: "x" }), undefined, "k").id).not.to.equal(id);
    expect(coreAccess("https://a", token, undefined, "l").id).not.to.equal(id);
  });

  for (const url of ["http://core.example.com", "http://127.0.0.1.example.com", "ftp://core", "http://[::2]:1"]) {
    it(`is not sent to ${url}`, () => {
      expect(() => coreAccess(url, token, undefined, "k")).to.throw(/must begin with https:\/\//);
    });
  }
  for (const url of ["http://127.0.0.1:1", "http://localhost:1/x", "http://[::1]:1"]) {
    it(`may go to ${url}, which is this machine`, () => {
      expect(() => coreAccess(url, token, undefined, "k")).not.to.throw();
    });
  }
  it("accepts only a plain URL", () => {
    expect(() => coreAccess("https://user:pw@core", token, undefined, "k")).to.throw(/only host, port and path/);
    expect(() => coreAccess("https://core/?x", token, undefined, "k")).to.throw(/only host, port and path/);
    expect(() => coreAccess("core", token, undefined, "k")).to.throw(/is not a valid URL/);
  });

  it("names the missing or invalid key, but no value", () => {
    expect(() => coreAccess("https://a", secret({}), undefined, "k")).to.throw(/^Secret shop\/core has no key token/);
    expect(() => coreAccess("https://a", secret({ token: "a b" }), undefined, "k")).to.throw(/whitespace or non-ASCII/);
    expect(() => coreAccess("https://a", token, secret({}), "k")).to.throw(/has no key ca\.crt/);
    expect(() => coreAccess("https://a", token, secret({ "ca.crt": "hush" }), "k"))
      .to.throw(/has no PEM certificate/)
      .with.property("message")
      .not.contain("hush");
  });
});
