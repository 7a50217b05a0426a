import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { CoreRoute } from "../../../src/api/core/route.js";
import { Database } from "../../../src/overseer-core/store/database.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { Caddy, hasCaddy, type WebAnswer, type WebRequest } from "../../support/caddy.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";
import { DockerBench, shell } from "../../support/docker-bench.js";

/** A web server that says who it is, shows the header Remote-User, and has a response that takes until /tmp/go exists. */
const web = (name: string) =>
  shell(
    `mkdir -p /www/cgi-bin; cd /www; echo ${name} >index.html
     printf '#!/bin/sh\necho; echo "user=$HTTP_REMOTE_USER"\n' >cgi-bin/user
     printf '#!/bin/sh\necho; echo begin; while ! test -e /tmp/go; do sleep 1; done; echo end\n' >cgi-bin/slow
     busybox chmod +x cgi-bin/*; exec busybox httpd -f -p 8080 -h /www`.replace("mkdir", "busybox mkdir"),
  );

describe("Routes of a node (needs root, dockerd, busybox and caddy)", function () {
  this.timeout(180_000);
  let bench: DockerBench;
  let caddy: Caddy;
  let given: Certificates;
  let appId: string;
  before(async function () {
    if (!hasDockerAndBusybox() || !hasCaddy()) return this.skip();
    caddy = await Caddy.start();
    given = makeCertificates(["given.test"]) as Certificates;
    const directory = join(caddy.folder, "given");
    await mkdir(directory);
    await writeFile(join(directory, "given.test.crt"), given.server.cert);
    await writeFile(join(directory, "given.test.key"), given.server.key);
    const flags = [...caddy.flags, "--proxy-issuer", "internal", "--proxy-certificates", directory];
    bench = await DockerBench.start(flags);
    expect((await bench.deployed("shop", { web: web("one") })).error).to.equal(null);
    appId = (await bench.appNamed("shop"))?.id ?? "";
  });
  after(async () => {
    await bench?.stop();
    await caddy?.stop();
  });

  const publish = (hostname: string, rest: Record<string, unknown> = {}) =>
    bench.call<{ route: CoreRoute }>("POST", "/api/routes", {
      hostname,
      target: "web:8080",
      appId,
      tls: false,
      ...rest,
    });
  const until = (what: string, host: string, path: string, is: (answer: WebAnswer) => boolean, options?: WebRequest) =>
    waitUntil({ what, timeoutMs: 60_000 }, async () => {
      const answer = await caddy.get(host, path, options);
      return is(answer) ? answer : undefined;
    });
  const untilProblem = (place: string, what: string, is: (problem: string | null) => boolean) =>
    waitUntil({ what: `${place} ${what}`, timeoutMs: 60_000 }, async () => {
      const { routes } = await bench.call<{ routes: CoreRoute[] }>("GET", "/api/routes");
      const route = routes.find(({ hostname, path }) => `${hostname}${path}` === place);
      return route !== undefined && is(route.problem) ? { problem: route.problem } : undefined;
    });

  it("are served by the proxy; other hosts and paths are not", async () => {
    await publish("shop.test");
    await publish("sub.test", { path: "/cgi-bin" });
    await until("the route is published", "shop.test", "/", ({ body }) => body === "one\n");
    expect((await caddy.get("sub.test", "/cgi-bin/user")).body).to.equal("user=\n");
    for (const [host, path] of [
      ["other.test", "/"],
      ["sub.test", "/"],
      ["sub.test", "/cgi-binary"],
    ] as const) {
      expect((await caddy.get(host, path)).status, `${host}${path}`).to.equal(404);
    }
  });

  it("use certificates of the issuer, or those that are given, and redirect to HTTPS", async () => {
    await publish("issued.test", { tls: true });
    await publish("given.test", { tls: true });
    await until("the redirect is published", "given.test", "/x?y", ({ status }) => status === 308);
    const { headers } = await caddy.get("given.test", "/x?y");
    expect(headers.location).to.match(/^https:\/\/given\.test:[0-9]+\/x\?y$/);
    expect((await caddy.get("given.test", "/", { ca: given.ca })).body).to.equal("one\n");
    const own = await waitUntil({ what: "the authority of Caddy", timeoutMs: 60_000 }, () =>
      readFile(caddy.authority, "utf8"),
    );
    const issued = async () => (await caddy.get("issued.test", "/", { ca: own })).body === "one\n";
    await waitUntil({ what: "a certificate is issued", timeoutMs: 60_000 }, issued);
  });

  it("with sign-in are closed without a sign-in service, and say why", async () => {
    await bench.call("POST", "/api/sign-in-providers", { name: "later", type: "oidc", issuer: "https://id.test" });
    await publish("closed.test");
    await publish("closed.test", { path: "/cgi-bin", middleware: { auth: "later" } });
    const refused = /sign-in provider later has no forwardAuth.*create it with forwardAuth/;
    await untilProblem("closed.test/cgi-bin", `has the problem ${refused}`, (text) => refused.test(text ?? ""));
    await until("the public route is published", "closed.test", "/", ({ body }) => body === "one\n");
    expect((await caddy.get("closed.test", "/cgi-bin/user")).status).to.equal(503);
  });

  it("with sign-in ask the sign-in service, and pass on who it says the visitor is", async () => {
    const asked: IncomingHttpHeaders[] = [];
    const service = createServer(({ headers }, response) => {
      asked.push(headers);
      const user = /^session=(.+)$/.exec(headers.cookie ?? "")?.[1];
      if (user === undefined) response.writeHead(302, { location: "https://id.test/login" }).end();
      else response.writeHead(200, user === "unnamed" ? {} : { "remote-user": user }).end();
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const { port } = service.address() as AddressInfo;
    const forwardAuth = { url: `http://127.0.0.1:${port}/auth`, paths: ["/oauth2/"] };
    await bench.call("POST", "/api/sign-in-providers", {
      name: "sso",
      type: "oidc",
      issuer: "https://id.test",
      forwardAuth,
    });
    await publish("private.test", { middleware: { auth: "sso" } });
    const as = (cookie: string, more: Record<string, string> = {}) => {
      return { headers: { cookie, "remote-user": "root", ...more } };
    };
    const closed = await until("the route is published", "private.test", "/", ({ status }) => status === 302, as(""));
    expect(closed.headers.location).to.equal("https://id.test/login");
    expect(closed.body).not.to.contain("one");
    expect((await caddy.get("private.test", "/cgi-bin/user", as("session=ada"))).body).to.equal("user=ada\n");
    expect((await caddy.get("private.test", "/cgi-bin/user", as("session=unnamed"))).body).to.equal("user=\n");
    expect(asked.at(-1)).to.include({ "x-forwarded-uri": "/cgi-bin/user", "x-forwarded-host": "private.test" });
    for (const spelling of ["remote_user", "Remote.User", "REMOTE_USER"]) {
      const claim = as("session=ada", { [spelling]: "root" });
      expect((await caddy.get("private.test", "/cgi-bin/user", claim)).body, spelling).to.equal("user=ada\n");
    }
    const removed = as("session=ada", { connection: "x, remote-User", remote_user: "root" });
    expect((await caddy.get("private.test", "/cgi-bin/user", removed)).status).to.equal(400);
    // The app is public elsewhere: a claim does not reach it there either.
    const claim = { headers: { "remote-user": "root", remote_user: "root" } };
    expect((await caddy.get("sub.test", "/cgi-bin/user", claim)).body).to.equal("user=\n");
    // Beside a broader public route with TLS, and under other spellings of its path.
    await publish("given.test", { path: "/cgi-bin", middleware: { auth: "sso" } });
    for (const path of ["/cgi-bin/user", "//CGI-bin//user", "/x/../cgi%2Dbin/user", "/cgi-bin;x/user"])
      await until(`${path} is protected`, "given.test", path, ({ status }) => status === 302);
    const secure = await caddy.get("given.test", "/cgi-bin/user", { ca: given.ca });
    expect([secure.status, secure.body]).to.deep.equal([404, "this route is served over HTTP only"]);
    // Its app is not deployed: a public route of the host does not serve it.
    const { app } = await bench.call<{ app: { id: string } }>("POST", "/api/apps", {
      name: "later",
      compose: "services: {web: {image: x}}",
    });
    const elsewhere = { path: "/cgi-bin", appId: app.id, middleware: { auth: "sso" } };
    const { route } = await publish("shop.test", elsewhere);
    await until("the place is closed", "shop.test", "/cgi-bin/user", ({ status }) => status === 503);
    await bench.call("DELETE", `/api/routes/${route.id}`);
    await until("the place is open", "shop.test", "/cgi-bin/user", ({ status }) => status === 200);
    service.close();
    service.closeAllConnections();
    expect((await caddy.get("private.test", "/", as("session=ada"))).status).to.equal(502);
  });

  it("of earlier versions whose paths are patterns close these paths only", async () => {
    const { route } = await publish("closed.test", { path: "/stored" });
    await bench.core.kill();
    const database = Database.open(join(bench.core.dataDir, "core.db"));
    database.query("UPDATE routes SET path = ? WHERE id = ?").run("/cgi/[x]*\\{env.HOME}/", route.id);
    database.close();
    await bench.core.start();
    const place = "/CGI/%5Bx%5D*%5C%7Benv.HOME%7D";
    await until("its place is closed", "closed.test", place, ({ status }) => status === 503);
    expect((await caddy.get("closed.test", `${place}//y`)).status).to.equal(503);
    expect((await caddy.get("closed.test", "/cgi/x")).status).to.equal(404);
    expect((await caddy.get("closed.test", "/")).body).to.equal("one\n");
  });

  it("lose only their own certificate when it does not work", async () => {
    const directory = join(caddy.folder, "given");
    await writeFile(join(directory, "mixed.crt"), makeCertificates(["mixed.test"])?.server.cert ?? "");
    await writeFile(join(directory, "mixed.key"), given.server.key);
    // A curve that Caddy does not know.
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes", "-subj", "/CN=curve"];
    const files = ["-addext", "subjectAltName=DNS:curve.test", "-keyout", "curve.key", "-out", "curve.crt"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...files], { cwd: directory, stdio: "ignore" });
    for (const host of ["mixed.test", "curve.test"]) await publish(host, { tls: true });
    const mixed = /mixed\.key does not belong to the certificate .*mixed\.crt/;
    await untilProblem("mixed.test/", `has the problem ${mixed}`, (text) => mixed.test(text ?? ""));
    const unknown = /its certificate .*curve\.crt .* cannot be used: the proxy Caddy rejects/;
    await untilProblem("curve.test/", `has the problem ${unknown}`, (text) => unknown.test(text ?? ""));
    await publish("after.test");
    await until("another route is published", "after.test", "/", ({ body }) => body === "one\n");
    expect((await caddy.get("given.test", "/", { ca: given.ca })).body).to.equal("one\n");
  });

  it("follow new containers, and a long request survives changes of routes", async () => {
    let begun: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const long = caddy.get("shop.test", "/cgi-bin/slow", { onData: () => begun() });
    await first;
    await publish("late.test");
    await until("another route is published", "late.test", "/", ({ body }) => body === "one\n");
    await bench.docker.run("exec", await bench.container("shop", "web"), "touch", "/tmp/go");
    expect((await long).body).to.equal("begin\nend\n");
    expect((await bench.deployed("shop", { web: web("two") })).error).to.equal(null);
    await until("the new container serves", "shop.test", "/", ({ body }) => body === "two\n");
  });

  it("are published again after a restart of the proxy, and withdrawn when they are deleted", async () => {
    await caddy.restart();
    await until("the route is published again", "shop.test", "/", ({ body }) => body === "two\n");
    const { routes } = await bench.call<{ routes: CoreRoute[] }>("GET", "/api/routes");
    const route = routes.find(({ hostname }) => hostname === "late.test");
    await bench.call("DELETE", `/api/routes/${route?.id}`);
    await until("the route is withdrawn", "late.test", "/", ({ status }) => status === 404);
  });
});
