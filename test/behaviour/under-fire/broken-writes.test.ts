import { expect } from "chai";
import { loadClusterAccess } from "../../../src/kube/client/auth.js";
import { KubeClient, type KubeRequest } from "../../../src/kube/client/kube-client.js";
import { isStatus, KubeConnectionError } from "../../../src/kube/errors.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";

const PATH = "/api/v1/namespaces/default/configmaps";
const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
/** Writes over connections that end in the moment in which they are used. */
const ROUNDS = 20;

describe("A write whose connection breaks", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let client: KubeClient;
  let round = 0;
  const made: string[] = [];
  before(async () => {
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane);
    const access = await loadClusterAccess({ kubeconfig: await proxy.kubeconfig() });
    client = new KubeClient({ access, userAgent: "tests", connections: 1 });
  });
  beforeEach(() => {
    proxy.rule = () => undefined;
  });
  after(async () => {
    for (const name of made) {
      await kube.patch({ ...REF, name }, { metadata: { finalizers: null } });
      await kube.delete({ ...REF, name });
    }
    await client?.close();
    await proxy?.stop();
    await kube?.client.close();
  });

  async function create(): Promise<string> {
    const name = `broken-${process.pid}-${++round}`;
    await kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });
    made.push(name);
    return name;
  }

  /** What came of the request: the error, or undefined. */
  async function attempt(request: KubeRequest): Promise<unknown> {
    return client.request(request).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  const patchOf = (name: string): KubeRequest => ({
    method: "PATCH",
    path: `${PATH}/${name}`,
    contentType: "application/json-patch+json",
    body: [{ op: "add", path: "/metadata/labels", value: { patched: "yes" } }],
  });

  const count = (name: string): number => proxy.count(({ path, method }) => method !== "GET" && path.endsWith(name));

  it("is not sent again where that could do it twice: a JSON patch, a POST, a DELETE", async () => {
    const name = await create();
    const fresh = `${name}-new`;
    made.push(fresh);
    proxy.faults(3, ({ method }) => method !== "GET", { kind: "lose" });
    expect(await attempt(patchOf(name))).to.be.instanceOf(KubeConnectionError);
    expect(await attempt({ method: "POST", path: PATH, body: { metadata: { name: fresh } } })).to.be.instanceOf(
      KubeConnectionError,
    );
    expect(await attempt({ method: "DELETE", path: `${PATH}/${name}` })).to.be.instanceOf(KubeConnectionError);
    expect(count(name)).to.equal(2);
    expect(proxy.count(({ method }) => method === "POST")).to.equal(1);
    expect(await kube.get({ ...REF, name })).to.equal(undefined);
    made.splice(made.indexOf(name), 1);
    expect(await kube.get({ ...REF, name: fresh }), "it was made, though nobody was told").to.not.equal(undefined);
  });

  it("is sent again where the end is the same: an apply, a merge patch", async () => {
    const name = await create();
    proxy.faults(2, ({ method }) => method === "PATCH", { kind: "lose" });
    const apply = await client.request<{ data: unknown }>({
      method: "PATCH",
      path: `${PATH}/${name}`,
      query: { fieldManager: "tests" },
      contentType: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "1" } },
    });
    expect(apply.body.data).to.deep.equal({ a: "1" });
    const merge = { method: "PATCH", path: `${PATH}/${name}`, contentType: "application/merge-patch+json" } as const;
    await client.request({ ...merge, body: { data: { b: "2" } } });
    expect((await kube.get({ ...REF, name }))?.data).to.deep.equal({ a: "1", b: "2" });
    expect(count(name)).to.equal(4);
  });

  it("over a connection that closes at the same moment is made at most once", async () => {
    for (let turn = 0; turn < ROUNDS; turn++) {
      const name = `${await create()}-stale`;
      await client.request({ method: "GET", path: PATH, query: { limit: "1" } });
      proxy.cutAll();
      const error = await attempt({ method: "POST", path: PATH, body: { metadata: { name } } });
      expect(isStatus(error, 409), "it is not told that it exists already").to.equal(false);
      if (error !== undefined) expect(error).to.be.instanceOf(KubeConnectionError);
      const there = (await kube.get({ ...REF, name })) !== undefined;
      if (there) made.push(name);
      if (error === undefined) expect(there, "what was answered was made").to.equal(true);
      proxy.cutAll();
      expect(await attempt({ method: "GET", path: PATH, query: { limit: "1" } })).to.equal(undefined);
    }
    expect(proxy.count(({ method, path }) => method === "POST" && path === PATH)).to.be.at.most(ROUNDS + 1);
  });
});
