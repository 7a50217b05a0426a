import { expect } from "chai";
import type { SecretCache } from "../../../src/controllers/secret-cache.js";
import { KubeStatusError } from "../../../src/kube/errors.js";
import { AppValues } from "../../../src/wiring/values.js";
import { app } from "../controllers/support/resources.js";
import { failureOf } from "../render/support/harness.js";

describe("AppValues", () => {
  const LOCAL = { kubernetes: {} };
  const REMOTE = { kubernetes: { kubeConfigSecretRef: { name: "edge" } } };
  const db = { kind: "Secret" as const, name: "db" };

  function setUp(trustedUser?: string, error?: Error) {
    const calls: string[] = [];
    const retained: string[] = [];
    const forbidden: string[] = [];
    const cache = (kind: string) =>
      ({
        read: async (namespace: string, name: string, user?: string) => {
          calls.push(`${kind} ${namespace}/${name} as ${user ?? "the operator"}`);
          if (error) throw error;
          return kind === "Secret" ? { a: Buffer.from("x").toString("base64") } : { a: "x" };
        },
        retain: (keys: ReadonlySet<string>) => retained.push(`${kind}: ${[...keys].join(",")}`),
      }) as unknown as SecretCache;
    const values = new AppValues({
      secrets: cache("Secret"),
      configMaps: cache("ConfigMap"),
      trustedNamespaces: new Set(["ops"]),
      trustedUser,
      onForbidden: (key) => forbidden.push(key),
    });
    return { values, calls, retained, forbidden };
  }

  it("reads as the ServiceAccount of the app, and in trusted namespaces as the trusted one", async () => {
    const { values, calls } = setUp("system:serviceaccount:overseer:trusted");
    await values.read(app("shop/web", { spec: { serviceAccountName: "deployer", destination: LOCAL } }), db);
    await values.read(app("shop/web", { spec: { serviceAccountName: "deployer", destination: REMOTE } }), db);
    const data = await values.read(app("ops/web", { spec: { destination: LOCAL } }), { kind: "ConfigMap", name: "c" });
    expect(Buffer.from(data?.get("a") ?? "").toString()).to.equal("x");
    expect(calls).to.deep.equal([
      "Secret shop/db as system:serviceaccount:shop:deployer",
      "Secret shop/db as system:serviceaccount:shop:deployer",
      "ConfigMap ops/c as system:serviceaccount:overseer:trusted",
    ]);
  });

  it("reads nothing for an untrusted app without a ServiceAccount, or of another cluster", async () => {
    const { values, calls } = setUp("system:serviceaccount:overseer:trusted");
    for (const one of [
      app("shop/web", { spec: { destination: LOCAL } }),
      app("ops/web", { spec: { destination: REMOTE } }),
    ]) {
      expect(await failureOf(values.read(one, db))).to.include({ reason: "ServiceAccountRequired", class: "terminal" });
    }
    expect(calls).to.deep.equal([]);
  });

  it("names who may not read what, and waits for permissions", async () => {
    const denied = new KubeStatusError(403, { message: "forbidden", code: 403 }, "GET");
    const { values, forbidden } = setUp(undefined, denied);
    const failure = await failureOf(
      values.read(app("shop/web", { spec: { serviceAccountName: "deployer", destination: LOCAL } }), db),
    );
    expect(failure.message).to.match(
      /^ServiceAccount shop\/deployer may not read Secret shop\/db: grant it the verb get/,
    );
    expect(forbidden).to.deep.equal(["shop/web"]);
  });

  it("stops watching what no app uses any more", () => {
    const { values, retained } = setUp();
    const [web, api] = [app("shop/web"), app("shop/api")];
    values.use(web, [db, { kind: "ConfigMap", name: "c" }]);
    values.use(api, [db]);
    values.use(web, [db]);
    expect(retained).to.deep.equal(["Secret: shop/db", "ConfigMap: "]);
    values.forget("shop/web");
    values.forget("shop/api");
    expect(retained.slice(-2)).to.deep.equal(["Secret: ", "ConfigMap: "]);
  });
});
