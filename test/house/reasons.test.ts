import { expect } from "chai";
import { CHANGE_PHASES } from "../../src/api/change.js";
import { REASONS } from "../../tools/generate/reasons.js";
import { codeFiles } from "./sources.js";

/** Rooms whose errors end up in the condition of a resource; the others' end the process. */
const ROOMS = /^src\/(git|render|secrets|manifest|plan|gates|kube|destinations|controllers)\//;
const PROCESS_ONLY = /^src\/kube\/client\/auth/;

/** Where a reason stands in the code: after its name, in a table of errors, or as an argument of what makes conditions and Events. */
const PLACES = [
  /\b(?:wait|fail)Reason: "([A-Z]\w+)"/g,
  /\breason(?:: string)?\s*[:=]\s*(?:[^,;"\n]*\?\s*)?"([A-Z]\w+)"/g,
  /\["([A-Z]\w+)", "(?:terminal|retryable)"\]/g,
  /\bdraft\(\s*"\w+",\s*[^,"]*(?:"\w+"\s*:?\s*)*,\s*"([A-Z]\w+)"/g,
  /\bsourceProblem\(\s*"([A-Z]\w+)"/g,
  /\bemitEvent\(\s*"\w+",\s*"([A-Z]\w+)"/g,
  /\bemitEventOnce\(\s*[^,]+,\s*"\w+",\s*"([A-Z]\w+)"/g,
  /\bfailed\(\s*run,\s*desired,\s*"([A-Z]\w+)"/g,
];

/** Reasons that other things than conditions have: an object kept by the prune guard, a condition of somebody else's. */
function isOurs(path: string): boolean {
  // It speaks in the API server's own words, which no condition of ours repeats as a reason.
  if (path === "src/kube/resource.ts") return false;
  return ROOMS.test(path) && !PROCESS_ONLY.test(path) && !path.startsWith("src/destinations/kubernetes/health/");
}

describe("reasons", () => {
  const documented = new Set(REASONS.map(({ reason }) => reason));
  const known = new Set([...documented, ...CHANGE_PHASES]);
  const code = codeFiles(["src"]);

  it("that the code gives are documented", () => {
    const used = code
      .filter(({ path }) => isOurs(path))
      .flatMap(({ path, text }) =>
        PLACES.flatMap((place) => [...text.matchAll(place)].map(([, reason = ""]) => ({ path, reason }))),
      );
    expect(used.length).to.be.greaterThan(40);
    expect(
      used.filter(({ reason }) => !known.has(reason)).map(({ path, reason }) => `${path}: ${reason}`),
    ).to.deep.equal([]);
  });

  it("that are documented are given by the code", () => {
    const texts = code.map(({ text }) => text);
    expect([...documented].filter((reason) => !texts.some((text) => text.includes(`"${reason}"`)))).to.deep.equal([]);
  });

  it("are written once, as one CamelCase word, and explained in a sentence", () => {
    expect(documented.size).to.equal(REASONS.length);
    for (const { reason, meaning } of REASONS) {
      expect(reason).to.match(/^[A-Z][A-Za-z]+$/);
      expect(meaning, reason).to.match(/\.$/);
    }
    for (const phase of CHANGE_PHASES) expect(phase).to.match(/^[A-Z][A-Za-z]+$/);
  });
});
