import { expect } from "chai";
import fc from "fast-check";
import { interpolate, type Lookup, variablesIn } from "../../../../src/render/overseer/interpolate.js";

const values: Readonly<Record<string, string>> = {
  A: "a",
  B: "b b",
  EMPTY: "",
  DOLLAR: "x$A${B}$$",
  PASSWORD: "${SECRET:db-password}",
  LITERAL: "$${SECRET:db-password}",
};
const lookup: Lookup = (name) => (Object.hasOwn(values, name) ? values[name] : undefined);

/** What Compose on the node makes of a text that has no variables left: `$$` is a dollar sign, and a secret is its value. */
function onTheNode(text: string, secret: (name: string) => string = (name) => `<${name}>`): string {
  return text.replaceAll(/\$\$|\$\{SECRET:([^{}]*)\}/g, (match, name: string) => (match === "$$" ? "$" : secret(name)));
}

describe("interpolate", () => {
  const filled: readonly [text: string, expected: string][] = [
    ["", ""],
    ["plain {text}", "plain {text}"],
    ["$A", "a"],
    ["${A}", "a"],
    ["x${A}y$A-z", "xaya-z"],
    ["$A_B-${A}", "!unset A_B-a"],
    ["${B}", "b b"],
    ["${EMPTY}", ""],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${UNSET:-d}", "d"],
    ["${UNSET-d}", "d"],
    ["${UNSET-}", ""],
    ["${A:-d}", "a"],
    ["${A-d}", "a"],
    ["${A:+d}", "d"],
    ["${A+d}", "d"],
    ["${EMPTY:+d}", ""],
    ["${EMPTY+d}", "d"],
    ["${UNSET:+d}", ""],
    ["${UNSET+d}", ""],
    ["${A:?m}", "a"],
    ["${EMPTY?m}", ""],
    ["${UNSET:-${A}}", "a"],
    ["${UNSET:-${EMPTY:-${B}}}", "b b"],
    ["${UNSET:-$A/x}", "a/x"],
    ["${A:-${UNSET}}", "a"],
    ["${A:+${B}/${A}}", "b b/a"],
    ['${UNSET:-{"x": 1}}', '{"x": 1}'],
    ["${UNSET:-a:b:/c}", "a:b:/c"],
    ["$$", "$$"],
    ["$$A", "$$A"],
    ["$${A}", "$${A}"],
    ["$$$A", "$$a"],
    ["$$$$", "$$$$"],
    ["costs 5$", "costs 5$$"],
    ["$5 and $ 6 and $-", "$$5 and $$ 6 and $$-"],
    ["${DOLLAR}", "x$$A$${B}$$$$"],
    ["${SECRET:db-password}", "${SECRET:db-password}"],
    ["postgres://u:${SECRET:p}@${A}/x", "postgres://u:${SECRET:p}@a/x"],
    ["$${SECRET:x}", "$${SECRET:x}"],
    ["$$${SECRET:x}", "$$${SECRET:x}"],
    ["${PASSWORD}", "${SECRET:db-password}"],
    ["${LITERAL}", "$${SECRET:db-password}"],
    ["${UNSET:-${SECRET:p}}", "${SECRET:p}"],
    ["${A:-${SECRET:p}}", "a"],
  ];
  for (const [text, expected] of filled) {
    it(`${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
      const { text: result, faults } = interpolate(text, lookup);
      if (expected.startsWith("!unset")) {
        expect(faults).to.deep.equal([{ kind: "unset", name: "A_B" }]);
      } else {
        expect(faults).to.deep.equal([]);
        expect(result).to.equal(expected);
      }
    });
  }

  const refused: readonly [text: string, fault: object][] = [
    ["$UNSET", { kind: "unset", name: "UNSET" }],
    ["${UNSET}:/data", { kind: "unset", name: "UNSET" }],
    ["${UNSET:?set it}", { kind: "required", name: "UNSET", message: "set it" }],
    ["${EMPTY:?}", { kind: "required", name: "EMPTY", message: "" }],
    ["${UNSET?${A}}", { kind: "required", name: "UNSET", message: "${A}" }],
    ["${UNSET:-${OTHER}}", { kind: "unset", name: "OTHER" }],
    ["${SECRET:}", { kind: "secret" }],
    ["${SECRET:a b}", { kind: "secret" }],
    ["${SECRET:../x}", { kind: "secret" }],
    ["${SECRET:${A}}", { kind: "secret" }],
  ];
  for (const [text, fault] of refused) {
    it(`${JSON.stringify(text)} is refused as ${JSON.stringify(fault)}`, () => {
      expect(interpolate(text, lookup).faults).to.deep.equal([fault]);
    });
  }

  for (const text of ["${", "${A", "${A:-${B}", "${}", "${ A}", "${A!}", "${1}", "${secret:x}", "${SECRETS:x}"]) {
    it(`${JSON.stringify(text)} is malformed`, () => {
      const { faults } = interpolate(text, lookup);
      expect(faults.map(({ kind }) => kind)).to.deep.equal(["malformed"]);
    });
  }

  it("takes SECRET for a variable where Compose would", () => {
    expect(interpolate("${SECRET:-d} ${SECRET-e}", lookup)).to.deep.equal({ text: "d e", secrets: [], faults: [] });
  });

  it("names the secrets of what is used, and no other", () => {
    const { secrets } = interpolate("${SECRET:b}${SECRET:a}$${SECRET:no}${A:-${SECRET:no}}${PASSWORD}", lookup);
    expect(secrets).to.deep.equal(["b", "a", "db-password"]);
  });

  it("resolves only the given variables, not properties of Object.prototype", () => {
    for (const name of ["constructor", "__proto__", "toString", "PATH", "HOME"]) {
      expect(interpolate(`\${${name}}`, lookup).faults, name).to.deep.equal([{ kind: "unset", name }]);
    }
  });

  it("ends defaults that are nested too deep, and is quick about hostile texts", () => {
    const deep = `${"${X:-".repeat(20_000)}${"}".repeat(20_000)}`;
    expect(interpolate(deep, lookup).faults).to.have.length(1);
    expect(interpolate("${".repeat(200_000), lookup).faults).to.have.length(1);
    expect(interpolate("$".repeat(200_000), lookup).faults).to.deep.equal([]);
  });

  it("never throws, and says the same each time", () => {
    const piece = fc.constantFrom(
      "$",
      "$$",
      "${",
      "}",
      "A",
      "UNSET",
      ":-",
      "?",
      "+",
      "SECRET:",
      "x",
      " ",
      "{",
      "\n",
      "é",
    );
    const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (input) => {
        expect(interpolate(input, lookup)).to.deep.equal(interpolate(input, lookup));
        expect(variablesIn(input)).to.be.an("array");
      }),
    );
  });

  it("passes text without variables to the container as Compose does", () => {
    const piece = fc.constantFrom("$$", "a", "{", "}", "${SECRET:x}", "$${SECRET:y}", ":", "$ ", "5");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        const { text: result, faults } = interpolate(text, lookup);
        fc.pre(faults.length === 0);
        expect(onTheNode(result)).to.equal(onTheNode(text));
        // A second time changes nothing: the result is in the form that Compose reads.
        expect(interpolate(result, lookup).text).to.equal(result);
      }),
    );
  });

  it("round trip: any value reaches the container as it is, and is never interpolated", () => {
    const value = fc.oneof(fc.string(), fc.constantFrom("$A", "${A}", "$$", "$", "${A:-b}", "`id`", "$(id)"));
    fc.assert(
      fc.property(value, (given) => {
        fc.pre(!given.includes("${SECRET:"));
        const { text } = interpolate("<${V}>", (name) => (name === "V" ? given : undefined));
        expect(onTheNode(text)).to.equal(`<${given}>`);
      }),
    );
  });
});
