import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { load } from "js-yaml";
import { waitUntil } from "../../../tools/wait-until.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { OpenBao } from "../../support/openbao.js";
import { condition, World } from "../../support/world.js";

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly "certificate-authority-data": string };
  }[];
}

/** The examples of the page. */
const [APP, DOCUMENT] = yamlExamples<{ spec: { source: { secretStores: { name: string; vault: object }[] } } }>(
  "docs/secrets/vault.md",
);
const [STORE] = APP?.spec.source.secretStores ?? [];

describe("Secrets from Vault", function () {
  this.timeout(240_000);
  let world: World;
  let bao: OpenBao;
  before(async () => {
    [world, bao] = await Promise.all([
      World.create("vault", { operator: { trustedNamespaces: [], flags: ["--secret-store-hosts=127.0.0.1"] } }),
      OpenBao.start(),
    ]);
    await prepareCluster();
    await prepareVault();
  });
  after(async () => {
    await bao?.stop();
    await world?.remove();
  });

  const apply = (kind: string, name: string, rest: object, apiVersion = "v1") =>
    world.kube.apply({ apiVersion, kind, metadata: { name, namespace: world.namespace }, ...rest });
  const secret = (name: string, stringData: Readonly<Record<string, string>>) => apply("Secret", name, { stringData });
  const bind = async (name: string, rules: readonly object[]) => {
    const rbac = "rbac.authorization.k8s.io";
    await apply("Role", name, { rules }, `${rbac}/v1`);
    const subjects = [{ kind: "ServiceAccount", name: "deployer", namespace: world.namespace }];
    await apply("RoleBinding", name, { roleRef: { apiGroup: rbac, kind: "Role", name }, subjects }, `${rbac}/v1`);
  };
  const prepareCluster = async () => {
    await apply("ServiceAccount", "deployer", {});
    await apply("ServiceAccount", "reviewer", {});
    await bind("deployer", [
      { apiGroups: [""], resources: ["secrets"], verbs: ["get", "create", "patch", "delete"] },
      { apiGroups: [""], resources: ["serviceaccounts/token"], resourceNames: ["deployer"], verbs: ["create"] },
    ]);
    await world.kube.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `reviewer-${world.namespace}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
      subjects: [{ kind: "ServiceAccount", name: "reviewer", namespace: world.namespace }],
    });
  };
  /** Everything that a restart of the server loses. */
  const prepareVault = async () => {
    const { namespace, kube } = world;
    const { body } = await kube.client.request<{ status: { token: string } }>({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/reviewer/token`,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
    });
    const { clusters } = load(await readFile(world.controlPlane.kubeconfigPath, "utf8")) as Kubeconfig;
    const cluster = clusters[0]?.cluster;
    if (cluster === undefined) throw new Error("the kubeconfig has no cluster");
    await bao.permit("shop", "shop/*");
    await bao.call("POST", "sys/auth/kubernetes", { type: "kubernetes" });
    await bao.call("POST", "auth/kubernetes/config", {
      kubernetes_host: cluster.server,
      kubernetes_ca_cert: Buffer.from(cluster["certificate-authority-data"], "base64").toString(),
      token_reviewer_jwt: body.status.token,
      disable_local_ca_jwt: true,
    });
    const bound = { bound_service_account_names: "deployer", bound_service_account_namespaces: namespace };
    await bao.call("POST", "auth/kubernetes/role/shop", { ...bound, policies: "shop", ttl: "10m" });
    await bao.call("POST", "sys/auth/approle", { type: "approle" });
    await bao.call("POST", "auth/approle/role/shop", { policies: "shop", token_ttl: "10m" });
    await secret("vault-ca", { "ca.crt": await bao.ca() });
  };
  const source = (repository: string, auth: object, rest: object = {}) => ({
    serviceAccountName: "deployer",
    source: {
      repositoryRef: { name: repository },
      path: ".",
      secretStores: [{ ...STORE, vault: { ...STORE?.vault, url: bao.url, auth, interval: "1s", ...rest } }],
    },
  });
  const document = (name: string) => JSON.stringify({ ...DOCUMENT, metadata: { name } });
  const untilLive = (name: string, value: string) =>
    world.kube.until(world.object("v1", "Secret", name), "has the value", (live) =>
      JSON.stringify(live.data).includes(Buffer.from(value).toString("base64")),
    );
  const messageAt = async (name: string, reason: string) =>
    condition(await world.untilCondition(name, "Ready", "False", reason), "Ready")?.message ?? "";

  it("become Secrets with each way to authenticate, and follow a changed value", async () => {
    const [first, second, token] = [world.canary(), world.canary(), world.canary()];
    await bao.put("shop/db", { password: first });
    await bao.call("POST", "auth/token/create", {
      id: token,
      policies: ["shop"],
      ttl: "10m",
      no_default_policy: false,
    });
    const { data } = await bao.call<{ data: { role_id: string } }>("GET", "auth/approle/role/shop/role-id");
    const made = await bao.call<{ data: { secret_id: string } }>("POST", "auth/approle/role/shop/secret-id", {});
    world.canaries.push(made.data.secret_id);
    await secret("vault-token", { token });
    await secret("vault-approle", { "secret-id": made.data.secret_id });
    const ways = {
      kubernetes: { kubernetes: { role: "shop" } },
      approle: { appRole: { roleId: data.role_id, secretRef: { name: "vault-approle" } } },
      token: { tokenSecretRef: { name: "vault-token" } },
    };
    for (const [way, auth] of Object.entries(ways)) {
      await world.repository(way, { "db.yaml": document(`db-${way}`) });
      await world.app(way, way, ".", source(way, auth));
    }
    for (const way of Object.keys(ways)) {
      await world.synced(way);
      await untilLive(`db-${way}`, first);
    }
    await bao.put("shop/db", { password: second });
    for (const way of Object.keys(ways)) await untilLive(`db-${way}`, second);
  });

  it("are read in a namespace of the server, with a token that is renewed in time", async () => {
    const value = world.canary();
    await bao.call("POST", "sys/namespaces/team", {});
    await bao.call("POST", "team/sys/mounts/secret", { type: "kv", options: { version: "2" } });
    const policy = 'path "secret/data/shop/*" { capabilities = ["read"] }';
    await bao.call("PUT", "team/sys/policies/acl/shop", { policy });
    await waitUntil({ what: "the engine of the namespace takes values", timeoutMs: 60_000 }, () =>
      bao.call("POST", "team/secret/data/shop/db", { data: { password: value } }).catch(() => undefined),
    );
    // Long enough that a busy machine does not miss the renewal, at two thirds.
    const made = await bao.call<{ auth: { client_token: string; accessor: string } }>(
      "POST",
      "team/auth/token/create",
      {
        policies: ["shop"],
        period: "24s",
      },
    );
    const own = made.auth.client_token;
    world.canaries.push(own);
    await secret("vault-team", { token: own });
    await world.repository("team", { "db.yaml": document("db-team") });
    const team = { namespace: "team", interval: "1h" };
    await world.app("team", "team", ".", source("team", { tokenSecretRef: { name: "vault-team" } }, team));
    await world.synced("team");
    await untilLive("db-team", value);
    const { accessor } = made.auth;
    await waitUntil({ what: "the token was renewed", timeoutMs: 60_000 }, async () => {
      const found = await bao.call<{ data: { last_renewal_time?: number } }>(
        "POST",
        "team/auth/token/lookup-accessor",
        { accessor },
      );
      return (found.data.last_renewal_time ?? 0) > 0;
    });
  });

  it("that cannot be read leave the live Secret unchanged, and recover without an edit", async () => {
    const [kept, last] = [world.canary(), world.canary()];
    await bao.put("shop/db", { password: kept });
    await untilLive("db-kubernetes", kept);

    await bao.permit("shop", "other/*");
    expect(await messageAt("kubernetes", "SecretStoreDenied")).to.match(
      /secretStores\[0\] \(vault\): Vault at .* does not permit the role shop of auth\/kubernetes to read secret\/data\/shop\/db/,
    );
    await bao.permit("shop", "shop/*");
    await world.synced("kubernetes");

    await bao.call("DELETE", "secret/data/shop/db");
    expect(await messageAt("kubernetes", "ValuesNotFound")).to.include(
      "db.yaml:1: Secret db-kubernetes: spec.values.password: there is no shop/db in the store vault",
    );
    await bao.put("shop/db", { user: "shop" });
    await world.kube.until(world.appRef("kubernetes"), "misses the key", (app) =>
      JSON.stringify(app.status).includes("there is no key password"),
    );
    await bao.put("shop/db", { password: kept });
    await world.synced("kubernetes");

    await bao.call("PUT", "sys/seal");
    expect(await messageAt("kubernetes", "SecretStoreUnavailable")).to.match(/Vault at .* is sealed: unseal it/);
    await bao.halt();
    await world.kube.until(world.appRef("kubernetes"), "cannot reach it", (app) =>
      JSON.stringify(app.status).includes("cannot reach Vault at"),
    );
    await untilLive("db-kubernetes", kept);

    await bao.restart();
    await prepareVault();
    await bao.put("shop/db", { password: last });
    await untilLive("db-kubernetes", last);
    await world.synced("kubernetes");
    // Its token is unknown to the new server.
    expect(await messageAt("token", "SecretStoreDenied")).to.match(
      /does not accept the token of Secret .*\/vault-token: it is wrong, has expired or was revoked/,
    );
  });
});
