import { expect } from "chai";
import { runRandomFaults } from "../../reliability/faults/random-faults.js";
import { CANARY, type HostileReader } from "../../reliability/hostile/reader.js";
import { gitReaders } from "../../reliability/hostile/readers/git.js";
import { liveReaders } from "../../reliability/hostile/readers/live.js";
import { inputOf, runInputs } from "../../reliability/hostile/run-inputs.js";

/** `make reliability` in small: the whole runs outside of the tests. */
describe("the reliability programme", function () {
  this.timeout(120_000);

  it("finds no fault in a few inputs of readers of Git and of live objects", async () => {
    for (const reader of [...gitReaders().readers, ...liveReaders().readers])
      expect((await runInputs(reader, 7, 25)).faults, reader.name).to.deep.equal([]);
  });

  it("ends as in Git after random faults, and writes nothing after a restart", async () => {
    const { problems, fired } = await runRandomFaults(60, 7);
    expect(problems).to.deep.equal([]);
    expect(fired.size).to.be.greaterThan(5);
  });

  it("reports errors of the language and secret values, and repeats an input by its number", async () => {
    const reader = (read: HostileReader["read"]): HostileReader => ({
      name: "x",
      samples: ["a: b"],
      secret: true,
      read,
    });
    const broken = await runInputs(
      reader(() => (undefined as unknown as { a: string }).a),
      1,
      3,
    );
    expect(broken.faults).to.have.length(1);
    expect(broken.faults[0]).to.match(/^x 0: is no error of the product: TypeError/);
    class ProductError extends Error {}
    const shown = await runInputs(
      reader(() => {
        throw new ProductError(`not ${CANARY}`);
      }),
      1,
      3,
    );
    expect(shown.faults[0]).to.match(/^x 0: an error shows a secret value/);
    const input = (number: number) =>
      inputOf(
        reader(() => {}),
        1,
        number,
      ).input;
    expect(input(5)).to.equal(input(5));
  });
});
