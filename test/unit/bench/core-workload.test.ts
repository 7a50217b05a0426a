import { expect } from "chai";
import { load } from "js-yaml";
import {
  appDocument,
  bareApps,
  composeOf,
  coreAppName,
  coreRepositoryFiles,
} from "../../../bench/core/core-workload.js";
import { CoreAppCreate } from "../../../src/api/core/app.js";
import { AppDocument } from "../../../src/api/documents/app.js";
import { OwnershipRecord } from "../../../src/destinations/overseer/ownership-record.js";

describe("The workload of the bench for a Core", () => {
  it("has one document per app, of about a kilobyte, that all differ", () => {
    const files = Object.entries(coreRepositoryFiles(5));
    expect(files.map(([path]) => path)).to.include("apps/bench-0004.yaml");
    expect(new Set(files.map(([, text]) => text)).size).to.equal(5);
    for (const [, text] of files) expect(text.length).to.be.within(500, 1500);
  });

  it("has documents that the product takes", () => {
    const document = AppDocument.parse(load(appDocument(3)));
    expect(document.metadata.name).to.equal(coreAppName(3));
    expect(document.spec.targetNode).to.equal("node-1");
  });

  it("is the same for the bare client: names, Compose documents, and room for a mark", () => {
    const [bare] = bareApps(1, "node-id");
    const app = CoreAppCreate.parse(bare);
    const { metadata, spec } = AppDocument.parse(load(appDocument(0)));
    expect(app.name).to.equal(metadata.name);
    expect(app.description).to.equal(spec.description);
    expect(JSON.parse(app.compose)).to.deep.equal(spec.compose);
    expect(
      OwnershipRecord.safeParse(app.metadata["bench-client"]).success,
      "as large as the mark of the operator",
    ).to.equal(true);
  });

  it("changes with its edition, in the app's own service alone", () => {
    const [before, after] = [0, 1].map((edition) => JSON.parse(composeOf({ name: "a", edition })));
    expect(after.services.db).to.deep.equal(before.services.db);
    expect(after.services.web.image).to.not.equal(before.services.web.image);
  });
});
