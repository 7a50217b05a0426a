import { expect } from "chai";
import { PushedSecretBody } from "../../../../src/api/rest/secrets.js";
import { systemClock } from "../../../../src/base/clock.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import type { UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { secretRoutes } from "../../../../src/server/rest/routes/secrets.js";
import { rejection } from "../../support/eventually.js";

const VALUE = Buffer.from("canary-of-the-secret").toString("base64");

/** Sets a Secret where `live` is the metadata that exists; returns the response and the requests. */
async function put(live: object | undefined, body: object = { data: { password: VALUE } }, failure?: KubeStatusError) {
  const sent: UserRequest[] = [];
  const request = async (one: UserRequest) => {
    sent.push(one);
    if (one.method === "GET" && live === undefined) throw new KubeStatusError(404, {}, "");
    if (one.method !== "GET" && failure !== undefined) throw failure;
    return { status: 200, warnings: [], body: { metadata: live } };
  };
  const parts = { clock: systemClock, users: { as: () => ({ request }) } } as unknown as RestParts;
  const route = secretRoutes(parts).find(({ method }) => method === "PUT");
  const call = { caller: { name: "eve" }, params: { namespace: "shop", name: "db" }, body, headers: {} };
  const reply = (await route?.handle(call as never)) as { status: number; body: object };
  return { ...reply, sent };
}

describe("Secrets that are set by the REST API", () => {
  it("are created as the user, marked as kept out of Git, and named without their values", async () => {
    const { status, body, sent } = await put(undefined, { data: { password: VALUE }, type: "Opaque" });
    expect(status).to.equal(201);
    expect(body).to.deep.include({ namespace: "shop", name: "db", keys: ["password"], setBy: "eve" });
    expect(JSON.stringify(body)).to.not.contain(VALUE);
    expect(sent.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      "GET /api/v1/namespaces/shop/secrets/db",
      "POST /api/v1/namespaces/shop/secrets",
    ]);
    expect(sent[0]?.accept).to.contain("PartialObjectMetadata");
    const created = sent[1]?.body as { metadata: { labels: object; annotations: object }; data: object };
    expect(created.data).to.deep.equal({ password: VALUE });
    expect(created.metadata.labels).to.deep.equal({ "gitops.overseer.io/pushed-secret": "true" });
    expect(created.metadata.annotations).to.deep.include({ "gitops.overseer.io/secret-set-by": "eve" });
  });

  it("have their type compared by the API server", async () => {
    const { sent } = await put({}, { data: { password: VALUE }, type: "kubernetes.io/tls" });
    expect(sent[1]).to.deep.include({ method: "PATCH" });
    expect(sent[1]?.body).to.deep.include({ type: "kubernetes.io/tls" });
  });

  it("are an empty list if there is none", async () => {
    // As the API server writes an empty list of metadata.
    const request = async () => ({ status: 200, warnings: [], body: { items: null } });
    const parts = { clock: systemClock, users: { as: () => ({ request }) } } as unknown as RestParts;
    const route = secretRoutes(parts).find(({ method }) => method === "GET");
    const reply = await route?.handle({ caller: { name: "eve" }, query: { namespace: "shop" } } as never);
    expect(reply?.body).to.deep.equal({ items: [] });
  });

  it("keep their other keys", async () => {
    const { status, sent } = await put({});
    expect(status).to.equal(200);
    expect(sent[1]).to.deep.include({ method: "PATCH", contentType: "application/merge-patch+json" });
    expect((sent[1]?.body as { data?: object } | undefined)?.data).to.deep.equal({ password: VALUE });
  });

  for (const [what, metadata, text] of [
    [
      "an app manages",
      { labels: { "gitops.overseer.io/app": "web", "gitops.overseer.io/app-namespace": "shop" } },
      "OverseerApp shop/web",
    ],
    ["a controller owns", { ownerReferences: [{ kind: "Certificate", name: "tls" }] }, "of Certificate tls"],
  ] as const)
    it(`are refused if ${what} them`, async () => {
      const error = (await rejection(put(metadata))) as ProblemError;
      expect(error).to.be.instanceOf(ProblemError).and.have.property("code", "CONFLICT");
      expect(error.message).to.contain(text);
    });

  it("are not quoted by the error of the API server", async () => {
    const failure = new KubeStatusError(422, { message: `data[.x]: Invalid value: ${VALUE}` }, "");
    const error = (await rejection(put(undefined, undefined, failure))) as ProblemError;
    expect(error.code).to.equal("INVALID");
    expect(String(error)).to.not.contain(VALUE);
  });

  for (const body of [
    {},
    { data: {} },
    { data: { "a b": VALUE } },
    { data: { a: "" } },
    { data: { a: "not base64!" } },
    { data: { a: "abc" } },
    { data: { a: 1 } },
    { data: { a: VALUE }, type: "a b" },
    { data: { a: VALUE }, stringData: { a: "x" } },
  ])
    it(`are refused if malformed, and not quoted: ${JSON.stringify(body).slice(0, 40)}`, () => {
      const { success, error } = PushedSecretBody.safeParse(body);
      expect(success).to.equal(false);
      expect(String(error)).to.not.contain(VALUE);
    });
});
