import { expect } from "chai";
import { z } from "zod";
import { atomicList, atomicMap, duration, mapList, withRules } from "../../../src/api/fields.js";
import type { ResourceDefinition } from "../../../src/api/resources.js";
import { buildSchema } from "../../../tools/generate/crd.js";
import { type Schema, SchemaError } from "../../../tools/generate/schema.js";

/** A kind whose spec has one field `x`. */
function kindWith(x: z.ZodType): ResourceDefinition {
  const spec = z.object({ x }).describe("Spec.");
  const status = z.object({}).describe("Status.");
  return {
    kind: "Trap",
    plural: "traps",
    singular: "trap",
    shortNames: [],
    scope: "Namespaced",
    description: "Trap.",
    spec,
    status,
    columns: [],
    rules: [],
    selectableFields: [],
  };
}

function schemaOf(x: z.ZodType): Schema | undefined {
  return buildSchema(kindWith(x)).properties?.spec?.properties?.x;
}

/** `path: message` of each problem. */
function problemsOf(x: z.ZodType): readonly string[] {
  try {
    buildSchema(kindWith(x));
    return [];
  } catch (error) {
    if (error instanceof SchemaError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

const text = z.string().max(10);

describe("what cannot become a structural schema stops the generator", () => {
  const traps: readonly (readonly [string, z.ZodType, RegExp])[] = [
    ["a field without a type", z.unknown().describe("d"), /^spec\.x: has no type/],
    ["a field without a description", text, /^spec\.x: has no description/],
    [
      "a field of an item without a description",
      atomicList(z.object({ a: text }).describe("d"), 3, "d"),
      /^spec\.x\[\]\.a: has no description/,
    ],
    ["a string without a bound", z.string().describe("d"), /^spec\.x: has no maxLength/],
    [
      "a list without a bound",
      z.array(text).meta({ "x-kubernetes-list-type": "atomic" }).describe("d"),
      /^spec\.x: has no maxItems/,
    ],
    ["a map without a bound", z.record(z.string(), text).describe("d"), /^spec\.x: has no maxProperties/],
    ["items without a bound", atomicList(z.string(), 3, "d"), /^spec\.x\[\]: has no maxLength/],
    [
      "a list that does not say how it is merged",
      z.array(text).max(3).describe("d"),
      /^spec\.x: has no x-kubernetes-list-type/,
    ],
    [
      "a list of maps by a key that may be missing",
      mapList(z.object({ k: text.optional().describe("d") }).describe("d"), ["k"], 3, "d"),
      /^spec\.x: its map key k must be/,
    ],
    [
      "a union of strings and booleans",
      z.union([text, z.boolean()]).describe("d"),
      /^spec\.x: a union of boolean, string/,
    ],
    [
      "a discriminated union",
      z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]).describe("d"),
      /^spec\.x: a union of object, object/,
    ],
    ["a tuple", z.tuple([text]).describe("d"), /^spec\.x\[\]: a union of/],
    ["two patterns on one string", text.regex(/^a/).regex(/b$/).describe("d"), /^spec\.x: allOf is not allowed/],
    ["look-ahead, which RE2 has not", text.regex(/^(?!a)/).describe("d"), /^spec\.x: its pattern is not RE2/],
    ["a pattern with flags", text.regex(/^a$/i).describe("d"), /^spec\.x: the flags of a pattern/],
    ["a refinement", text.refine((value) => value !== "a").describe("d"), /^spec\.x: a refinement does not reach/],
    [
      "rules on the keys of a map",
      z.record(z.string().regex(/^a/), text).meta({ maxProperties: 3 }).describe("d"),
      /^spec\.x: rules on the keys/,
    ],
    [
      "an object that also takes any key",
      z.looseObject({ a: text.describe("d") }).describe("d"),
      /^spec\.x: properties and additionalProperties/,
    ],
    [
      "a rule for a field that is not there",
      withRules(z.object({ a: text.describe("d") }), [{ rule: "true", message: "m", fieldPath: ".b" }]).describe("d"),
      /^spec\.x: has a CEL rule for \.b/,
    ],
    [
      "a rule without a message",
      withRules(text, [{ rule: "true", message: "" }]).describe("d"),
      /^spec\.x: has a CEL rule without a message/,
    ],
  ];
  for (const [name, schema, message] of traps) {
    it(name, () => {
      expect(
        problemsOf(schema).some((problem) => message.test(problem)),
        problemsOf(schema).join("\n"),
      ).to.equal(true);
    });
  }

  it("with all problems at once", () => {
    expect(problemsOf(z.object({ a: z.string(), b: z.unknown() }).describe("d")).length).to.be.at.least(3);
  });

  it("for a recursive schema and for a transformation", () => {
    interface Tree {
      readonly children?: readonly Tree[] | undefined;
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree).optional() }));
    expect(() => schemaOf(tree.describe("d"))).to.throw();
    expect(() => schemaOf(z.date().describe("d"))).to.throw();
  });
});

describe("what becomes a structural schema", () => {
  it("an integer by its format, without the limits of a double", () => {
    expect(schemaOf(z.int().describe("d"))).to.deep.equal({ description: "d", type: "integer", format: "int64" });
    expect(schemaOf(z.int32().describe("d"))?.format).to.equal("int32");
    expect(schemaOf(z.int().min(1).max(100).describe("d"))).to.deep.equal({
      description: "d",
      type: "integer",
      format: "int32",
      minimum: 1,
      maximum: 100,
    });
  });

  it("a strict object, which the API server prunes by itself", () => {
    expect(schemaOf(z.strictObject({ a: z.boolean().describe("d") }).describe("d"))).not.to.have.property(
      "additionalProperties",
    );
  });

  it("a map of typed values", () => {
    expect(schemaOf(z.record(z.string(), text).meta({ maxProperties: 3 }).describe("d"))).to.deep.equal({
      description: "d",
      type: "object",
      maxProperties: 3,
      additionalProperties: { type: "string", maxLength: 10 },
    });
  });

  it("an intersection of objects, as one object", () => {
    const both = z.intersection(z.object({ a: text.describe("d") }), z.object({ b: text.describe("d") }));
    expect(Object.keys(schemaOf(both.describe("d"))?.properties ?? {})).to.deep.equal(["a", "b"]);
  });

  it("a literal as an enum of one, and a field that may be null", () => {
    expect(schemaOf(z.literal("a").describe("d"))).to.deep.include({ type: "string", enum: ["a"] });
    expect(schemaOf(text.nullable().describe("d"))).to.deep.include({ type: "string", nullable: true });
  });

  it("a free-form object, where that is said", () => {
    const free = z.unknown().meta({ type: "object", "x-kubernetes-preserve-unknown-fields": true }).describe("d");
    expect(schemaOf(free)).to.deep.equal({
      description: "d",
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
    });
  });

  it("rules, merge kinds and defaults that were set before a field was made optional", () => {
    const ruled = withRules(atomicMap(z.object({ a: text.default("v").describe("d") }).describe("d")), [
      { rule: "true", message: "always" },
    ]);
    for (const schema of [ruled, ruled.optional(), ruled.prefault({})]) {
      const built = schemaOf(schema);
      expect(built?.["x-kubernetes-validations"]).to.have.length(1);
      expect(built?.["x-kubernetes-map-type"]).to.equal("atomic");
      expect(built?.properties?.a?.default).to.equal("v");
    }
    expect(schemaOf(ruled.prefault({}))?.default).to.deep.equal({});
  });

  it("a duration that is never shorter than told", () => {
    const built = schemaOf(duration("How long.", "3m", "1s"));
    expect(built).to.deep.include({ type: "string", default: "3m", maxLength: 32 });
    expect(built?.["x-kubernetes-validations"]?.[0]?.rule).to.equal("duration(self) >= duration('1s')");
  });
});
