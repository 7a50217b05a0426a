import { expect } from "chai";
import {
  isDocumentRefusal,
  isExpired,
  isStatus,
  KubeConnectionError,
  type KubeStatus,
  KubeStatusError,
  readStatus,
} from "../../../src/kube/errors.js";

const refused = (code: number, status: KubeStatus = {}): KubeStatusError => new KubeStatusError(code, status, "GET /x");

describe("kube/errors", () => {
  it("carry code, reason, message and the time to wait", () => {
    expect(refused(409, { reason: "Conflict", message: "no", details: { retryAfterSeconds: 2 } })).to.include({
      name: "KubeStatusError",
      code: "KUBE_409",
      reason: "Conflict",
      message: "no",
      class: "retryable",
      retryAfterMs: 2000,
    });
    const bare = refused(500, { reason: "" });
    expect(bare).to.include({ reason: "ApiServerError", retryAfterMs: undefined });
    expect(bare.message).to.equal("the API server returned 500 for GET /x");
  });

  const SCHEMA_500 = [
    "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema",
    'failed to create manager for existing fields: duplicate entries for key [name="a"]',
    "error decoding YAML: x",
  ];
  for (const [error, refusal] of [
    ...[400, 403, 404, 405, 409, 413, 415, 422].map((code) => [refused(code), true] as const),
    ...[401, 408, 410, 429, 500, 502, 503, 504].map((code) => [refused(code, { message: "x" }), false] as const),
    ...SCHEMA_500.map((message) => [refused(500, { message }), true] as const),
    ...SCHEMA_500.map((message) => [refused(503, { message }), false] as const),
    [new KubeConnectionError("failed to create typed patch object", undefined), false],
    [new Error("error decoding"), false],
    [undefined, false],
  ] as const) {
    const what = error instanceof KubeStatusError ? error.statusCode : String(error);
    it(`${what} is ${refusal ? "the document's fault" : "no fault of the document"}: ${String(error).slice(0, 60)}`, () => {
      expect(isDocumentRefusal(error)).to.equal(refusal);
    });
  }

  for (const [error, gone] of [
    [refused(410), true],
    [refused(410, { reason: "Gone" }), true],
    [refused(500, { reason: "Expired" }), true],
    [refused(504, { details: { causes: [{ reason: "ResourceVersionTooLarge" }] } }), true],
    [refused(504, { reason: "Timeout", details: { causes: [] } }), false],
    [refused(404), false],
    [new Error("410"), false],
  ] as const) {
    it(`${error.message} (${"status" in error ? error.status.reason : "no status"}) is ${gone ? "" : "not "}a reason to list again`, () => {
      expect(isExpired(error)).to.equal(gone);
    });
  }

  it("are distinguished by HTTP status", () => {
    expect(isStatus(refused(404), 404)).to.equal(true);
    expect(isStatus(refused(404), 409)).to.equal(false);
    expect(isStatus(new Error("404"), 404)).to.equal(false);
  });

  it("keep what has the right type of a Status, whatever a server sends", () => {
    const details = { name: "web", kind: 7, retryAfterSeconds: "soon", causes: [null, { field: "a", message: {} }] };
    expect(readStatus({ code: 422, reason: ["x"], message: "no", details })).to.deep.equal({
      code: 422,
      message: "no",
      details: { name: "web", causes: [{}, { field: "a" }] },
    });
    expect(readStatus({ message: { text: "x" }, details: "x" })).to.deep.equal({ details: {} });
    for (const body of [null, "x", 1, []]) expect(readStatus(body)).to.deep.equal({});
  });
});
