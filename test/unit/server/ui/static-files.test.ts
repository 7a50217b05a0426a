import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { expect } from "chai";
import { withoutPrefix } from "../../../../src/http/fastify-instance.js";
import { loadSite } from "../../../../src/server/ui/load-site.js";
import { HttpRig } from "../../http/support/http-rig.js";

const PAGE = "<!doctype html><title>UI</title>";
const SCRIPT = "console.log(1);".repeat(100);

describe("The files of the web UI", () => {
  let folder: string;
  let rig: HttpRig;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-ui-"));
    await mkdir(join(folder, "site/assets"), { recursive: true });
    await writeFile(join(folder, "site/index.html"), PAGE);
    await writeFile(join(folder, "site/assets/main-1A.js"), SCRIPT);
    await writeFile(join(folder, "site/assets/main-1A.js.br"), brotliCompressSync(SCRIPT));
    await writeFile(join(folder, "site/assets/notes.unknown"), "unknown");
    await writeFile(join(folder, "secret.html"), "secret");
    rig = await HttpRig.start([]);
    const site = await loadSite(join(folder, "site"));
    if (site !== undefined) rig.server.serveFiles(site);
    // After the start: nothing below is read from the disk.
    await rm(folder, { recursive: true });
  });
  after(() => rig.server.stop());
  const html = { accept: "text/html,*/*" };

  it("are sent from memory, with a policy that permits scripts of this origin only", async () => {
    for (const path of ["/", "/apps?q=health%3Adegraded", "/apps/shop/web/drift"]) {
      const { status, body, headers } = await rig.call("GET", path, undefined, html);
      expect([status, body, headers.get("cache-control")], path).to.deep.equal([200, PAGE, "no-cache"]);
      expect(headers.get("content-security-policy")).to.contain("script-src 'self'").and.not.contain("unsafe");
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
    }
  });

  it("are compressed for clients that accept it, and kept by browsers if their names have a hash", async () => {
    const path = "/assets/main-1A.js";
    const get = (encoding: string) => rig.call("GET", path, undefined, { "accept-encoding": encoding });
    for (const [encoding, used] of [
      ["gzip, br", "br"],
      ["identity", null],
      ["br;q=0", null],
    ] as const) {
      const { headers, body } = await get(encoding);
      expect([headers.get("content-encoding"), body]).to.deep.equal([used, SCRIPT]);
      expect(headers.get("cache-control")).to.contain("immutable");
      expect(headers.get("content-type")).to.equal("text/javascript; charset=utf-8");
    }
    const etag = (await get("identity")).headers.get("etag") ?? "";
    expect((await rig.call("GET", path, undefined, { "if-none-match": etag })).status).to.equal(304);
    expect((await rig.call("HEAD", path)).body).to.equal("");
  });

  it("are found below the path prefix of a proxy, whether the proxy removes it or not", () => {
    const of = (path: string): string => withoutPrefix(path, "/gitops");
    expect(["/gitops/apps?q=a", "/gitops/", "/gitops", "/apps", "/gitopsy"].map(of)).to.deep.equal([
      ...["/apps?q=a", "/", "/", "/apps", "/gitopsy"],
    ]);
  });

  const absent = [
    "/assets/missing.js",
    "/assets/notes.unknown",
    "/assets/main-1A.js.br",
    "/api/gitops/nothing",
    "/hooks/a/b",
  ];
  for (const path of absent) {
    it(`do not include ${path}, which is no page either`, async () => {
      const { status, headers } = await rig.call("GET", path, undefined, html);
      expect([status, headers.get("content-type")]).to.deep.equal([404, "application/problem+json; charset=utf-8"]);
    });
  }

  /** A request whose path the client does not normalize. */
  const raw = (target: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(rig.url).port), "127.0.0.1", () => {
        socket.end(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      });
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });
  const tricks = [
    "/../secret.html",
    "/assets/../../secret.html",
    "/assets/..%2f..%2fsecret.html",
    "/%2e%2e/secret.html",
    "//secret.html",
    "/assets/%00",
    "/..\\secret.html",
    "/assets/%c0%ae%c0%ae/secret.html",
    "/__proto__",
    "/constructor",
  ];
  for (const path of tricks) {
    it(`do not let ${path} out`, async () => {
      const text = await raw(path);
      expect(text).to.match(/^HTTP\/1\.1 (400|404) /);
      expect(text).to.not.contain("secret\n").and.not.contain("root:");
    });
  }

  it("are absent if there is no folder", async () => {
    expect(await loadSite("/nonexistent")).to.equal(undefined);
  });
});
