import { expect } from "chai";
import { Condition } from "../../../src/api/conditions.js";
import { OVERSEER_APP, RESOURCES } from "../../../src/api/resources.js";
import { buildCrd, buildSchema } from "../../../tools/generate/crd.js";
import { type Schema, walk } from "../../../tools/generate/schema.js";

function at(schema: Schema, path: string): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const part of path.split(".")) found = part === "[]" ? found?.items : found?.properties?.[part];
  return found;
}

describe("the definitions of the kinds", () => {
  for (const resource of RESOURCES) {
    describe(resource.kind, () => {
      const schema = buildSchema(resource);

      it("describes every field, in words that end", () => {
        walk(schema, "", (child, path) => {
          if (child.properties === undefined || path === "" || path === ".metadata") return;
          expect(child.description, path).to.match(/[.)]$/);
        });
      });

      it("merges conditions by their type", () => {
        const conditions = at(schema, "status.conditions");
        expect(conditions?.["x-kubernetes-list-type"]).to.equal("map");
        expect(conditions?.["x-kubernetes-list-map-keys"]).to.deep.equal(["type"]);
        expect(conditions?.items?.required).to.include.members(
          Object.keys(Condition.shape).filter((key) => key !== "observedGeneration"),
        );
      });

      it("says that nobody has looked at a fresh object", () => {
        expect(at(schema, "status")?.default).to.deep.equal({ observedGeneration: -1 });
        expect(at(schema, "status.observedGeneration")?.minimum).to.equal(-1);
      });

      it("has the columns Ready, Phase or State, and Age", () => {
        const names = buildCrd(resource).spec.versions[0].additionalPrinterColumns.map(({ name }) => name);
        expect(names).to.include("Age");
        expect(names.some((name) => ["Ready", "Phase", "State"].includes(name))).to.equal(true);
      });

      it("has columns and selectable fields whose paths exist", () => {
        const paths = [...resource.columns.map(({ jsonPath }) => jsonPath), ...resource.selectableFields];
        for (const path of paths.filter((text) => !text.startsWith(".metadata"))) {
          const plain = path.slice(1).replace(/\[\?\([^)]*\)\]/, ".[]");
          expect(at(schema, plain), path).not.to.equal(undefined);
        }
      });

      it("tells programs from people: no rule without a message that says what to do", () => {
        walk(schema, "", (child, path) => {
          for (const { message } of child["x-kubernetes-validations"] ?? [])
            expect(message.length, path).to.be.greaterThan(10);
        });
      });
    });
  }

  it("shows names that clash neither with each other nor with Flux", () => {
    const names = RESOURCES.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).not.to.include("gitrepo");
  });

  it("keeps the defaults of a struct that is left out: an empty default brings the inner ones", () => {
    const schema = buildSchema(OVERSEER_APP);
    walk(schema, "", (child, path) => {
      const inner = Object.values(child.properties ?? {}).some((property) => property.default !== undefined);
      // A struct that cannot be empty has nothing to bring when it is left out.
      const optional =
        !["", ".spec", ".status"].includes(path) && !isRequired(schema, path) && (child.required ?? []).length === 0;
      if (inner && optional && !path.startsWith(".status")) expect(child.default, path).to.deep.equal({});
    });
  });

  it("writes an integer or a string as Kubernetes knows it, with the limits of both", () => {
    expect(at(buildSchema(OVERSEER_APP), "spec.sync.pruneBudget")).to.deep.include({
      "x-kubernetes-int-or-string": true,
      minimum: 0,
      maxLength: 8,
      pattern: "^([0-9]+|[0-9]+%)$",
    });
  });

  it("writes times by their format, without a pattern", () => {
    expect(at(buildSchema(OVERSEER_APP), "status.nextRetryTime")).to.deep.include({
      type: "string",
      format: "date-time",
    });
    expect(at(buildSchema(OVERSEER_APP), "status.nextRetryTime")).not.to.have.property("pattern");
  });
});

function isRequired(schema: Schema, path: string): boolean {
  const parts = path.slice(1).split(".");
  const last = parts.pop() ?? "";
  return at(schema, parts.join("."))?.required?.includes(last) ?? false;
}
