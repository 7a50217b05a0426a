import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import type { UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { appActionRoutes } from "../../../../src/server/rest/routes/app-actions.js";
import { rejection } from "../../support/eventually.js";

const resource = (plural: string) => ({ ...{ group: "x", version: "v1", kind: plural, plural, namespaced: true } });

/** Requests promotions of shop/web from an API server that holds one app and the Changes that were created. */
class Api {
  promotable: string | undefined;
  readonly #changes = new Map<string, { metadata: Record<string, string>; spec: Record<string, unknown> }>();

  async promote(key: string | undefined, body: object = {}, name = "eve"): Promise<[number, string]> {
    const parts = {
      clock: systemClock,
      resources: { app: resource("apps"), change: resource("changes") },
      users: { as: () => ({ request: (request: UserRequest) => this.#answer(request) }) },
    } as unknown as RestParts;
    const route = appActionRoutes(parts).find(({ path }) => path.endsWith("/promote"));
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const call = { caller: { name }, params: { namespace: "shop", name: "web" }, body, headers };
    const reply = (await route?.handle(call as never)) as { status: number; body: { name: string } };
    return [reply.status, reply.body.name];
  }

  async #answer({ method, path, body }: UserRequest) {
    const done = (result: unknown) => ({ status: 200, warnings: [], body: result as never });
    if (path.includes("/apps/")) {
      const promotion = { ...(this.promotable === undefined ? {} : { promotable: this.promotable }) };
      return done({ metadata: { name: "web", namespace: "shop" }, spec: {}, status: { promotion } });
    }
    if (method === "POST") {
      const { metadata, spec } = body as { metadata: Record<string, string>; spec: Record<string, unknown> };
      const { name = "" } = metadata;
      if (this.#changes.has(name)) throw new KubeStatusError(409, {}, "");
      this.#changes.set(name, { metadata: { ...metadata, uid: name }, spec });
      return done(this.#changes.get(name));
    }
    const found = this.#changes.get(path.split("/").at(-1) ?? "");
    if (found === undefined) throw new KubeStatusError(404, {}, "");
    return done(found);
  }
}

describe("A request with an Idempotency-Key", () => {
  it("is refused when it is repeated with another body, also one that only omits or adds a field", async () => {
    const api = new Api();
    const commit = "a".repeat(40);
    api.promotable = commit;
    expect(await api.promote("k", { dryRun: true })).to.include(201);
    const omitted = await rejection(api.promote("k", {}));
    expect((omitted as ProblemError).code).to.equal("CONFLICT");
    expect(await api.promote("k", { dryRun: true })).to.include(200);
    expect(await api.promote("l", {})).to.include(201);
    expect(((await rejection(api.promote("l", { dryRun: true }))) as ProblemError).code).to.equal("CONFLICT");
    expect(((await rejection(api.promote("l", { commit: commit }))) as ProblemError).code).to.equal("CONFLICT");
  });
});

describe("A promotion with an Idempotency-Key", () => {
  it("is created once, although what can be promoted moves or is promoted meanwhile", async () => {
    const api = new Api();
    api.promotable = "a".repeat(40);
    const [created, name] = await api.promote("key");
    expect(created).to.equal(201);
    api.promotable = "b".repeat(40);
    expect(await api.promote("key")).to.deep.equal([200, name]);
    api.promotable = undefined;
    expect(await api.promote("key")).to.deep.equal([200, name]);
    for (const [key, user] of [
      [undefined, "eve"],
      ["other", "eve"],
      ["key", "mallory"],
    ] as const) {
      const error = await rejection(api.promote(key, {}, user));
      expect(error).to.be.instanceOf(ProblemError).and.have.property("code", "CONFLICT");
      expect(String(error)).to.include("there is nothing to promote");
    }
  });

  it("is in conflict with another request of the same key: for another commit, or a dry run", async () => {
    const api = new Api();
    const commit = "a".repeat(40);
    const [, name] = await api.promote("key", { commit });
    expect(await api.promote("key", { commit })).to.deep.equal([200, name]);
    for (const body of [{ commit: "b".repeat(40) }, { commit, dryRun: true }])
      expect(String(await rejection(api.promote("key", body)))).to.include("was used for another request");
  });
});
