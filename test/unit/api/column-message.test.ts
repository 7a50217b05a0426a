import { expect } from "chai";
import { columnMessage } from "../../../src/api/column-message.js";

const REVISION = `main@sha1:${"0123456789".repeat(4)}`;
const NEWER = `main@sha1:${"abcdef0123".repeat(4)}`;
const condition = (type: string, message: string, status: "True" | "False" = "True") => ({
  ...{ type, status, message, reason: "R", lastTransitionTime: "2026-01-01T00:00:00Z" },
});

describe("columnMessage", () => {
  it("does not repeat the revision that has a column of its own", () => {
    const well = [condition("Ready", `${REVISION} is applied and healthy`)];
    expect(columnMessage(well, REVISION)).to.equal("applied and healthy");
    expect(columnMessage([condition("Ready", `${REVISION} is fetched and verified`)], REVISION)).to.equal(
      "fetched and verified",
    );
  });

  it("names another revision by 7 digits", () => {
    const broken = [condition("Ready", `${NEWER}: a.yaml:3: no kind`, "False")];
    expect(columnMessage(broken, REVISION)).to.equal("main@sha1:abcdef0: a.yaml:3: no kind");
  });

  it("says what an app waits for, though it is Ready", () => {
    const waits = [
      condition("Ready", `${REVISION} is applied and healthy`),
      condition("Waiting", "Change web-2 waits: deletions: 11 objects would be deleted"),
    ];
    expect(columnMessage(waits, REVISION)).to.equal("Change web-2 waits: deletions: 11 objects would be deleted");
  });

  it("stays short, and is empty where nothing is known", () => {
    expect(columnMessage([condition("Ready", "x".repeat(1000))], undefined)).to.have.length(256);
    expect(columnMessage(undefined, undefined)).to.equal("");
  });
});
