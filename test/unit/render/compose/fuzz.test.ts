import { expect } from "chai";
import fc from "fast-check";
import { SERVICE_FIELDS } from "../../../../src/render/overseer/compose/service-forms.js";
import { compile } from "./support/compile.js";
import { EXAMPLES } from "./support/key-examples.js";

const RUNS = 150;

/** Values that readers and writers of Compose disagree about. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "",
      "a",
      "a:b:ro",
      "./x:/y",
      "/x:/y",
      "~:/y",
      "$$",
      "$$(x)",
      "${SECRET:s}",
      "service:web",
      "host",
      "1",
      "-1",
      "on",
      "10s",
      "1g",
      "\u0000",
      "x".repeat(300),
      "__proto__",
    ),
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, 70000),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        "a",
        "source",
        "target",
        "type",
        "test",
        "condition",
        "limits",
        "devices",
        "web",
        "db",
        "published",
      ),
      tie("any"),
      { maxKeys: 3 },
    ),
  ),
})).any;

const service = fc.dictionary(fc.constantFrom(...Object.keys(SERVICE_FIELDS)), value, { maxKeys: 6 });
const document = fc.record({
  services: fc.dictionary(
    fc.constantFrom("web", "db", "a_b", "A.b", "x".repeat(80)),
    fc.record({ image: fc.constant("x:1") }).chain((base) => service.map((more) => ({ ...base, ...more }))),
    { minKeys: 1, maxKeys: 4 },
  ),
  volumes: fc.dictionary(fc.constantFrom("a", "data"), value, { maxKeys: 2 }),
  networks: fc.dictionary(fc.constantFrom("a", "web"), value, { maxKeys: 2 }),
  secrets: fc.dictionary(fc.constantFrom("a", "s"), value, { maxKeys: 2 }),
});

describe("the compiler of Compose apps", () => {
  it("answers any document with objects or with problems, and the same ones each time", async () => {
    await fc.assert(
      fc.asyncProperty(document, async (compose) => {
        const text = JSON.stringify(compose);
        const first = await compile(text);
        expect(Object.keys(first.objects).length > 0 || first.problems.length > 0, text).to.equal(true);
        expect(await compile(text)).to.deep.equal(first);
      }),
      { numRuns: RUNS, seed: 51 },
    );
  });

  it("compiles keys that are valid on their own also together, or says which exclude each other", async () => {
    const written = Object.entries(EXAMPLES).flatMap(([key, example]) =>
      key.includes(".") ? [] : [/\{image: 'x:1', (.*)\}\n {2}other/.exec(example.with)?.[1] ?? ""],
    );
    const parts = written.filter((part) => part !== "");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...parts), {
          minLength: 2,
          maxLength: 8,
          selector: (part) => part.split(":")[0],
        }),
        async (chosen) => {
          const text = `services:\n  web: {image: 'x:1', ${chosen.join(", ")}}\n  other: {image: 'y:1'}\nvolumes: {data: {}}\nconfigs: {c: {content: x}}\nsecrets: {s: {file: x}}\nnetworks: {front: {}, back: {}}`;
          const { objects, problems } = await compile(text, { files: { x: "s", "x.env": "A=1\n" } });
          expect(
            Object.keys(objects).length > 0 || problems.every((problem) => /^app\.yaml:\d+ /.test(problem)),
            text,
          ).to.equal(true);
        },
      ),
      { numRuns: RUNS, seed: 52 },
    );
  });
});
