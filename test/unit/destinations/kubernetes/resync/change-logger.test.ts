import { expect } from "chai";
import type { LogFields, Logger } from "../../../../../src/base/logger.js";
import { silentLogger } from "../../../../../src/base/logger.js";
import { ChangeLogger } from "../../../../../src/destinations/kubernetes/resync/change-logger.js";
import { FakeClock } from "../../../support/fake-clock.js";

describe("ChangeLogger", () => {
  function news() {
    const clock = new FakeClock();
    const lines: LogFields[] = [];
    const logger: Logger = { ...silentLogger, info: (_, fields = {}) => void lines.push(fields) };
    return { clock, lines, told: new ChangeLogger(clock, logger) };
  }

  it("logs one line per burst, with sorted unique names", () => {
    const { clock, lines, told } = news();
    told.add("ValidatingAdmissionPolicy b");
    told.add("CustomResourceDefinition widgets.example.com");
    told.add("ValidatingAdmissionPolicy b");
    expect(lines).to.deep.equal([]);
    clock.advance(5_000);
    expect(lines).to.deep.equal([
      { changed: ["CustomResourceDefinition widgets.example.com", "ValidatingAdmissionPolicy b"] },
    ]);
    clock.advance(60_000);
    expect(lines).to.have.length(1);
    told.add("ValidatingAdmissionPolicy b");
    clock.advance(5_000);
    expect(lines).to.have.length(2);
  });

  it("truncates a long list and logs the number of omitted names", () => {
    const { clock, lines, told } = news();
    for (let i = 0; i < 64; i++) told.add(`CustomResourceDefinition k${i}.example.com`);
    clock.advance(5_000);
    expect(lines[0]?.changed).to.have.length(20);
    expect(lines[0]?.more).to.equal(44);
  });
});
