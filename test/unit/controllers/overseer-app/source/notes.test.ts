import { expect } from "chai";
import { OverseerAppStatus } from "../../../../../src/api/overseer-app.js";
import type { Rendered } from "../../../../../src/controllers/overseer-app/rendered.js";
import { emitSourceNotes, notesOfRun, statusNotes } from "../../../../../src/controllers/overseer-app/source/notes.js";
import type { Note } from "../../../../../src/render/request.js";
import { app, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const note = (line: number, message = "is left out"): Note => ({
  origin: { file: "compose.yaml", line },
  object: "App shop",
  message,
});
const rendered = (notes: readonly Note[], notesOmitted = 0): Rendered => ({
  inputs: inputs("new"),
  documents: [],
  kinds: [],
  notes,
  notesOmitted,
});
const many = (count: number): Note[] => Array.from({ length: count }, (_, index) => note(index + 1));

describe("notes of an app", () => {
  it("are in the status with object, file and line", () => {
    expect(statusNotes(rendered([note(9)]))).to.deep.equal({
      notes: [{ object: "App shop", origin: "compose.yaml:9", message: "is left out" }],
    });
    expect(statusNotes(rendered([]))).to.deep.equal({});
  });

  it("are at most 20; the others are counted, including those that the render dropped", () => {
    const { notes, notesOmitted } = statusNotes(rendered(many(100), 30));
    expect(notes).to.have.length(20);
    expect(notesOmitted).to.equal(110);
  });

  it("fit into the status, however long they are", () => {
    const long = { object: "o".repeat(9000), origin: { file: "f".repeat(9000), line: 1 }, message: "m".repeat(9000) };
    const status = OverseerAppStatus.safeParse(statusNotes(rendered([long, { message: "alone" }])));
    expect(status.success, JSON.stringify(status.error)).to.equal(true);
  });

  it("cause one Event when they change, and none while they stay the same", () => {
    const { run, told } = testRun(app("shop/web"));
    run.desired = rendered([note(9), note(10)]);
    emitSourceNotes(run);
    const { revision } = run.desired.inputs;
    const first = `Warning SourceNotes: 2 notes on ${revision}: compose.yaml:9: App shop: is left out; compose.yaml:10: App shop: is left out`;
    expect(told).to.deep.equal([first]);
    run.status = { ...run.status, ...notesOfRun(run) };
    emitSourceNotes(run);
    expect(told).to.have.length(1);
    run.desired = rendered([]);
    emitSourceNotes(run);
    expect(told, "that they are gone needs no Event").to.have.length(1);
    run.status = { ...run.status, notes: undefined };
    run.desired = rendered([note(9), note(10)]);
    emitSourceNotes(run);
    expect(told).to.deep.equal([first, first]);
  });

  it("are summarized in an Event: the first ones and the number of the others", () => {
    const { run, told } = testRun(app("shop/web"));
    run.desired = rendered(
      many(100).map((one) => ({ ...one, message: "x".repeat(5000) })),
      5,
    );
    emitSourceNotes(run);
    expect(told[0]).to.match(/^Warning SourceNotes: 105 notes on /);
    expect(told[0]).to.match(/; and 102 more in status\.notes$/);
    expect(told[0]?.length).to.be.lessThan(1024);
  });

  it("are those of the applied revision while a newer one cannot be rendered", () => {
    const { run } = testRun(app("shop/web"));
    run.applied = rendered([note(3)]);
    expect(notesOfRun(run).notes?.[0]?.origin).to.equal("compose.yaml:3");
    run.applied = undefined;
    run.status = { notes: [{ message: "known" }], notesOmitted: 7 };
    expect(notesOfRun(run)).to.deep.equal({ notes: [{ message: "known" }], notesOmitted: 7 });
  });
});
