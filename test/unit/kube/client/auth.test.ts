import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { OverseerError } from "../../../../src/base/errors.js";
import { type ClusterAccess, type ClusterLocation, loadClusterAccess } from "../../../../src/kube/client/auth.js";
import { rejection } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig with one context `main`. JSON is YAML. */
function kubeconfig(cluster: object, user: object, name = "main"): string {
  return JSON.stringify({
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: `https://${name}.test:6443`, ...cluster } }],
    users: [{ name, user }],
  });
}

describe("kube/auth: kubeconfigs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-auth-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(text: string, name = "config"): Promise<string> {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  }

  async function load(text: string, location: Partial<ClusterLocation> = {}): Promise<ClusterAccess> {
    return loadClusterAccess({ kubeconfig: await write(text), ...location });
  }

  async function refusal(location: ClusterLocation): Promise<OverseerError> {
    const error = await rejection(loadClusterAccess(location));
    expect(error).to.be.instanceOf(OverseerError);
    return error as OverseerError;
  }

  it("with a token", async () => {
    const access = await load(kubeconfig({ server: "https://a.test:1/" }, { token: "t" }));
    expect(access.server).to.equal("https://a.test:1");
    expect(access.tls).to.deep.equal({});
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer t" });
    expect(await access.authHeaders(true)).to.deep.equal({ authorization: "Bearer t" });
  });

  it("with an empty token, which is none, and with one that looks like a number", async () => {
    expect(await (await load(kubeconfig({}, { token: "" }))).authHeaders(false)).to.deep.equal({});
    const access = await load(kubeconfig({}, { token: 12345 }));
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer 12345" });
  });

  it("with certificates as data", async () => {
    const cluster = { "certificate-authority-data": base64("CA"), "tls-server-name": "api.test" };
    const user = { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") };
    const access = await load(kubeconfig(cluster, user));
    expect(access.tls).to.deep.equal({ ca: "CA", cert: "CERT", key: "KEY", servername: "api.test" });
    expect(await access.authHeaders(false)).to.deep.equal({});
  });

  it("with certificates in files, beside the kubeconfig or anywhere; data goes first", async () => {
    await mkdir(join(folder, "pki"));
    await write("CA-FILE", "pki/ca.crt");
    await write("KEY-FILE", "key.pem");
    const cluster = { "certificate-authority": "pki/ca.crt", "insecure-skip-tls-verify": true };
    const user = {
      "client-certificate": "missing.pem",
      "client-certificate-data": base64("CERT"),
      "client-key": join(folder, "key.pem"),
    };
    const { tls } = await load(kubeconfig(cluster, user));
    expect(tls).to.deep.equal({ ca: "CA-FILE", cert: "CERT", key: "KEY-FILE", rejectUnauthorized: false });
  });

  it("with another context than the current one", async () => {
    const file = JSON.parse(kubeconfig({}, { token: "one" })) as Record<string, object[]>;
    const other = JSON.parse(kubeconfig({}, { token: "two" }, "other")) as Record<string, object[]>;
    for (const list of ["contexts", "clusters", "users"]) file[list]?.push(...(other[list] ?? []));
    const access = await load(JSON.stringify(file), { context: "other" });
    expect(access.server).to.equal("https://other.test:6443");
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer two" });
  });

  it("without such a context: says which one", async () => {
    const path = await write(kubeconfig({}, { token: "t" }));
    const error = await refusal({ kubeconfig: path, context: "prod" });
    expect(error).to.include({ code: "KUBE_BAD_CONFIG", class: "terminal" });
    expect(error.message).to.include('"prod"').and.to.include(path);
  });

  it("that is missing or no YAML is named without its content", async () => {
    expect((await refusal({ kubeconfig: join(folder, "none") })).message).to.include("ENOENT");
    const path = await write("users:\n- user:\n    token: hunter2\n  bad: [\n");
    const error = await refusal({ kubeconfig: path });
    expect(error).to.include({ code: "KUBE_BAD_CONFIG" });
    expect(error.message).to.match(/config: line \d+: /);
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.to.include("hunter2");
  });

  it("with a proxy, which we do not go round", async () => {
    const path = await write(kubeconfig({ "proxy-url": "http://proxy.test:3128" }, { token: "t" }));
    expect((await refusal({ kubeconfig: path })).message).to.include("proxy-url");
  });

  it("of several files: the first of two entries or current contexts counts", async () => {
    const noContext = JSON.parse(kubeconfig({}, { token: "zero" }, "zero")) as Record<string, unknown>;
    delete noContext["current-context"];
    const files = [
      await write(JSON.stringify(noContext), "zero"),
      await write(kubeconfig({}, { token: "one" }, "one"), "one"),
      await write(kubeconfig({ server: "https://not.test" }, { token: "not" }, "one"), "two"),
      await write(kubeconfig({}, { token: "three" }, "three"), "three"),
    ].join(":");
    const access = await loadClusterAccess({ kubeconfig: files });
    expect(access.server).to.equal("https://one.test:6443");
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer one" });
    const other = await loadClusterAccess({ kubeconfig: files, context: "three" });
    expect(other.server).to.equal("https://three.test:6443");
  });

  it("with a user to impersonate: with the groups and further facts that kubectl sends", async () => {
    const user = {
      token: "t",
      as: "eve",
      "as-uid": "7",
      "as-groups": ["dev", "ops"],
      "as-user-extra": { "a/B": ["1"] },
    };
    expect(await (await load(kubeconfig({}, user))).authHeaders(false)).to.deep.equal({
      ...{ authorization: "Bearer t", "impersonate-user": "eve", "impersonate-uid": "7" },
      ...{ "impersonate-group": ["dev", "ops"], "impersonate-extra-a%2fb": ["1"] },
    });
    const without = await refusal({ kubeconfig: await write(kubeconfig({}, { token: "t", "as-groups": ["dev"] })) });
    expect(without.message).to.include("require as: set the user to impersonate as well");
    const wrong = await refusal({ kubeconfig: await write(kubeconfig({}, { as: "eve", "as-groups": "dev" })) });
    expect(wrong.message).to.include("as-groups of the user has to be lists of strings");
  });

  it("with a sign-in program: it runs, and once more after a 401 when what it gave has expired", async () => {
    const script = await write(
      `#!/bin/sh\necho run >> "${folder}/runs"\nn=$(grep -c run "${folder}/runs")\n` +
        `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",` +
        `"status":{"token":"exec-'$n'","expirationTimestamp":"2020-01-01T00:00:00Z"}}'\n`,
      "sign-in.sh",
    );
    await chmod(script, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: script, interactiveMode: "Never" };
    const cluster = { "certificate-authority-data": base64("CA"), "tls-server-name": "api.test" };
    const access = await load(kubeconfig(cluster, { exec }));
    expect(String(access.tls.ca)).to.equal("CA");
    expect(access.tls.servername).to.equal("api.test");
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer exec-1" });
    const renewed = await Promise.all([access.authHeaders(true), access.authHeaders(true), access.authHeaders(true)]);
    expect(new Set(renewed.map((headers) => headers.authorization))).to.deep.equal(new Set(["Bearer exec-2"]));
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer exec-2" });
  });

  it("with a sign-in program that does not say how long it serves: it runs again after a 401", async () => {
    const script = await write(
      `#!/bin/sh\necho run >> "${folder}/runs"\nn=$(grep -c run "${folder}/runs")\n` +
        `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"exec-'$n'"}}'\n`,
      "sign-in.sh",
    );
    await chmod(script, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: script, interactiveMode: "Never" };
    const access = await load(kubeconfig({}, { exec }));
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer exec-1" });
    expect(await access.authHeaders(true)).to.deep.equal({ authorization: "Bearer exec-2" });
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer exec-2" });
  });

  it("is read again after a 401, unless it is for another server now", async () => {
    const ca = (text: string): object => ({ "certificate-authority-data": base64(text) });
    const access = await load(kubeconfig(ca("CA"), { token: "one" }));
    await write(kubeconfig(ca("NEW"), { token: "two" }));
    expect(await access.authHeaders(false)).to.deep.equal({ authorization: "Bearer one" });
    expect(await access.authHeaders(true)).to.deep.equal({ authorization: "Bearer two" });
    expect(access.tls).to.deep.equal({ ca: "NEW" });
    await write(kubeconfig(ca("THIRD"), { token: "two" }));
    await access.renewTls?.();
    expect(access.tls).to.deep.equal({ ca: "THIRD" });
    await write(kubeconfig({ server: "https://other.test" }, { token: "three" }));
    expect(await access.authHeaders(true)).to.deep.equal({ authorization: "Bearer two" });
    expect(access.server).to.equal("https://main.test:6443");
    expect(access.signIn).to.include(join(folder, "config"));
  });

  it("with a sign-in program that fails: says so", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: join(folder, "no-such-program") };
    const error = await refusal({ kubeconfig: await write(kubeconfig({}, { exec })) });
    expect(error.message).to.include("no-such-program");
  });

  it("none at all, outside of a cluster: says what to set", async () => {
    const error = await refusal({});
    expect(error).to.include({ code: "KUBE_NO_CONFIG", class: "terminal" });
    expect(error.message).to.include("KUBECONFIG");
  });
});

describe("kube/auth: in a pod", () => {
  it("reads the token of the ServiceAccount again after a minute or a 401", async () => {
    const folder = await mkdtemp(join(tmpdir(), "overseer-pod-"));
    const clock = new FakeClock();
    const renew = async (token: string, second: number): Promise<void> => {
      await writeFile(join(folder, "token"), `${token}\n`);
      await utimes(join(folder, "token"), second, second);
    };
    await writeFile(join(folder, "ca.crt"), "CA");
    await renew("one", 1);
    const location = { serviceHost: "fd00::1", servicePort: "6443", serviceAccountFolder: folder };
    const access = await loadClusterAccess(location, clock);
    expect(access).to.deep.include({ server: "https://[fd00::1]:6443", tls: { ca: "CA" } });
    const token = async (refresh = false): Promise<unknown> => (await access.authHeaders(refresh)).authorization;
    expect(await token()).to.equal("Bearer one");
    await renew("two", 2);
    clock.advance(60_000);
    expect(await token()).to.equal("Bearer one");
    clock.advance(1);
    expect(await token()).to.equal("Bearer two");
    await renew("three", 2);
    clock.advance(60_001);
    expect(await token()).to.equal("Bearer two");
    expect(await token(true)).to.equal("Bearer three");
    clock.set(-86_400_000);
    await renew("four", 3);
    clock.advance(60_001);
    expect(await token(), "also where somebody has set the clock back").to.equal("Bearer four");
    await writeFile(join(folder, "ca.crt"), "NEW");
    await access.renewTls?.();
    expect(access.tls).to.deep.equal({ ca: "NEW" });
    expect(access.signIn).to.equal(`the token in ${folder}/token`);
    const plain = await loadClusterAccess({ serviceHost: "10.0.0.1", serviceAccountFolder: folder });
    expect(plain.server).to.equal("https://10.0.0.1:443");
    await rm(folder, { recursive: true });
  });
});
