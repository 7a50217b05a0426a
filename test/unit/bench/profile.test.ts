import { expect } from "chai";
import { type CpuProfile, summarise } from "../../../bench/profile.js";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 0, columnNumber: 0 });

/** root → main → (parse → parse), root → idle. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("main", "src/main.ts"), children: [3] },
    { id: 3, callFrame: frame("parse", "src/manifest/yaml/parse.ts"), children: [4] },
    { id: 4, callFrame: frame("parse", "src/manifest/yaml/parse.ts") },
    { id: 5, callFrame: frame("(idle)") },
  ],
  samples: [2, 3, 4, 5, 2, 5],
  timeDeltas: [100, 1000, 2000, 4000, 500_000, 8000],
};

describe("A CPU profile", () => {
  const summary = summarise(PROFILE, ({ functionName, url }) => ({
    name: functionName,
    where: url,
    part: url || functionName,
  }));
  const find = (what: string) => summary.functions.find((share) => share.what === what);

  it("is added up by the function that runs, with the time up to the next sample", () => {
    expect(find("main src/main.ts")?.selfMs).to.equal(1 + 8);
    expect(find("parse src/manifest/yaml/parse.ts")?.selfMs).to.equal(2 + 4);
  });

  it("counts a function that calls itself once in the total", () => {
    expect(find("parse src/manifest/yaml/parse.ts")?.totalMs).to.equal(6);
    expect(find("main src/main.ts")?.totalMs).to.equal(15);
  });

  it("leaves out the time without work", () => {
    expect(summary.busyMs).to.equal(15);
    expect(find("(idle) ")).to.equal(undefined);
  });

  it("names the busiest first, functions and parts", () => {
    expect(summary.functions[0]?.what).to.equal("main src/main.ts");
    expect(summary.parts.map(({ what, selfMs }) => [what, selfMs])).to.deep.equal([
      ["src/main.ts", 9],
      ["src/manifest/yaml/parse.ts", 6],
      ["(root)", 0],
    ]);
  });
});
