import { expect } from "chai";
import { CHANGE_PHASES } from "../../src/api/change.js";
import type { ReasonText } from "../../src/api/reasons/reason-text.js";
import { REASONS } from "../../src/api/reasons.js";
import { codeFiles } from "./sources.js";

describe("reasons", () => {
  const texts: Readonly<Record<string, ReasonText>> = REASONS;

  it("in the table are all given by the code", () => {
    const code = codeFiles(["src"])
      .filter(({ path }) => !path.startsWith("src/api/reasons"))
      .map(({ text }) => text);
    const unused = Object.keys(texts).filter((reason) => !code.some((text) => text.includes(`"${reason}"`)));
    expect(unused).to.deep.equal([]);
  });

  it("are one CamelCase word, explained in sentences", () => {
    for (const [reason, { meaning, remedy }] of Object.entries(texts)) {
      expect(reason).to.match(/^[A-Z][A-Za-z]+$/);
      expect(meaning, reason).to.match(/\.$/);
      expect(remedy ?? ".", reason).to.match(/\.$/);
    }
    for (const phase of CHANGE_PHASES) expect(phase).to.match(/^[A-Z][A-Za-z]+$/);
  });
});
