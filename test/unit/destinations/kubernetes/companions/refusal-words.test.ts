import { expect } from "chai";
import fc from "fast-check";
import { RefusalWords } from "../../../../../src/destinations/kubernetes/companions/refusal-words.js";

/** The rule as one expression: slow, but plain. */
function hasWord(text: string, word: string): boolean {
  const escaped = word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9.-])${escaped}(?![A-Za-z0-9-]|\\.[A-Za-z0-9])`, "i").test(
    text.replaceAll("service account", "serviceaccount"),
  );
}

describe("RefusalWords", () => {
  for (const [text, word, found] of [
    ['priorityclass "high" not found', "high", true],
    ['priorityclass "highest" not found', "high", false],
    ["no PriorityClass with name a.b.c was found", "a.b", false],
    ["there is no limits.", "limits", true],
    ["error looking up service account shop/own", "ServiceAccount", true],
    ['role "system:auth-reader" not found', "system:auth-reader", true],
    ['role "system:auth-reader" not found', "system:auth", false],
  ] as const)
    it(`${found ? "finds" : "does not find"} ${word} in: ${text}`, () =>
      expect(new RefusalWords(text).has(word)).to.equal(found));

  it("finds what the plain expression finds", () => {
    const piece = fc.constantFrom("a", "B", "web", "0", ".", "-", " ", '"', ":", "/", "_", "service account");
    const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(""));
    const word = fc
      .array(fc.constantFrom("a", "b", "web", "0", ".", "-", ":"), { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.join(""))
      .filter((name) => /^[a-z0-9].*[a-z0-9]$|^[a-z0-9]$/.test(name));
    fc.assert(
      fc.property(text, word, (said, name) => new RefusalWords(said).has(name) === hasWord(said, name)),
      {
        numRuns: 3_000,
      },
    );
  });

  it("compares 400 refused writes with 400 others in well under a second", () => {
    const text = `admission denied: ${"web-1.example is not found, ".repeat(700)}`;
    const names = Array.from({ length: 400 }, (_, n) => `name-${n}`);
    const began = performance.now();
    for (const refused of names) {
      const words = new RefusalWords(`${refused}: ${text}`);
      for (const name of names) if (words.has(name) !== (name === refused)) throw new Error(`${name} in ${refused}`);
    }
    // One pass over the text for each pair takes more than ten times as long.
    expect(performance.now() - began).to.be.lessThan(2_000);
  });
});
