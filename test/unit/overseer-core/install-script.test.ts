import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type CoreProcess, startAgent, startCore } from "../../support/core-process.js";

const SCRIPT = join(repositoryRoot(), "deploy/systemd/install.sh");

describe("the install script for one machine", function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;
  let root: string;
  let dist: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-install-");
    root = join(folder.path, "root");
    dist = join(folder.path, "dist");
    mkdirSync(dist);
    for (const name of ["overseer-core.js", "overseer-agent.js"]) writeFileSync(join(dist, name), "// first\n");
  });
  afterEach(() => folder.remove());
  /** Runs the script with a Node.js in a folder, since that of the developer may be in a home directory. */
  const runWith = (bin: string, ...args: string[]) => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "node"), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
    chmodSync(join(bin, "node"), 0o755);
    const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
    return spawnSync("sh", [SCRIPT, ...args], { encoding: "utf8", env });
  };
  const run = (...args: string[]) => runWith(join(folder.path, "bin"), ...args);
  const install = (...args: string[]) => run("install", "--root", root, "--from", dist, "--node", "home", ...args);
  const read = (path: string): string => readFileSync(join(root, path), "utf8");

  it("installs programs, units and settings, and keeps settings and data when run again", () => {
    expect(install()).to.include({ status: 0, stderr: "" });
    expect(read("usr/local/lib/overseer/overseer-core.js")).to.equal("// first\n");
    expect(read("etc/overseer/agent.env")).to.match(/^CORE_URL=http:\/\/127.0.0.1:8480\nNODE_NAME=home\n/);
    writeFileSync(join(root, "etc/overseer/core.env"), "CORE_FLAGS=--port 9000\n");
    writeFileSync(join(dist, "overseer-core.js"), "// second\n");
    expect(install()).to.include({ status: 0, stderr: "" });
    expect(read("usr/local/lib/overseer/overseer-core.js")).to.equal("// second\n");
    expect(read("etc/overseer/core.env")).to.equal("CORE_FLAGS=--port 9000\n");
    expect(readdirSync(join(root, "usr/local/lib"))).to.deep.equal(["overseer"]);
    mkdirSync(join(root, "var/lib/overseer-core"), { recursive: true });
    expect(run("uninstall", "--root", root).stdout).to.match(/^Removed. Kept: .*Containers go on running/);
    expect(existsSync(join(root, "var/lib/overseer-core"))).to.equal(true);
    expect(existsSync(join(root, "usr/local/lib/overseer"))).to.equal(false);
    expect(run("uninstall", "--purge", "--root", "").stderr).to.equal("install.sh: --root requires a value\n");
    const asked = run("uninstall", "--purge", "--root", root);
    expect(asked.stdout).to.contain(`This deletes ${root}/etc/overseer`);
    expect([asked.status, existsSync(join(root, "etc/overseer"))], "without an answer").to.deep.equal([1, true]);
    expect(run("uninstall", "--purge", "--yes", "--root", root).status).to.equal(0);
    expect(existsSync(join(root, "etc/overseer"))).to.equal(false);
    expect(existsSync(join(root, "var/lib/overseer-core"))).to.equal(false);
  });

  it("installs an agent alone, with the certificate of its Core", () => {
    const [token, ca] = [join(folder.path, "token"), join(folder.path, "ca.crt")];
    writeFileSync(token, "secret\n");
    writeFileSync(ca, "PEM\n");
    expect(install("--agent-only").stderr).to.equal("install.sh: --agent-only requires --core and --token-file\n");
    const core = ["--core", "https://core.example.com:8480", "--token-file", token, "--ca", ca];
    expect(install("--agent-only", ...core)).to.include({ status: 0, stderr: "" });
    expect(read("etc/overseer/agent.env")).to.match(/AGENT_FLAGS=--ca \/etc\/overseer\/core-ca.crt\n$/);
    expect(read("etc/overseer/core-ca.crt")).to.equal("PEM\n");
    expect(statSync(join(root, "etc/overseer/agent-token")).mode & 0o777).to.equal(0o600);
    const units = () => readdirSync(join(root, "etc/systemd/system"));
    expect(units()).to.deep.equal(["overseer-agent.service"]);

    // An upgrade.
    expect(install(), "without arguments").to.include({ status: 0, stderr: "" });
    expect(units(), "no Core").to.deep.equal(["overseer-agent.service"]);
    expect(existsSync(join(root, "etc/overseer/core.env"))).to.equal(false);
    const installed = [
      "--token-file",
      join(root, "etc/overseer/agent-token"),
      "--ca",
      join(root, "etc/overseer/core-ca.crt"),
    ];
    expect(install("--agent-only", ...installed), "with the installed files").to.include({ status: 0, stderr: "" });
    writeFileSync(join(dist, "overseer-core.js"), "// second\n");
    const refused = (...args: string[]): string => {
      const { status, stderr } = install("--agent-only", ...args);
      expect(status, stderr).to.equal(1);
      expect(read("usr/local/lib/overseer/overseer-core.js"), "nothing is changed").to.equal("// first\n");
      return stderr;
    };
    expect(refused("--core", "https://other:8480")).to.match(
      /is installed for the Core https:\/\/core.example.com:8480, not https:\/\/other:8480: set CORE_URL in /,
    );
    expect(refused("--node", "other")).to.match(/is installed as node home, not other/);
    const settings = join(root, "etc/overseer/agent.env");
    writeFileSync(settings, read("etc/overseer/agent.env").replace(/--ca .*/, ""));
    expect(refused("--ca", ca)).to.match(/does not use --ca: add --ca \/etc\/overseer\/core-ca.crt to AGENT_FLAGS/);
  });

  it("refuses names of nodes and paths of Node.js that do not work, before anything is written", () => {
    const named = (name: string) => run("install", "--root", root, "--from", dist, "--node", name).stderr;
    for (const name of ["DESKTOP-7F", "a b", "a-", "a".repeat(44)])
      expect(named(name)).to.contain(`install.sh: ${name} cannot be the name of a node: set --node to at most 43`);
    const at = (bin: string) =>
      runWith(join(root, bin), "install", "--root", root, "--from", dist, "--node", "home").stderr;
    expect(at("home/me/bin")).to.match(
      /is in a home directory, which the services cannot read: install Node.js for all users/,
    );
    expect(at("opt/a#b")).to.match(/contains characters that units cannot/);
    expect(existsSync(join(root, "etc")) || existsSync(join(root, "usr"))).to.equal(false);
    expect(named("a".repeat(43))).to.equal("");
  });

  it("names the node after the host, in lowercase", () => {
    const bin = join(folder.path, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "uname"), "#!/bin/sh\necho DESKTOP-7F\n", { mode: 0o755 });
    expect(run("install", "--root", root, "--from", dist)).to.include({ status: 0, stderr: "" });
    expect(read("etc/overseer/agent.env")).to.contain("NODE_NAME=desktop-7f\n");
  });

  it("lets the agent restore modes, owners and device nodes, and see the paths that Docker sees", () => {
    const unit = readFileSync(join(SCRIPT, "../overseer-agent.service"), "utf8");
    expect(unit).not.to.match(
      /^(RestrictSUIDSGID|ProtectClock|PrivateDevices|PrivateTmp|CapabilityBoundingSet|SystemCallFilter)=/m,
    );
  });

  it("installs units that systemd accepts", function () {
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return this.skip();
    expect(install().status).to.equal(0);
    const units = ["overseer-core", "overseer-agent"].map((name) => join(root, `etc/systemd/system/${name}.service`));
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8" });
    // Units of the machine that the test runs on may have problems of their own.
    const own = `${stdout}${stderr}`.split("\n").filter((line) => /overseer-(core|agent)\.service/.test(line));
    expect(own).to.deep.equal([]);
    return undefined;
  });
});

describe("an agent and a Core with TLS", function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;
  let core: CoreProcess | undefined;
  before(async () => {
    folder = await makeTemporaryFolder("overseer-tls-");
  });
  after(async () => {
    await core?.remove();
    await folder.remove();
  });

  it("trust the certificate that the agent was given, and no other", async function () {
    const certificate = (name: string): string[] | undefined => {
      const files = [join(folder.path, `${name}.crt`), join(folder.path, `${name}.key`)];
      const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      const subject = ["-subj", "/CN=core", "-addext", "subjectAltName=IP:127.0.0.1"];
      const made = spawnSync("openssl", [
        "req",
        "-x509",
        ...key,
        ...subject,
        "-out",
        files[0] ?? "",
        "-keyout",
        files[1] ?? "",
      ]);
      return made.error === undefined ? files : undefined;
    };
    const [own, other] = [certificate("core"), certificate("other")];
    if (own === undefined || other === undefined) return this.skip();
    const [cert = "", key = ""] = own;
    core = await startCore({ flags: ["--tls-cert", cert, "--tls-key", key], ca: readFileSync(cert, "utf8") });
    const token = join(folder.path, "token");
    const enroll = (ca: string) => {
      const files = ["--admin-token-file", join(core?.dataDir ?? "", "admin-token"), "--out", token, "--ca", ca];
      return spawnSync("sh", [SCRIPT, "enroll", "--core", core?.url ?? "", "--node", "node-2", ...files], {
        encoding: "utf8",
      });
    };
    expect(enroll(cert)).to.include({ status: 0, stderr: "" });
    expect(statSync(token).mode & 0o777).to.equal(0o600);
    const agent = await startAgent(core, "node-1", { flags: ["--ca", cert] });
    await agent.stop();
    const [wrong = ""] = other;
    const stranger = await startAgent(core, "node-3", { flags: ["--ca", wrong], registered: false });
    await waitUntil({ what: "the agent refuses the certificate", timeoutMs: 30_000 }, async () =>
      /cannot reach the Core: self[- ]signed certificate/.test(await stranger.log()),
    );
    expect(await stranger.log()).not.to.contain('"msg":"registered"');
    await stranger.remove();
    await agent.remove();
    return undefined;
  });
});
