import { expect } from "chai";
import { HostRules, isHostPattern } from "../../../src/base/host-rules.js";

describe("HostRules", () => {
  it("allows everything without patterns, and nothing with none that match", () => {
    expect(new HostRules(undefined).allows("anything", 1)).to.equal(true);
    expect(new HostRules([]).allows("anything", 1)).to.equal(false);
  });

  const cases: readonly [pattern: string, allowed: readonly string[], refused: readonly string[]][] = [
    [
      "github.com",
      ["github.com:443", "GitHub.com:22", "github.com.:443"],
      ["api.github.com:443", "github.com.evil.com:443"],
    ],
    ["*.example.com", ["git.example.com:443", "a.b.example.com:22"], ["example.com:443", "evilexample.com:443"]],
    ["git.example.com:8443", ["git.example.com:8443"], ["git.example.com:443"]],
    ["[::1]:22", ["[::1]:22", "::1:22"], ["[::1]:23", "::2:22"]],
    ["10.0.0.1", ["10.0.0.1:80"], ["10.0.0.10:80"]],
    ["*:443", ["x:443"], ["x:22"]],
  ];
  for (const [pattern, allowed, refused] of cases) {
    it(`reads ${pattern}`, () => {
      const rules = new HostRules([pattern]);
      const allows = (address: string): boolean => {
        const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
        return rules.allows(host, Number(port));
      };
      expect(allowed.map(allows)).not.to.include(false);
      expect(refused.map(allows)).not.to.include(true);
    });
  }

  it("accepts no pattern that looks like one and is none", () => {
    const invalid = ["", "*example.com", "git.*.com", "https://git.example.com", "a b", "host:", "host:123456", "-x"];
    expect(invalid.filter(isHostPattern)).to.deep.equal([]);
  });
});
