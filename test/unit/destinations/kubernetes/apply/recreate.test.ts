import { expect } from "chai";
import { isImmutable } from "../../../../../src/destinations/kubernetes/apply/recreate.js";
import { KubeStatusError } from "../../../../../src/kube/errors.js";
import { recreatePermission } from "../../../../../src/manifest/recreate.js";
import { document } from "../../../plan/support/objects.js";

const JOB = document("batch/v1 Job shop/j");
const IMMUTABLE = {
  reason: "FieldValueInvalid",
  field: "spec.template",
  message: "Invalid value: {}: field is immutable",
};
const INVALID = {
  reason: "FieldValueInvalid",
  field: "spec.completions",
  message: "Invalid value: -1: must be greater than or equal to 0",
};

function refusal(code: number, ...causes: readonly (typeof IMMUTABLE)[]): KubeStatusError {
  const status = { code, reason: "Invalid", message: "invalid", details: { causes } };
  return new KubeStatusError(code, status, "PATCH /x");
}

describe("a refusal by immutable fields", () => {
  for (const [what, error, expected] of [
    ["an immutable field alone", refusal(422, IMMUTABLE), true],
    ["an immutable and an invalid field", refusal(422, IMMUTABLE, INVALID), false],
    ["an invalid field", refusal(422, INVALID), false],
    ["no field", refusal(422), false],
    ["a conflict", refusal(409, IMMUTABLE), false],
    ["a denial", refusal(403, IMMUTABLE), false],
    ["another error", new Error("field is immutable"), false],
  ] as const)
    it(`${expected ? "is" : "is not"} one about ${what}`, () => {
      expect(isImmutable(error, JOB)).to.equal(expected);
    });
});

describe("the permission to re-create an object", () => {
  for (const [annotations, expected] of [
    [undefined, undefined],
    [{ "gitops.overseer.io/recreate": "allowed" }, "gitops.overseer.io/recreate: allowed"],
    [{ "gitops.overseer.io/recreate": "never" }, undefined],
    [{ "kustomize.toolkit.fluxcd.io/force": "Enabled" }, "kustomize.toolkit.fluxcd.io/force: enabled"],
    [{ "kustomize.toolkit.fluxcd.io/force": "disabled" }, undefined],
    [{ "argocd.argoproj.io/sync-options": "Replace=true, Force=true" }, "argocd.argoproj.io/sync-options: Force=true"],
    [{ "argocd.argoproj.io/sync-options": "Replace=true" }, undefined],
  ] as const)
    it(`is ${expected} by ${JSON.stringify(annotations)}`, () => {
      expect(recreatePermission({ annotations })).to.equal(expected);
    });
});
