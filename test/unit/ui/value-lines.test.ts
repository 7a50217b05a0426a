import { expect } from "chai";
import fc from "fast-check";
import { load } from "js-yaml";
import { valueLines } from "../../../ui/src/diff/value-lines.js";

describe("the lines of a value", () => {
  const cases: readonly (readonly [string, string | undefined, readonly string[]])[] = [
    ["nothing, if it is unset", undefined, []],
    ["a number", "3", ["3"]],
    ["a text without quotes", '"ghcr.io/shop/web:1.2"', ["ghcr.io/shop/web:1.2"]],
    ["a text that looks like a number, with quotes", '"3"', ['"3"']],
    [
      "texts that YAML would read as something else, with quotes",
      '[".5","a: b","null","a:"]',
      ['- ".5"', '- "a: b"', '- "null"', '- "a:"'],
    ],
    ["the lines of a text", '"[server]\\nport = 80\\n"', ["|", "[server]", "port = 80"]],
    ["a text without a line break at its end, unlike one with it", '"a\\nb"', ["|-", "a", "b"]],
    ["a line with a line break at its end, unlike one without", '"a\\n"', ["|", "a"]],
    ["a text with several line breaks at its end", '"a\\n\\n"', ["|+", "a", ""]],
    ["only a line break", '"\\n"', ["|+", ""]],
    ["texts of several lines in lists, unlike lists in lists", '["x\\n- y"]', ["- |-", "  x", "  - y"]],
    ["a text that begins with spaces", '{"a":"  b\\nc"}', ["a: |2-", "    b", "  c"]],
    ["characters that reorder text, as marks", '"a\u202eb\\n\u2066c\\n"', ["|", "a⟨U+202E⟩b", "⟨U+2066⟩c"]],
    ["characters of no width and controls, as marks", '{"a\u200b":"b\u009bc"}', ['"a⟨U+200B⟩": "b⟨U+009B⟩c"']],
    [
      "characters that are not seen, as marks",
      '{"a":"b\u00adc\u{e0041}\u3164\u2028"}',
      ['a: "b⟨U+00AD⟩c⟨U+E0041⟩⟨U+3164⟩⟨U+2028⟩"'],
    ],
    ["a text that was cut, with marks", '{"a": "\u202e', ['{"a": "⟨U+202E⟩']],
    ["an object as YAML", '{"name":"URL","value":"redis://cache:6379"}', ["name: URL", "value: redis://cache:6379"]],
    ["lists and what is in them", '{"ports":[{"port":80},{"port":443}]}', ["ports:", "- port: 80", "- port: 443"]],
    ["empty lists and objects", '{"a":[],"b":{}}', ["a: []", "b: {}"]],
    ["a text that was cut, as it is", '{"a": "b', ['{"a": "b']],
  ];
  for (const [title, json, lines] of cases)
    it(`are ${title}`, () => {
      expect(valueLines(json)).to.deep.equal(lines);
    });

  it("are YAML that means the value, for every object", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.integer(),
        fc.boolean(),
        fc.string({ maxLength: 8 }).filter((text) => !/[\n\r\u2028\u2029\x85]/.test(text)),
        fc.array(fc.constantFrom("a", " b", "- c", "d: e", ""), { maxLength: 4 }).map((lines) => lines.join("\n")),
        tie("list"),
        tie("map"),
      ),
      list: fc.array(tie("any"), { maxLength: 3 }),
      map: fc.dictionary(
        fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== "__proto__"),
        tie("any"),
        { maxKeys: 3, noNullPrototype: true },
      ),
    }));
    fc.assert(
      fc.property(value.map, (object) => {
        expect(load(`${valueLines(JSON.stringify(object)).join("\n")}\n`)).to.deep.equal(
          JSON.parse(JSON.stringify(object)),
        );
      }),
    );
  });
});
