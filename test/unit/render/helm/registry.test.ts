import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { packTar, type TarHeader } from "modern-tar";
import { systemClock } from "../../../../src/base/clock.js";
import { sha256 } from "../../../../src/base/hash.js";
import { DiskCache } from "../../../../src/render/disk-cache.js";
import type { ChartCredentials } from "../../../../src/render/helm/registry/chart-pull.js";
import type { RenderRequest } from "../../../../src/render/request.js";
import { HttpCharts, OciCharts } from "../../../support/chart-registry.js";
import { failureOf, request } from "../support/harness.js";
import { MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

const chart = (version: string, template = "a: {{ .Values.a | quote }}"): Record<string, string> => ({
  "Chart.yaml": `apiVersion: v2\nname: web\nversion: ${version}\n`,
  "values.yaml": "a: chart\n",
  "templates/web.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}" }\ndata:\n  version: {{ .Chart.Version }}\n  ${template}\n`,
});

const SECRET = { username: "robot", password: "hunter2-canary" };
const GIT = { "apps/web/prod.yaml": "a: prod\n", "apps/other.yaml": "x: 1\n" };

describe("charts of registries", function () {
  this.timeout(120_000);
  let http: HttpCharts;
  let oci: OciCharts;
  let folder: string;
  before(async () => {
    [http, oci] = await Promise.all([HttpCharts.start(), OciCharts.start()]);
    for (const registry of [http, oci])
      for (const version of ["1.0.0", "1.2.0"]) await registry.publish(chart(version));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-charts-"));
    for (const registry of [http, oci]) registry.require(undefined);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  after(async () => {
    await http?.stop();
    await oci?.stop();
  });

  const disk = (): DiskCache =>
    new DiskCache({ folder, purpose: "charts", secret: "s", version: "1", maxBytes: 2 ** 30, clock: systemClock });
  const renderer = (cache?: DiskCache) => realRenderer({ chartCache: cache });
  const asked = (
    reference: { repository: string; name?: string; version?: string; digest?: string },
    rest: Partial<RenderRequest> = {},
  ): RenderRequest => {
    const helm = { chart: { name: "web", version: "1.0.0", ...reference }, valueFiles: ["prod.yaml"] };
    return { ...request("apps/web"), source: { path: "apps/web", helm }, ...rest };
  };
  const data = async (wanted: RenderRequest, cache?: DiskCache): Promise<unknown> =>
    (await (await renderer(cache)).render(wanted, new MemorySnapshot(GIT))).documents[0]?.object.data;

  for (const [kind, registry] of [
    ["an HTTP repository", () => http],
    ["an OCI registry", () => oci],
  ] as const) {
    it(`come from ${kind} in exactly the version that is asked for, with values files of the commit`, async () => {
      const { url } = registry();
      expect(await data(asked({ repository: url }))).to.deep.equal({ version: "1.0.0", a: "prod" });
      expect(await data(asked({ repository: `${url}/`, version: "1.2.0" }))).to.include({ version: "1.2.0" });
    });

    it(`come from ${kind} with credentials, which reach no message`, async () => {
      const { url } = registry();
      registry().require(SECRET);
      const wanted = (chartCredentials: ChartCredentials) =>
        asked({ repository: url }, { external: { digest: "", variables: new Map(), values: [], chartCredentials } });
      expect(await data(wanted(SECRET))).to.include({ version: "1.0.0" });
      for (const wrong of [{}, { ...SECRET, password: "wrong-canary" }]) {
        const error = await failureOf(data(wanted(wrong)));
        expect(error).to.include({ reason: "ChartUnavailable", class: "retryable" });
        expect(error.message)
          .to.include("check the credentials in the Secret of source.helm.chart.secretRef")
          .and.not.match(/canary|robot/);
      }
    });

    it(`of ${kind} that do not exist are named, and tried again`, async () => {
      const { url } = registry();
      const error = await failureOf(data(asked({ repository: url, version: "9.9.9" })));
      expect(error).to.include({ reason: "ChartUnavailable", class: "retryable" });
      expect(error.message).to.include(`chart web 9.9.9 of ${url} cannot be pulled: `);
      expect(error.message).to.match(/9\.9\.9\D.*not found|not found/);
      expect(error.message).not.to.match(/\/tmp|FetchReference|helm repo update/);
    });
  }

  it("are pulled from allowed hosts only, also if they are kept already", async () => {
    for (const { url: repository } of [http, oci]) {
      const cache = disk();
      expect(await data(asked({ repository }), cache)).to.include({ version: "1.0.0" });
      const { host, hostname } = new URL(repository);
      const render = async (chartHosts: readonly string[]) =>
        (await realRenderer({ chartCache: cache, chartHosts })).render(asked({ repository }), new MemorySnapshot(GIT));
      for (const allowed of [hostname, host]) expect((await render([allowed])).documents).to.have.lengthOf(1);
      for (const other of ["charts.example.com", `${hostname}:1`]) {
        const error = await failureOf(render([other]));
        expect(error).to.include({ reason: "ChartUnavailable", class: "retryable" });
        expect(error.message).to.include(
          `the host ${host} of source.helm.chart.repository is not in --allowed-chart-hosts`,
        );
      }
    }
  });

  it("of a registry that never answers are tried again", async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    try {
      const repository = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const own = await realRenderer({ programs: { timeoutMs: 2_000 } });
      const error = await failureOf(own.render(asked({ repository }), new MemorySnapshot(GIT)));
      expect(error).to.include({ reason: "ChartUnavailable", class: "retryable" });
      expect(error.message).to.equal(`chart web 1.0.0 of ${repository} cannot be pulled: helm takes longer than 2 s`);
    } finally {
      await new Promise((done) => silent.close(done));
    }
  });

  it("are pulled once: later renders and processes read them from disk, and from no registry", async () => {
    const cache = disk();
    const first = await renderer(cache);
    const snapshot = new MemorySnapshot(GIT);
    await Promise.all([1, 2, 3].map(() => first.render(asked({ repository: http.url }), snapshot)));
    const requests = http.requests.length;
    expect(http.requests.filter((line) => line.endsWith("/web-1.0.0.tgz")).length).to.be.greaterThan(0);
    await first.render(asked({ repository: http.url }), snapshot);
    expect(await data(asked({ repository: http.url }), disk())).to.include({ version: "1.0.0" });
    expect(http.requests.length).to.equal(requests);
  });

  it("are kept encrypted, and for those alone who have the credentials", async () => {
    http.require(SECRET);
    const mine = asked(
      { repository: http.url },
      { external: { digest: "", variables: new Map(), values: [], chartCredentials: SECRET } },
    );
    await data(mine, disk());
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name));
      expect(bytes.includes("Chart.yaml") || bytes.includes(Buffer.from([0x1f, 0x8b, 0x08]))).to.equal(false);
    }
    expect(await failureOf(data(asked({ repository: http.url }), disk()))).to.include({ reason: "ChartUnavailable" });
  });

  it("must have the digest that the source names", async () => {
    const archive = await readFile(await http.publish(chart("3.0.0")));
    const digest = `sha256:${sha256(archive)}`;
    const wanted = { repository: http.url, version: "3.0.0" };
    expect(await data(asked({ ...wanted, digest }))).to.include({ version: "3.0.0" });
    const other = `sha256:${"0".repeat(64)}`;
    const error = await failureOf(data(asked({ ...wanted, digest: other })));
    expect(error).to.include({ reason: "ChartUnavailable", class: "retryable" });
    expect(error.message).to.include(`has the digest ${digest}, and source.helm.chart.digest is ${other}`);
  });

  it("are pulled again after the registry was repaired, or when the source names another digest", async () => {
    const own = await renderer(disk());
    const version = "6.0.0";
    const render = async (digest?: string): Promise<unknown> => {
      const wanted = asked({ repository: http.url, version, ...(digest === undefined ? {} : { digest }) });
      return (await own.render(wanted, new MemorySnapshot(GIT))).documents[0]?.object.data;
    };
    const good = await readFile(await http.publish(chart(version)));
    await http.serve(`web-${version}.tgz`, Buffer.from("cut off"));
    expect(await failureOf(render())).to.include({ reason: "ChartUnavailable", class: "retryable" });
    await http.serve(`web-${version}.tgz`, good);
    expect(await render()).to.include({ version, a: "prod" });
    const republished = await readFile(await http.publish(chart(version, "a: again")));
    expect(await render()).to.include({ a: "prod" });
    expect(await render(`sha256:${sha256(republished)}`)).to.include({ a: "again" });
  });

  it("have a key that depends on their version and values files only", async () => {
    const own = await renderer();
    const wanted = asked({ repository: http.url });
    const first = await own.locate(wanted, new MemorySnapshot(GIT));
    const requests = http.requests.length;
    const same = await own.locate(wanted, new MemorySnapshot({ ...GIT, "apps/other.yaml": "x: 2\n" }), first);
    expect(same.key).to.equal(first.key);
    expect(http.requests.length).to.equal(requests);
    const values = await own.locate(wanted, new MemorySnapshot({ ...GIT, "apps/web/prod.yaml": "a: new\n" }), same);
    expect(values.key).not.to.equal(first.key);
    const newer = await own.locate(asked({ repository: http.url, version: "1.2.0" }), new MemorySnapshot(GIT));
    expect(newer.key).not.to.equal(first.key);
  });

  it("have errors with the file and line in the archive", async () => {
    await http.publish(chart("4.0.0", 'b: {{ fail "no such luck" }}'));
    const { message } = await failureOf(data(asked({ repository: http.url, version: "4.0.0" })));
    expect(message).to.match(/^web-4\.0\.0\.tgz\/templates\/web\.yaml:6:\d+: helm: .*no such luck/);
  });

  describe("that are hostile", () => {
    const entry = (name: string, body = "x", header: Partial<TarHeader> = {}) => ({
      header: { name, size: body.length, ...header },
      body,
    });
    const good = [entry("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 5.0.0\n")];
    const serve = async (archive: Uint8Array): Promise<void> => {
      await http.serve("web-5.0.0.tgz", archive);
      await http.serve(
        "index.yaml",
        `apiVersion: v1\nentries:\n  web:\n  - apiVersion: v2\n    name: web\n    version: 5.0.0\n    urls: [web-5.0.0.tgz]\n`,
      );
    };
    const bomb = gzipSync(Buffer.alloc(80 * 2 ** 20));
    const cases: readonly (readonly [string, () => Promise<Uint8Array>, RegExp])[] = [
      ["hold a path that leaves the chart", () => packTar([...good, entry("web/../../x")]), /path is not valid/],
      ["hold an absolute path", () => packTar([...good, entry("/etc/passwd")]), /path is not valid/],
      [
        "hold a symbolic link",
        () => packTar([...good, entry("web/a", "", { type: "symlink", linkname: "/etc/passwd" })]),
        /"web\/a", which is no regular file/,
      ],
      ["hold no chart", () => packTar([entry("web/readme", "x")]), /holds no Chart\.yaml/],
      ["are no archives", async () => Buffer.from("hello"), /is no gzip file/],
      ["are bombs", async () => bomb, /unpacks to more than \d+ bytes/],
    ];
    for (const [title, make, message] of cases) {
      it(`are refused when they ${title}`, async () => {
        const bytes = await make();
        await serve(bytes === bomb || bytes.length < 100 ? bytes : gzipSync(bytes));
        const error = await failureOf(data(asked({ repository: http.url, version: "5.0.0" })));
        expect(error.message).to.match(message);
      });
    }
  });
});
