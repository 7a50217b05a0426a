import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type CoreProcess, startCore } from "../../support/core-process.js";

const MAIN = join(repositoryRoot(), "build/src/overseer-core/main.js");

/** Runs a program that is expected to end by itself. */
function run(script: string, ...args: string[]): { status: number | null; stderr: string; stdout: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", timeout: 20_000 });
}

describe("the process of a Core", () => {
  let core: CoreProcess;
  let folder: TemporaryFolder;
  before(async () => {
    core = await startCore();
    folder = await makeTemporaryFolder("overseer-core-test-");
  });
  after(async () => {
    await core.remove();
    await folder.remove();
  });

  it("has its data to itself", async () => {
    const { status, stderr } = run(MAIN, "--data", core.dataDir, "--port", "0");
    expect(status).to.equal(1);
    expect(stderr).to.match(/core\.db is in use by another process/);
    expect((await fetch(`${core.url}/health`)).status).to.equal(200);
  });

  it("keeps files that nobody else reads, and logs no token", async () => {
    for (const name of ["core.db", "core.db-wal", "core.key", "admin-token"]) {
      expect((await stat(join(core.dataDir, name))).mode & 0o077, name).to.equal(0);
    }
    const log = await core.log();
    expect(log).to.include(join(core.dataDir, "admin-token"));
    expect(log).not.to.include(core.adminToken);
  });

  it("listens beyond the machine only with TLS, or when told", () => {
    const { status, stderr } = run(MAIN, "--data", join(folder.path, "a"), "--host", "0.0.0.0", "--port", "0");
    expect(status).to.equal(2);
    expect(stderr).to.match(/--tls-cert and --tls-key, or --insecure-http/);
    expect(existsSync(join(folder.path, "a")), "before anything is written").to.equal(false);
  });

  it("says what is wrong with its flags", () => {
    for (const [args, message] of [
      [[], /--data DIR is not set/],
      [["--data", "x", "--port", "x"], /--port: expected a number/],
      [["--data", "x", "--tls-cert", "x"], /must be set together/],
      [["--data", "x", "--heartbeat-timeout", "1d"], /expected a duration like 45s/],
      [["--dta", "x"], /--dta/],
    ] as const) {
      const { status, stderr } = run(MAIN, ...args);
      expect(status, args.join(" ")).to.equal(2);
      expect(stderr).to.match(message);
    }
    expect(run(MAIN, "--help").stdout).to.match(/--heartbeat-timeout DURATION/);
  });

  it("does not start on a file that is no database, and leaves it alone", async () => {
    const data = join(folder.path, "broken");
    const { mkdir } = await import("node:fs/promises");
    await mkdir(data);
    await writeFile(
      join(data, "core.db"),
      "this is no database, and long enough to be told from an empty one\n".repeat(20),
    );
    const { status, stderr } = run(MAIN, "--data", data, "--port", "0");
    expect(status).to.equal(1);
    expect(stderr).to.match(/damaged or not a database/);
    expect(await readFile(join(data, "core.db"), "utf8")).to.match(/^this is no database/);
  });

  it("stops in order while a client waits for news and another one sends nothing", async () => {
    const other = await startCore();
    const slow = connect(Number(new URL(other.url).port), "127.0.0.1");
    slow.on("error", () => {});
    await new Promise((resolve) => slow.once("connect", resolve));
    slow.write("POST /api/apps HTTP/1.1\r\nhost: x\r\n");
    const headers = { authorization: `Bearer ${other.adminToken}` };
    const first = await fetch(`${other.url}/api/changes`, { headers });
    await first.text();
    const waiting = fetch(`${other.url}/api/changes`, {
      headers: { ...headers, prefer: "wait=60", "if-none-match": first.headers.get("etag") ?? "" },
    });
    // It is waiting once another request, sent after it, was answered.
    await (await fetch(`${other.url}/health`)).text();
    const stopped = other.stop();
    expect((await waiting).status).to.equal(304);
    await stopped;
    expect(await other.log()).to.include('"msg":"stopping"');
    slow.destroy();
    await other.remove();
  });

  it("says that a certificate is none", async () => {
    const file = join(folder.path, "none.pem");
    await writeFile(file, "none");
    const data = join(folder.path, "tls");
    const { status, stderr } = run(MAIN, "--data", data, "--port", "0", "--tls-cert", file, "--tls-key", file);
    expect(status).to.equal(2);
    expect(stderr).to.match(/^overseer-core: --tls-cert and --tls-key are not a PEM certificate and its key/);
    expect(stderr, "no stack: nobody has to mend the program").not.to.include("at ");
  });

  it("speaks TLS", async function () {
    const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const subject = ["-subj", "/CN=core", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
    const made = spawnSync("openssl", [...args, ...subject]);
    if (made.error) return this.skip();
    const secure = await startCore({ flags: ["--tls-cert", cert, "--tls-key", key] });
    expect(secure.url).to.match(/^https:/);
    const { Agent, request } = await import("undici");
    const dispatcher = new Agent({ connect: { ca: await readFile(cert, "utf8") } });
    expect((await request(`${secure.url}/health`, { dispatcher })).statusCode).to.equal(200);
    await dispatcher.destroy();
    await secure.remove();
    return undefined;
  });

  it("runs from the bundle alone", async function () {
    const dist = join(repositoryRoot(), "dist");
    if (!existsSync(join(dist, "overseer-core.js"))) return this.skip();
    const copy = join(folder.path, "elsewhere");
    await cp(dist, copy, { recursive: true });
    const bundled = await startCore({ script: join(copy, "overseer-core.js") });
    const headers = { authorization: `Bearer ${bundled.adminToken}` };
    expect((await fetch(`${bundled.url}/api/apps`, { headers })).status).to.equal(200);
    expect(run(join(copy, "overseer-agent.js"), "--help").stdout).to.include("--token-file");
    await bundled.remove();
    return undefined;
  });

  it("closes a connection that sends too much, and goes on", async () => {
    const response = await fetch(`${core.url}/api/apps`, {
      method: "POST",
      headers: { authorization: `Bearer ${core.adminToken}`, "content-type": "application/json" },
      body: "x".repeat(3 * 1024 * 1024),
    }).catch(() => undefined);
    expect([413, undefined]).to.include(response?.status);
    await waitUntil({ what: "it answers", timeoutMs: 10_000 }, async () => (await fetch(`${core.url}/health`)).ok);
  });
});
