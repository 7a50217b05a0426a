import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ensureCommandLineBinaries } from "../../../tools/binaries.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { HttpCharts, OciCharts } from "../../support/chart-registry.js";
import { type GitServer, startGitServer } from "../../support/git-server.js";

const PROGRAM = join(repositoryRoot(), "build/src/cli/main.js");
const USER = "robot";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

const app = (source: object): string =>
  JSON.stringify({
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "OverseerApp",
    metadata: { name: "shop", namespace: "shop" },
    spec: { source: { repositoryRef: { name: "shop" }, path: ".", ...source }, destination: { kubernetes: {} } },
  });

describe("overseer render with a network", function () {
  this.timeout(120_000);
  let root: string;
  let env: NodeJS.ProcessEnv;
  let helm: string;

  before(async () => {
    const programs = await ensureCommandLineBinaries();
    helm = programs.helm;
    env = { ...gitEnvironment(), PATH: [dirname(programs.kubectl), dirname(helm), "/usr/bin", "/bin"].join(":") };
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "overseer-cli-"));
    env = { ...env, HOME: root };
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
  };
  const run = (program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}, input = ""): Promise<Outcome> =>
    new Promise((done) => {
      const child = execFile(program, [...args], { cwd: root, env: { ...env, ...more } }, (error, stdout, stderr) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
      // A program that reads no input may have ended before it is written.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
  const render = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
    run(process.execPath, [PROGRAM, "render", ...args], more);

  describe("and remote bases", () => {
    let git: GitServer;
    let address: string;
    before(async () => {
      git = await startGitServer();
      const base = await git.createRepository("team/base");
      const files = { "base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": configMap("web") };
      await base.commit(files, "first");
      await base.tag("v1");
      address = `${base.url}//base`;
    });
    after(() => git?.stop());

    it("fetches them from the hosts that are listed, and from no others", async () => {
      await write({ "prod/kustomization.yaml": `namePrefix: prod-\nresources:\n- ${address}?ref=v1\n` });
      const allowed = await render(["prod", "--allowed-remote-base-hosts", "127.0.0.1"]);
      expect(allowed.stderr).to.equal("");
      expect(allowed.stdout).to.contain("@v1/base/web.yaml").and.contain("name: prod-web");
      const before = git.requests.length;
      const other = await render(["prod", "--allowed-remote-base-hosts", "git.example.com"]);
      expect(other.code).to.equal(1);
      expect(other.stderr).to.match(
        /prod\/kustomization\.yaml:3: .*127\.0\.0\.1:\d+ is not in --allowed-remote-base-hosts/,
      );
      const none = await render(["prod"]);
      expect(none.code).to.equal(1);
      expect(none.stderr).to.contain("allowRemoteBases is not set");
      expect(git.requests.length).to.equal(before);
    });

    it("needs the permission of an OverseerApp as well, and names the branch's commit", async () => {
      await write({
        "kustomization.yaml": `resources:\n- ${address}?ref=main\n`,
        "strict.yaml": app({}),
        "app.yaml": app({ kustomize: { allowRemoteBases: true } }),
      });
      const flag = ["--allowed-remote-base-hosts", "127.0.0.1"];
      expect((await render(["-f", "strict.yaml", ...flag])).stderr).to.contain("allowRemoteBases is not set");
      const { code, stderr } = await render(["-f", "app.yaml", ...flag]);
      expect(code).to.equal(1);
      expect(stderr)
        .to.contain("kustomization.yaml:2")
        .and.match(/is a branch, .* \?ref=[0-9a-f]{40}/);
      expect((await render(["-f", "app.yaml"])).stderr).to.contain("that --allowed-remote-base-hosts lists");
    });
  });

  describe("and private remote bases", () => {
    const password = `pass-${Date.now()}`;
    let own: GitServer;
    let other: GitServer;
    const addresses: string[] = [];
    before(async () => {
      const auth = { username: USER, password };
      [own, other] = await Promise.all([startGitServer({ auth }), startGitServer({ auth })]);
      for (const server of [own, other]) {
        const base = await server.createRepository("team/base");
        await base.commit({ "kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": configMap("web") }, "first");
        await base.tag("v1");
        addresses.push(base.url);
      }
    });
    after(async () => {
      await own?.stop();
      await other?.stop();
    });

    /** Renders a work tree, whose origin is on the first server, with a base on one of the two. */
    const renderWith = async (base: string | undefined, origin: string, ...config: string[]): Promise<Outcome> => {
      await write({ "kustomization.yaml": `resources:\n- ${base}?ref=v1\n` });
      await run("git", ["init", "--quiet"]);
      await run("git", ["remote", "add", "origin", origin]);
      if (config.length > 0) await run("git", ["config", ...config]);
      return render([".", "--allowed-remote-base-hosts", "127.0.0.1"]);
    };
    const expectBase = ({ code, stdout, stderr }: Outcome): void => {
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.contain("name: web");
    };

    it("takes what Git has for the server of the origin: the URL, a header, or a credential helper", async () => {
      const origin = `${own.url}/team/own.git`;
      expectBase(await renderWith(addresses[0], origin.replace("//", `//${USER}:${password}@`)));
      await rm(join(root, ".git"), { recursive: true });
      const basic = Buffer.from(`${USER}:${password}`).toString("base64");
      expectBase(
        await renderWith(addresses[0], origin, `http.${own.url}/.extraheader`, `AUTHORIZATION: basic ${basic}`),
      );
      await rm(join(root, ".git"), { recursive: true });
      const helper = `!f() { cat >asked; printf 'username=${USER}\\npassword=${password}\\n'; }; f`;
      expectBase(await renderWith(addresses[0], origin, "credential.helper", helper));
      expect(await readFile(join(root, "asked"), "utf8")).to.contain(`host=${new URL(own.url).host}`);
    });

    it("sends nothing to another server, and says that the credential is missing", async () => {
      const origin = `${own.url}/team/own.git`.replace("//", `//${USER}:${password}@`);
      const { code, stderr } = await renderWith(addresses[1], origin);
      expect(code).to.equal(1);
      expect(stderr).to.contain("kustomization.yaml:2").and.not.contain(password);
      expect(stderr).to.match(/credential|authentication/);
    });
  });

  describe("and private registries of charts", () => {
    let oci: OciCharts;
    let http: HttpCharts;
    const password = `pass-${Date.now()}`;
    const chart = {
      "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "templates/web.yaml": configMap("{{ .Release.Name }}-chart"),
    };
    before(async () => {
      [oci, http] = await Promise.all([OciCharts.start(), HttpCharts.start()]);
      for (const registry of [oci, http]) {
        await registry.publish(chart);
        registry.require({ username: USER, password });
      }
    });
    after(async () => {
      await oci?.stop();
      await http?.stop();
    });

    const host = (): string => oci.url.split("/")[2] ?? "";
    const auth = (): string => Buffer.from(`${USER}:${password}`).toString("base64");
    const source = (repository: string): string =>
      app({ helm: { chart: { repository, name: "web", version: "1.0.0" } } });
    const expectChart = ({ code, stdout, stderr }: Outcome): void => {
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.contain("name: shop-chart");
    };

    it("says what is missing without credentials, and does not send those of another registry", async () => {
      await write({ "app.yaml": source(oci.url) });
      const auths = JSON.stringify({ auths: { "127.0.0.1:1": { auth: auth() }, [`${host()}1`]: { auth: auth() } } });
      const { code, stderr } = await render(["-f", "app.yaml"], { DOCKER_AUTH_CONFIG: auths });
      expect(code).to.equal(1);
      expect(stderr).to.contain("or those of helm registry login on a command line").and.not.contain(password);
    });

    it("takes what helm registry login and helm repo add have written", async () => {
      await write({ "oci.yaml": source(oci.url), "http.yaml": source(`${http.url}/`) });
      const config = { HELM_CONFIG_HOME: join(root, "helm"), HELM_CACHE_HOME: join(root, "cache") };
      const login = ["registry", "login", host(), "--username", USER, "--password-stdin", "--plain-http"];
      expect((await run(helm, login, config, password)).code).to.equal(0);
      const add = ["repo", "add", "private", http.url, "--username", USER, "--password-stdin"];
      expect((await run(helm, add, config, password)).code).to.equal(0);
      expectChart(await render(["-f", "oci.yaml"], config));
      expectChart(await render(["-f", "http.yaml"], config));
      const named = join(root, "helm/registry/config.json");
      expect(await readFile(named, "utf8")).to.contain(auth());
      expectChart(await render(["-f", "oci.yaml", "--registry-config", named]));
    });

    it("reads credentials from Docker's file, the environment and a credential helper", async () => {
      const auths = { [`https://${host()}/v1/`]: { auth: auth() } };
      await write({
        "app.yaml": source(oci.url),
        ".docker/config.json": JSON.stringify({ auths }),
        "helped/config.json": JSON.stringify({ credHelpers: { [host()]: "test" } }),
        "bin/docker-credential-test": `#!/bin/sh\nread registry\nprintf '{"ServerURL":"%s","Username":"${USER}","Secret":"${password}"}' "$registry"\n`,
        "broken.json": `{ "auths": "${password}"`,
      });
      await chmod(join(root, "bin/docker-credential-test"), 0o755);
      expectChart(await render(["-f", "app.yaml"]));
      const elsewhere = { HOME: join(root, "none") };
      const inline = JSON.stringify({ auths: { [`${host()}/charts`]: { auth: auth() } } });
      expectChart(await render(["-f", "app.yaml"], { ...elsewhere, DOCKER_AUTH_CONFIG: inline }));
      const path = `${join(root, "bin")}:${env.PATH}`;
      expectChart(await render(["-f", "app.yaml"], { ...elsewhere, DOCKER_CONFIG: join(root, "helped"), PATH: path }));
      const { code, stderr } = await render(["-f", "app.yaml", "--registry-config", "broken.json"]);
      expect(code).to.equal(2);
      expect(stderr).to.contain("broken.json is not of the format").and.not.contain(password);
    });
  });
});
