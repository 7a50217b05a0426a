import { expect } from "chai";
import fc from "fast-check";
import { redactUrl } from "../../../src/base/redact.js";

describe("redactUrl", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://me:canary@git.example.com/x.git", "https://git.example.com/x.git"],
    ["https://canary@git.example.com/x.git?token=canary#canary", "https://git.example.com/x.git"],
    ["ssh://git:canary@git.example.com:22/x", "ssh://git.example.com:22/x"],
    ["http://me:canary@[bad/x", "http://[bad/x"],
    ["no url", "no url"],
    ["", ""],
  ];
  for (const [url, wanted] of cases) {
    it(`makes ${JSON.stringify(url.replaceAll("canary", "…"))} safe`, () => {
      expect(redactUrl(url)).to.equal(wanted);
    });
  }

  it("never shows a password, whatever the rest looks like", () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        expect(redactUrl(url.replace("://", "://user:canary@"))).not.to.include("canary");
      }),
    );
  });
});
