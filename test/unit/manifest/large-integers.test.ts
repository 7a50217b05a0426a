import { expect } from "chai";
import { canonicalJson, jsonText } from "../../../src/base/hash.js";
import { showValue } from "../../../src/manifest/diff/show-value.js";
import { findDuplicates } from "../../../src/manifest/yaml/duplicates.js";
import { prepareManifests } from "../../../src/manifest/yaml/prepare.js";

const HEAD = "apiVersion: v1\nkind: Probe\nmetadata: {name: p}\n";

function specText(yaml: string): string {
  return canonicalJson(prepareManifests(`${HEAD}${yaml}`, "f.yaml")[0]?.object.spec);
}

describe("64-bit integers", () => {
  for (const [written, carried] of [
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["+123456789012345678", "123456789012345678"],
    ["0x7fffffffffffffff", "9223372036854775807"],
    ["-0x8000000000000000", "-9223372036854775808"],
    ["0o777777777777777777777", "9223372036854775807"],
    ["0777777777777777777777", "9223372036854775807"],
    ["0b11111111111111111111111111111111111111111111111111111111111111", "4611686018427387903"],
    ["1_234_567_890_123_456_789", "1234567890123456789"],
    ['!!int "9007199254740993"', "9007199254740993"],
    ["9007199254740991", "9007199254740991"],
    ["9007199254740993.0", "9007199254740992"],
    ["!!float 9007199254740993", "9007199254740992"],
    ['"9007199254740993"', '"9007199254740993"'],
  ] as const) {
    it(`${written} is carried as ${carried}`, () => {
      expect(specText(`spec: {v: ${written}}\n`)).to.equal(`{"v":${carried}}`);
    });
  }

  it("are carried as the keys of maps, in JSON files and in lists", () => {
    expect(specText("spec: {9007199254740993: a}\n")).to.equal('{"9007199254740993":"a"}');
    expect(specText('spec: {"v": [9007199254740993, {"w": 9007199254740995}]}\n')).to.equal(
      '{"v":[9007199254740993,{"w":9007199254740995}]}',
    );
  });

  it("distinguish hashes independent of formatting", () => {
    const hash = (value: string) => prepareManifests(`${HEAD}spec: {v: ${value}}\n`, "f.yaml")[0]?.bodyHash;
    expect(hash("9007199254740993")).to.not.equal(hash("9007199254740992"));
    expect(hash("9007199254740993")).to.equal(hash("9_007_199_254_740_993"));
  });

  it("can be shown, compared and sent", () => {
    const ports = [{ port: 9007199254740993n }, { port: 9007199254740993n }];
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports } };
    expect(findDuplicates(service)[0]?.key).to.include("port 9007199254740993");
    expect(showValue({ b: 1, a: 9007199254740993n })).to.equal('{"a":9007199254740993,"b":1}');
    expect(jsonText({ b: "x", a: [9007199254740993n, null] })).to.equal('{"a":[9007199254740993,null],"b":"x"}');
    expect(jsonText({ b: "x", a: 1 })).to.equal('{"b":"x","a":1}');
  });
});
