import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { bundles } from "../../../tools/binary-catalog.js";
import { findSha256, ReleaseDownloader } from "../../../tools/release-download.js";
import { runCommand } from "../../../tools/run-command.js";

const HASH = "0123456789abcdef".repeat(4);
const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

describe("tools: official releases", () => {
  let folder: string;
  let server: Server;
  let url: string;
  let files: Record<string, string | Uint8Array>;
  let downloader: ReleaseDownloader;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-test-release-"));
    files = {};
    downloader = new ReleaseDownloader();
    server = createServer((request, response) => {
      const content = files[request.url ?? ""];
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    await downloader.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const failure = (work: Promise<void>) =>
    work.then(
      () => "no error",
      (error: Error) => error.message,
    );

  it("reads the three forms of checksum files", () => {
    expect(findSha256(`${HASH}\n`, "etcd")).to.equal(HASH);
    expect(findSha256(`${"f".repeat(64)}  other\n${HASH.toUpperCase()} *dir/etcd\n`, "etcd")).to.equal(HASH);
    const release = { assets: [{ name: "other" }, { name: "kwok-linux-amd64", digest: `sha256:${HASH}` }] };
    expect(findSha256(JSON.stringify(release), "kwok-linux-amd64")).to.equal(HASH);
    expect(findSha256(JSON.stringify(release), "other")).to.equal(undefined);
    expect(findSha256(`${HASH}  other\n`, "etcd")).to.equal(undefined);
    expect(findSha256("<html>not found</html>", "etcd")).to.equal(undefined);
  });

  it("has a release file for every program on both processors", () => {
    for (const arch of ["amd64", "arm64"] as const) {
      for (const bundle of bundles(arch)) {
        for (const program of bundle.programs) expect(bundle.release[program]?.url).to.contain(arch);
      }
    }
  });

  it("makes a checked file executable", async () => {
    files = { "/kubectl": "program", "/kubectl.sha256": sha256("program") };
    await downloader.download({ url: `${url}/kubectl`, checksumUrl: `${url}/kubectl.sha256` }, "kubectl", folder);
    expect(await readFile(join(folder, "kubectl"), "utf8")).to.equal("program");
    expect((await stat(join(folder, "kubectl"))).mode & 0o777).to.equal(0o755);
    expect(await readdir(folder)).to.deep.equal(["kubectl"]);
  });

  it("takes one member out of an archive", async () => {
    await writeFile(join(folder, "helm"), "program");
    await runCommand("tar", ["-czf", "helm.tgz", "--transform=s,^,linux/,", "helm"], { cwd: folder });
    const archive = await readFile(join(folder, "helm.tgz"));
    await Promise.all(["helm", "helm.tgz"].map((name) => rm(join(folder, name))));
    files = { "/helm.tgz": archive, "/sums": `${sha256(archive)}  helm.tgz\n` };
    const file = { url: `${url}/helm.tgz`, checksumUrl: `${url}/sums`, archiveMember: "linux/helm" };
    await downloader.download(file, "helm", folder);
    expect(await readFile(join(folder, "helm"), "utf8")).to.equal("program");
    expect(await readdir(folder)).to.deep.equal(["helm"]);
  });

  it("refuses what the release's checksum does not cover", async () => {
    files = { "/kubectl": "changed", "/kubectl.sha256": sha256("program"), "/empty": "" };
    const changed = downloader.download(
      { url: `${url}/kubectl`, checksumUrl: `${url}/kubectl.sha256` },
      "kubectl",
      folder,
    );
    expect(await failure(changed)).to.contain("its release says");
    const unnamed = downloader.download({ url: `${url}/kubectl`, checksumUrl: `${url}/empty` }, "kubectl", folder);
    expect(await failure(unnamed)).to.contain("has no SHA-256");
    const missing = downloader.download({ url: `${url}/kubectl`, checksumUrl: `${url}/none` }, "kubectl", folder);
    expect(await failure(missing)).to.contain("answered 404");
  });

  it("asks no further once a host cannot be reached", async () => {
    const gone = { url: "http://127.0.0.1:1/x", checksumUrl: "http://127.0.0.1:1/x.sha256" };
    expect(await failure(downloader.download(gone, "x", folder))).to.contain("the internet is not reachable");
    files = { "/kubectl": "program", "/kubectl.sha256": sha256("program") };
    const there = { url: `${url}/kubectl`, checksumUrl: `${url}/kubectl.sha256` };
    expect(await failure(downloader.download(there, "kubectl", folder))).to.contain("not reachable");
  });
});
