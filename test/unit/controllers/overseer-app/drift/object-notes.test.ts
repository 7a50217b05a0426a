import { expect } from "chai";
import { emitObjectNotes } from "../../../../../src/controllers/overseer-app/drift/object-notes.js";
import { testRun } from "../../support/run.js";

const definition = (name: string) => ({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  namespace: "",
  name,
});
const refusal = (name: string, why = "denied by safe-upgrades") => ({
  id: definition(name),
  text: `CustomResourceDefinition ${name} matches Git, but: customresourcedefinitions "${name}" is forbidden: ${why}`,
});

describe("emitObjectNotes", () => {
  it("emits one Event for the same note about ten objects", () => {
    const { run, told } = testRun();
    emitObjectNotes(
      run,
      [..."jbcdefghia"].map((letter) => refusal(`${letter}.example.com`)),
    );
    expect(told).to.deep.equal([
      `Warning ApplyWarning: ${refusal("a.example.com").text} (the same applies to CustomResourceDefinition b.example.com, CustomResourceDefinition c.example.com, CustomResourceDefinition d.example.com and 6 more)`,
    ]);
  });

  it("emits nothing for the same note in a later batch, but emits other notes", () => {
    const { run, told } = testRun();
    emitObjectNotes(run, [refusal("a.example.com")]);
    emitObjectNotes(run, [refusal("a.example.com"), refusal("b.example.com")]);
    expect(told).to.deep.equal([`Warning ApplyWarning: ${refusal("a.example.com").text}`]);
    emitObjectNotes(run, [refusal("b.example.com", "quota")]);
    expect(told).to.have.length(2);
  });

  it("distinguishes two reasons", () => {
    const { run, told } = testRun();
    emitObjectNotes(run, [refusal("a.example.com"), refusal("b.example.com", "quota")]);
    expect(told).to.have.length(2);
  });
});
