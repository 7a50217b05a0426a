import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadClusterAccess } from "../../../src/kube/client/auth.js";
import { KubeClient } from "../../../src/kube/client/kube-client.js";
import { KubeConnectionError, KubeStatusError } from "../../../src/kube/errors.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";
import { rejection } from "../../unit/support/eventually.js";

const GET = { method: "GET", path: "/api/v1/namespaces/default" } as const;

describe("Signing in goes on when tokens and certificates are renewed", function () {
  this.timeout(120_000);
  let kube: TestKube;
  let proxy: ApiProxy;
  let folder: string;
  let client: KubeClient;
  let maps: WatchedConfigMaps;
  let first: Certificates;
  let second: Certificates;

  before(async function () {
    const made = [makeCertificates(), makeCertificates()];
    if (!made[0] || !made[1]) return this.skip();
    [first, second] = made as [Certificates, Certificates];
    const plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
    proxy = await ApiProxy.start(plane, first.server);
    folder = await mkdtemp(join(tmpdir(), "overseer-sign-in-"));
    await give({ ca: first.ca, token: "one" });
    proxy.goodTokens.add("one");
    const servicePort = String(proxy.port);
    const access = await loadClusterAccess({ serviceHost: "127.0.0.1", servicePort, serviceAccountFolder: folder });
    client = new KubeClient({ access, userAgent: "tests" });
    maps = new WatchedConfigMaps(kube, client, fastClock(40));
    await maps.put("a");
    maps.reflector.start();
    await maps.same();
    maps.take();
  });
  after(async () => {
    await maps?.remove();
    await client?.close();
    await proxy?.stop();
    await kube?.client.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function give(files: { ca?: string; token?: string }): Promise<void> {
    if (files.ca !== undefined) await writeFile(join(folder, "ca.crt"), files.ca);
    if (files.token !== undefined) await writeFile(join(folder, "token"), files.token);
  }

  /** The proxy comes back with another certificate. */
  async function present({ server }: Certificates): Promise<void> {
    await proxy.refuse();
    await proxy.listen(server);
  }

  it("when the token is another and the old one is not taken any more", async () => {
    proxy.refusedTokens.add("one");
    proxy.goodTokens.add("two");
    await give({ token: "two" });
    await client.request({ method: "PATCH", path: GET.path, body: {}, contentType: "application/merge-patch+json" });
    for (const watch of proxy.watches) watch.end();
    await maps.put("a");
    await maps.same();
    expect(maps.take()).to.deep.equal(["~a"]);
  });

  it("with another authority: the file is read again, and the watch resumes", async () => {
    proxy.requests.length = 0;
    await present(second);
    const error = (await rejection(client.request(GET))) as KubeConnectionError;
    expect(error, "the file still holds the old one").to.be.instanceOf(KubeConnectionError);
    await waitUntil({ what: "the watch has noticed", timeoutMs: 60_000 }, () => maps.errors.length > 0);
    await give({ ca: second.ca });
    await Promise.all(Array.from({ length: 20 }, () => client.request(GET)));
    await maps.put("b");
    await maps.same();
    expect(maps.take()).to.deep.equal(["+b"]);
    expect(proxy.count(({ query }) => query.get("sendInitialEvents") === "true")).to.equal(0);
  });

  it("with another authority at a POST, which is sent once", async () => {
    await present(first);
    await give({ ca: `${second.ca}${first.ca}` });
    proxy.requests.length = 0;
    const body = { metadata: { generateName: "fire-" }, data: {} };
    const made = await client.request<{ metadata: { name: string } }>({
      method: "POST",
      path: `${GET.path}/configmaps`,
      body,
    });
    expect(proxy.count(({ method }) => method === "POST")).to.equal(1);
    await kube.delete({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: made.body.metadata.name });
  });

  it("and says what to renew where a token stays refused, after one more look at it", async () => {
    proxy.refusedTokens.add("two");
    proxy.requests.length = 0;
    const error = (await rejection(client.request(GET))) as KubeStatusError;
    expect(error).to.be.instanceOf(KubeStatusError).and.include({ statusCode: 401 });
    expect(error.message).to.include(join(folder, "token")).and.to.include("renew the credential");
    expect(error.message).not.to.include("two");
    expect(proxy.count(({ watch }) => !watch)).to.equal(2);
    proxy.refusedTokens.clear();
  });
});
