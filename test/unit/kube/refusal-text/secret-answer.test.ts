import { expect } from "chai";
import { fieldFaults } from "../../../../src/kube/refusal-text/field-faults.js";
import { isAboutSecrets, withoutSecretValues } from "../../../../src/kube/refusal-text/secret-answer.js";

const CANARY = "hunter2topsecret";
const PATH = "/api/v1/namespaces/shop/secrets/s1";
const body = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s1" },
  data: { password: CANARY, [`p: ${CANARY}`]: "" },
};
const request = { method: "PATCH", path: PATH, body };

type Causes = readonly { reason: string; message: string; field: string }[];

function guarded(code: number, reason: string, message: string, causes?: Causes): { message: string; causes: unknown } {
  const status = withoutSecretValues({ reason, message, ...(causes ? { details: { causes } } : {}) }, code, request);
  expect(JSON.stringify(status)).to.not.contain(CANARY).and.not.contain(CANARY.slice(3));
  return { message: status.message ?? "", causes: status.details?.causes };
}

/** What an API server, webhooks and policies say of a Secret, and what is left of it. */
const SAID: readonly [what: string, code: number, reason: string, message: string, left: string][] = [
  [
    "a type error",
    500,
    "",
    `failed to create typed patch object (shop/s1; /v1, Kind=Secret): .data.password: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"inner":"${CANARY}"}}`,
    "failed to create typed patch object: errors:\n  .data.password: expected string",
  ],
  [
    "several type errors",
    500,
    "",
    `failed to create typed patch object (shop/s1; /v1, Kind=Secret): errors:\n  .data.password: expected string, got &value.valueUnstructured{Value:1}\n  .${CANARY}: field not declared in schema\n  .data: expected map, got &{[${CANARY}]}`,
    "failed to create typed patch object: errors:\n  .data.password: expected string\n  .(a field that is not shown): field not declared in schema\n  .data: expected map",
  ],
  [
    "a webhook",
    400,
    "BadRequest",
    `admission webhook "check.example.org" denied the request: data was ${CANARY}`,
    'admission webhook "check.example.org" denied the request; the message is not shown because it may quote a value of the Secret',
  ],
  [
    "a policy",
    422,
    "Invalid",
    `secrets "s1" is forbidden: ValidatingAdmissionPolicy 'no-plain' with binding 'all' denied request: found ${CANARY}`,
    "secrets \"s1\" is forbidden: ValidatingAdmissionPolicy 'no-plain' with binding 'all' denied request; the message is not shown because it may quote a value of the Secret",
  ],
  [
    "a webhook that answers nonsense",
    500,
    "InternalError",
    `Internal error occurred: failed calling webhook "check.example.org": expected response.uid=${CANARY}`,
    'Internal error occurred: failed calling webhook "check.example.org"; the message is not shown because it may quote a value of the Secret',
  ],
  [
    "a webhook that is down",
    500,
    "InternalError",
    'Internal error occurred: failed calling webhook "check.example.org": failed to call webhook: Post "https://x/": dial tcp 10.0.0.1:443: connect: connection refused',
    'Internal error occurred: failed calling webhook "check.example.org": connection refused',
  ],
  [
    "a missing right",
    403,
    "Forbidden",
    'secrets "s1" is forbidden: User "system:serviceaccount:a:b" cannot patch resource "secrets" in API group "" in the namespace "shop"',
    'secrets "s1" is forbidden: User "system:serviceaccount:a:b" cannot patch resource "secrets" in API group "" in the namespace "shop"',
  ],
  [
    "a quota",
    403,
    "Forbidden",
    'secrets "s" is forbidden: exceeded quota: q, requested: count/secrets=1, used: count/secrets=1, limited: count/secrets=1',
    'secrets "s" is forbidden: exceeded quota: q, requested: count/secrets=1, used: count/secrets=1, limited: count/secrets=1',
  ],
  [
    "a gateway that sends the request back",
    502,
    "",
    `the API server returned 502 for PATCH ${PATH}: ${CANARY}`,
    `the API server returned 502 for PATCH ${PATH}; the message is not shown because it may quote a value of the Secret`,
  ],
  [
    "a text that nobody knows",
    500,
    "InternalError",
    `cannot encrypt ${CANARY}`,
    `the API server returned 500 for PATCH ${PATH}; the message is not shown because it may quote a value of the Secret`,
  ],
];

describe("responses of an API server about a Secret", () => {
  for (const [what, code, reason, message, left] of SAID) {
    it(`passes without values: ${what}`, () => {
      expect(guarded(code, reason, message).message).to.equal(left);
    });
  }

  it("names known fields and the kind of each fault", () => {
    const { message, causes } = guarded(422, "Invalid", `Secret "s1" is invalid: ${CANARY}`, [
      { reason: "FieldValueRequired", message: "Required value", field: "data[tls.crt]" },
      { reason: "FieldValueInvalid", message: `Invalid value: "${CANARY}": bad`, field: "data[password]" },
      {
        reason: "FieldValueInvalid",
        message: `Invalid value: "p: ${CANARY}": a valid config key`,
        field: `data[p: ${CANARY}]`,
      },
      {
        reason: "FieldValueForbidden",
        message: "Forbidden: field is immutable when `immutable` is set",
        field: "data",
      },
      { reason: "FieldValueTooLong", message: "Too long: may not be more than 1048576 bytes", field: "data" },
      {
        reason: "FieldValueRequired",
        message: "Required value",
        field: "metadata.annotations[kubernetes.io/service-account.name]",
      },
      { reason: CANARY.repeat(9), message: CANARY, field: CANARY },
    ]);
    expect(message).to.contain("data[tls.crt]: Required value");
    const status = { reason: "Invalid", message, details: { causes: causes as Causes } };
    const faults = fieldFaults(status, body)?.map(({ field, message: said }) => `${field}: ${said}`);
    expect(faults).to.deep.equal([
      ": is rejected",
      "data.password: is not valid",
      "data: field is immutable",
      "data: is not valid",
      "data: is too long: may not be more than 1048576 bytes",
      "data[tls.crt]: is missing",
      "metadata.annotations[kubernetes.io/service-account.name]: is missing",
    ]);
  });

  it("names the field managers in a conflict", () => {
    const { message } = guarded(
      409,
      "Conflict",
      `Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.password`,
      [{ reason: "FieldManagerConflict", message: 'conflict with "kubectl" using v1', field: ".data.password" }],
    );
    expect(message).to.equal('Apply failed with 1 conflict: conflict with "kubectl" using v1 at .data.password');
  });

  it("are masked for other kinds that hold values of Secrets, except for what is safe", () => {
    const path = "/apis/apps/v1/namespaces/shop/deployments/web";
    const said = (message: string, causes: Causes = []): string => {
      const status = withoutSecretValues({ message, details: { causes } }, 422, {
        ...request,
        path,
        confidential: true,
      });
      expect(JSON.stringify(status)).to.not.contain(CANARY);
      return status.message ?? "";
    };
    const field = "spec.template.spec.containers[0].env[1].value";
    expect(
      said(`Deployment.apps "web" is invalid`, [
        { reason: "FieldValueInvalid", message: `Invalid value: "${CANARY}"`, field },
      ]),
    ).to.equal(`the object is invalid: ${field}: Invalid value: is not valid`);
    expect(
      said(
        `failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): errors:\n  .spec.replicas: expected numeric (int or float), got &value.valueUnstructured{Value:"${CANARY}"}\n  .spec.${CANARY}: field not declared in schema`,
      ),
    ).to.equal(
      "failed to create typed patch object: errors:\n  .spec.replicas: expected numeric\n  .(a field that is not shown): field not declared in schema",
    );
    const forbidden =
      'deployments.apps "web" is forbidden: User "system:serviceaccount:shop:deployer" cannot patch resource "deployments" in API group "apps" in the namespace "shop"';
    expect(said(forbidden)).to.equal(forbidden);
    expect(said('namespaces "shop" not found')).to.equal('namespaces "shop" not found');
    expect(said(`webhook says ${CANARY}`)).to.include("the message is not shown");
    expect(isAboutSecrets({ path, confidential: true })).to.equal(true);
  });

  it("are recognized by the path", () => {
    for (const path of [PATH, "/api/v1/secrets", "/api/v1/namespaces/a/secrets?limit=1"])
      expect(isAboutSecrets({ path }), path).to.equal(true);
    for (const path of [
      "/api/v1/namespaces/secrets",
      "/api/v1/namespaces/a/configmaps/secrets",
      "/apis/x/v1/namespaces/a/secrets/b",
    ])
      expect(isAboutSecrets({ path }), path).to.equal(false);
  });
});
