import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { apiOutputs, OPENAPI_FOLDER } from "../../../tools/generate/apis.js";

describe("the OpenAPI documents", () => {
  const documents = apiOutputs().filter(({ path }) => path.startsWith(OPENAPI_FOLDER));

  it("are those of the operator and of the Core", () => {
    const names = documents.map(({ path }) => path.slice(OPENAPI_FOLDER.length + 1));
    expect(names).to.deep.equal(["overseer-core.json", "overseer-gitops-rest.json", "overseer-gitops.json"]);
  });

  for (const { path, text } of documents) {
    it(`${path} is valid OpenAPI 3.1`, async () => {
      const validator = new Validator();
      const { valid, errors } = await validator.validate(JSON.parse(text));
      expect(errors).to.equal(undefined);
      expect([valid, validator.version]).to.deep.equal([true, "3.1"]);
    });
  }

  it("are rejected if they are invalid, so that the test above can fail", async () => {
    const [first] = documents;
    const document = JSON.parse(first?.text ?? "");
    delete document.paths["/health"].get.responses;
    document.paths["/health"].get.parameters = [{ name: "x", in: "nowhere" }];
    expect((await new Validator().validate(document)).valid).to.equal(false);
  });
});
