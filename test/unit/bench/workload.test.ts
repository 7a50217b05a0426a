import { expect } from "chai";
import { load } from "js-yaml";
import { parseOptions } from "../../../bench/options.js";
import { bareObjects, manifest, objectName, repositoryFiles } from "../../../bench/workload.js";

describe("The workload of the bench", () => {
  it("has one folder per app, and files of about 500 bytes that all differ", () => {
    const files = Object.entries(repositoryFiles(3, 4)).filter(([path]) => path.startsWith("apps/"));
    expect(files).to.have.length(12);
    expect(new Set(files.map(([, text]) => text)).size).to.equal(12);
    for (const [, text] of files) expect(text.length).to.be.within(400, 600);
  });

  it("is the same for the bare client: equal names and data", () => {
    const [first] = bareObjects("ns", 1, 1);
    const document = load(manifest(objectName(0, 0))) as { metadata: { name: string }; data: object };
    expect(first?.data).to.deep.equal(document.data);
    expect(first?.metadata.name).to.equal(document.metadata.name);
  });

  it("takes its size from the command line", () => {
    expect(parseOptions([])?.scale).to.include({ apps: 100, objectsPerApp: 20, rounds: 2, watched: 0 });
    expect(parseOptions(["--quick", "--rounds", "3"])?.scale).to.include({ apps: 10, objectsPerApp: 5, rounds: 3 });
    expect(parseOptions(["--full", "--json", "a.json"])).to.deep.include({ json: "a.json" });
    expect(parseOptions(["--full"])?.scale.watched).to.equal(5000);
    expect(parseOptions([])?.scale).to.include({ coreApps: 1000, coreCommits: 10, coreDrifts: 20 });
    expect(parseOptions(["--quick"])?.scale).to.include({ coreApps: 50 });
    expect(parseOptions([])?.parts).to.deep.equal(["kubernetes", "core"]);
    expect(parseOptions(["--part", "core"])?.parts).to.deep.equal(["core"]);
    expect(() => parseOptions(["--part", "moon"])).to.throw(TypeError);
    expect(parseOptions(["--help"])).to.equal(undefined);
    expect(() => parseOptions(["--rounds", "0"])).to.throw(TypeError);
    expect(() => parseOptions(["--nope"])).to.throw(TypeError);
  });
});
