import { expect } from "chai";
import type { PathSegment } from "../../../src/manifest/document.js";
import { parseCelPath, selects } from "../../../src/manifest/ignored/cel-path.js";

const filter = (where: string, variable = "c") => ({ variable, where });

describe("parseCelPath", () => {
  for (const [text, path] of [
    ["spec.replicas", ["spec", "replicas"]],
    ["spec['a.b/c'][0][\"x\"]", ["spec", "a.b/c", "0", "x"]],
    ["spec.c.filter(c, c.name == 'x')", ["spec", "c", filter("c.name == 'x'")]],
    [
      "spec.c.filter(c, c.name == ')' && (c.a == 1)).map(c, c.image)",
      ["spec", "c", filter("c.name == ')' && (c.a == 1)"), "image"],
    ],
    ["webhooks.map(w, w.clientConfig.caBundle)", ["webhooks", "*", "clientConfig", "caBundle"]],
    [
      " spec.c.map( c , c.env.filter(e, e.name == 'A').map(e, e.value) ) ",
      ["spec", "c", "*", "env", filter("e.name == 'A'", "e"), "value"],
    ],
    [
      "metadata.annotations.filter(k, k.startsWith('a/'))",
      ["metadata", "annotations", filter("k.startsWith('a/')", "k")],
    ],
  ] as const satisfies readonly (readonly [string, readonly PathSegment[]])[])
    it(`reads ${text.trim()}`, () => expect(parseCelPath(text)).to.deep.equal(path));

  for (const [text, message] of [
    ["", "at character 1: expected a field"],
    ["spec.", "at character 5: expected .field, [key], .filter(…) or .map(…)"],
    ["spec.c.size()", "at character 7: expected .field, [key], .filter(…) or .map(…)"],
    ["spec.c.filter(c, c.a == 1", "at character 26: the condition is not closed"],
    ["spec.c.filter(c, c.)", "at character 3"],
    ["spec.c.filter(c, c.a.matches('(a+)+'))", "matches() is not supported"],
    ["spec.c.filter(c, c.a == 1).image", "a list has no fields: use map(c, c.field)"],
    ["spec.c.map(c, d.a)", "expected a field of c"],
    ["spec.c.map(c, c.a", "expected )"],
    ["kind", "kind cannot be ignored"],
    ["metadata", "metadata cannot be ignored as a whole"],
    ["metadata.labels", "metadata cannot be ignored as a whole"],
    ["metadata.filter(k, true)", "metadata cannot be ignored as a whole"],
    [`spec.${"a".repeat(600)}`, "is longer than 512 characters"],
  ] as const)
    it(`refuses ${text.slice(0, 40)}`, () => expect(() => parseCelPath(text)).to.throw(message));

  it("tells what a condition selects, and what it cannot know", () => {
    expect(selects(filter("c.name == 'x'"), { name: "x" })).to.equal(true);
    expect(selects(filter("c.name == 'x'"), { name: "y" })).to.equal(false);
    expect(selects(filter("c.image == 'x'"), { name: "y" })).to.equal(undefined);
    expect(selects(filter("c.startsWith('x')"), "xy")).to.equal(true);
  });
});
