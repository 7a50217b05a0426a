import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson, hmacSha256, sha256 } from "../../../src/base/hash.js";

/** The same value with the keys of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

describe("canonicalJson", () => {
  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).to.equal(canonicalJson(value));
      }),
    );
  });

  it("is JSON for the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("tells different values apart", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(reversed(reversed(a))) === JSON.stringify(reversed(reversed(b)));
        if (canonicalJson(a) === canonicalJson(b))
          expect(JSON.parse(JSON.stringify(a))).to.deep.equal(JSON.parse(JSON.stringify(b)));
        else expect(same).to.equal(false);
      }),
    );
  });

  it("omits undefined, and keeps null", () => {
    expect(canonicalJson({ b: undefined, a: null, c: [undefined, 1] })).to.equal('{"a":null,"c":[null,1]}');
  });

  it("sorts by code unit, as programs in other languages do", () => {
    expect(canonicalJson({ ä: 1, Z: 2, a: 3, "": 4 })).to.equal('{"":4,"Z":2,"a":3,"ä":1}');
  });
});

describe("sha256 and hmacSha256", () => {
  it("are the known digests, in hex, cut where asked", () => {
    expect(sha256("abc")).to.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256("abc", 32)).to.equal("ba7816bf8f01cfea414140de5dae2223");
    expect(sha256(new TextEncoder().encode("abc"), 8)).to.equal("ba7816bf");
    expect(hmacSha256("key", "The quick brown fox jumps over the lazy dog")).to.equal(
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    );
  });
});
