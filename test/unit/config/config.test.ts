import { expect } from "chai";
import type { Environment } from "../../../src/config/command-line.js";
import { type Config, loadConfig } from "../../../src/config/config.js";
import { ConfigError } from "../../../src/config/errors.js";
import { helpText } from "../../../src/config/help.js";
import { nearest } from "../../../src/config/nearest.js";
import { OPTIONS } from "../../../src/config/options.js";

function load(argv: readonly string[], env: Environment = {}, files: Readonly<Record<string, string>> = {}): Config {
  return loadConfig(argv, { HOME: "/home-of-somebody", ...env }, (path) => files[path]);
}

function refusal(argv: readonly string[], env: Environment = {}): string {
  try {
    load(argv, env);
  } catch (error) {
    if (error instanceof ConfigError && error.exitCode === 2) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("loadConfig", () => {
  it("has a default for everything", () => {
    const config = load([], { XDG_CACHE_HOME: "/cache" });
    expect(config).to.deep.include({
      show: undefined,
      cluster: {},
      metricsAddress: { port: 8080 },
      logLevel: "info",
      cacheDir: "/cache/overseer-gitops",
      namespace: "overseer-system",
      trustedNamespaces: ["overseer-system"],
      concurrency: 8,
      applyConcurrency: 8,
      gitEngine: "auto",
      election: { leaseName: "overseer-gitops", durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
      failpoint: undefined,
    });
    expect(config.identity).to.match(/_[0-9a-f]{8}$/);
    expect(load([]).cacheDir).to.equal("/home-of-somebody/.cache/overseer-gitops");
  });

  it("knows the pod that it runs in", () => {
    const env = {
      KUBERNETES_SERVICE_HOST: "10.0.0.1",
      KUBERNETES_SERVICE_PORT: "443",
      POD_NAME: "overseer-0",
      POD_NAMESPACE: "gitops",
    };
    const config = load([], env);
    expect(config).to.deep.include({
      cluster: { serviceHost: "10.0.0.1", servicePort: "443" },
      cacheDir: "/var/cache/overseer-gitops",
      namespace: "gitops",
      trustedNamespaces: ["gitops"],
    });
    expect(config.identity).to.match(/^overseer-0_/);
  });

  it("reads its namespace from the service account where the pod does not tell", () => {
    const file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
    expect(load([], {}, { [file]: "gitops\n" }).namespace).to.equal("gitops");
  });

  it("takes flags before variables, and the last of two flags", () => {
    const env = { OVERSEER_LOG_LEVEL: "error", OVERSEER_CONCURRENCY: "2" };
    const config = load(["--log-level=warn", "--log-level", "debug"], env);
    expect(config).to.include({ logLevel: "debug", concurrency: 2 });
  });

  it("reads every setting", () => {
    const argv = [
      "--kubeconfig",
      "k",
      "--context=c",
      "--cache-dir",
      "/c",
      "--trusted-namespaces=a, b,a",
      "--concurrency=1",
      "--apply-concurrency=2",
      "--git-engine=isomorphic",
      "--git-cache-bytes=1717986918",
      "--git-max-fetch-bytes=1073741824",
      "--git-max-object-bytes=134217728",
      "--max-file-bytes=33554432",
      "--max-source-bytes=134217728",
      "--max-source-files=100000",
      "--identity=me",
      "--lease-name=l",
      "--lease-duration=1m",
      "--lease-renew-deadline=40s",
      "--lease-retry-period=500ms",
      "--failpoint=app:after-plan#2",
    ];
    expect(load(argv)).to.deep.include({
      cluster: { kubeconfig: "k", context: "c" },
      cacheDir: "/c",
      trustedNamespaces: ["a", "b"],
      concurrency: 1,
      applyConcurrency: 2,
      gitEngine: "isomorphic",
      gitCacheBytes: 1_717_986_918,
      limits: {
        maxPackBytes: 2 ** 30,
        maxObjectBytes: 2 ** 27,
        maxFileBytes: 2 ** 25,
        maxTotalBytes: 2 ** 27,
        maxFiles: 100_000,
      },
      identity: "me",
      election: { leaseName: "l", durationMs: 60_000, renewDeadlineMs: 40_000, retryMs: 500 },
      failpoint: { point: "app:after-plan", occurrence: 2 },
    });
  });

  it("elects no leader when told that there is only one", () => {
    expect(load(["--leader-election=false"]).election).to.equal(undefined);
    expect(load([], { OVERSEER_LEADER_ELECTION: "false" }).election).to.equal(undefined);
    expect(load(["--leader-election=true"], { OVERSEER_LEADER_ELECTION: "false" }).election).not.to.equal(undefined);
  });

  it("has both roles unless told otherwise", () => {
    expect([...load([]).roles]).to.deep.equal(["controller", "server"]);
    expect([...load(["--roles=server"]).roles]).to.deep.equal(["server"]);
    expect([...load([], { OVERSEER_ROLES: "server, controller,server" }).roles]).to.deep.equal([
      "controller",
      "server",
    ]);
    expect(load([]).serverAddress).to.deep.equal({ port: 9090 });
    expect(load(["--server-address=127.0.0.1:1"]).serverAddress).to.deep.equal({ host: "127.0.0.1", port: 1 });
    expect(load(["--api-address=127.0.0.1:2"]).apiAddress).to.deep.equal({ host: "127.0.0.1", port: 2 });
  });

  it("trusts no namespace when told so, and ignores an empty variable", () => {
    expect(load(["--trusted-namespaces="]).trustedNamespaces).to.deep.equal([]);
    expect(load([], { OVERSEER_TRUSTED_NAMESPACES: "", KUBECONFIG: "" })).to.deep.include({
      trustedNamespaces: ["overseer-system"],
      cluster: {},
    });
  });

  const addresses: readonly (readonly [string, object])[] = [
    [":8080", { port: 8080 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:9090", { host: "::1", port: 9090 }],
    ["localhost:80", { host: "localhost", port: 80 }],
  ];
  for (const [text, address] of addresses) {
    it(`listens on ${text}`, () => {
      expect(load([`--metrics-address=${text}`]).metricsAddress).to.deep.equal(address);
    });
  }

  const refusals: readonly (readonly [readonly string[], string])[] = [
    [["--metric-adress=:1"], "CONFIG_UNKNOWN_FLAG: unknown flag --metric-adress: did you mean --metrics-address?"],
    [["--concurency", "3"], "CONFIG_UNKNOWN_FLAG: unknown flag --concurency: did you mean --concurrency?"],
    [["--zzzzzzzz"], "CONFIG_UNKNOWN_FLAG: unknown flag --zzzzzzzz: see --help"],
    [["-v"], "CONFIG_UNKNOWN_FLAG: unknown flag -v: see --help"],
    [["run"], 'CONFIG_UNKNOWN_FLAG: unexpected argument "run"; see --help'],
    [["--log-level"], "CONFIG_MISSING_VALUE: --log-level needs a value: --log-level=LEVEL"],
    [["--log-level", "--concurrency=1"], "CONFIG_MISSING_VALUE: --log-level needs a value: --log-level=LEVEL"],
    [["--help=yes"], "CONFIG_INVALID: --help takes no value"],
    [["--log-level=loud"], 'CONFIG_INVALID: --log-level must be error, warn, info or debug; got "loud"'],
    [["--git-engine=fast"], 'CONFIG_INVALID: --git-engine must be auto, native or isomorphic; got "fast"'],
    [["--concurrency=0"], 'CONFIG_INVALID: --concurrency must be at least 1; got "0"'],
    [["--concurrency=1.5"], 'CONFIG_INVALID: --concurrency must be a whole number; got "1.5"'],
    [["--concurrency=-1"], 'CONFIG_INVALID: --concurrency must be a whole number; got "-1"'],
    [
      ["--trusted-namespaces=a,B"],
      'CONFIG_INVALID: --trusted-namespaces contains "B", which is not a valid namespace name; got "a,B"',
    ],
    [["--leader-election=no"], 'CONFIG_INVALID: --leader-election must be true or false; got "no"'],
    [
      ["--lease-duration=15"],
      'CONFIG_INVALID: --lease-duration must be a duration between 100ms and 1h, like 15s; got "15"',
    ],
    [["--lease-duration=1500ms"], 'CONFIG_INVALID: --lease-duration must be whole seconds, at least 2s; got "1500ms"'],
    [
      ["--lease-duration=10s"],
      "CONFIG_INVALID: --lease-renew-deadline must be at least a second shorter than --lease-duration; got 10s and 10s",
    ],
    [
      ["--lease-retry-period=4s"],
      "CONFIG_INVALID: --lease-retry-period must be at most a third of --lease-renew-deadline; got 4s and 10s",
    ],
    [
      ["--lease-name=A"],
      'CONFIG_INVALID: --lease-name must be a name of lowercase letters, digits, dashes and dots; got "A"',
    ],
    [
      ["--roles=controller,sever"],
      'CONFIG_INVALID: --roles must be some of controller, server, api, separated by commas; got "controller,sever"',
    ],
    [["--roles="], 'CONFIG_INVALID: --roles must be some of controller, server, api, separated by commas; got ""'],
    [["--kubeconfig="], 'CONFIG_INVALID: --kubeconfig must not be empty; got ""'],
  ];
  for (const [argv, message] of refusals) {
    it(`refuses ${argv.join(" ")}`, () => {
      expect(refusal(argv)).to.equal(message);
    });
  }

  for (const address of ["8080", ":", ":x", ":99999", "::1:80", "host", "http://x:1"]) {
    it(`refuses to listen on ${address}`, () => {
      expect(refusal([`--metrics-address=${address}`])).to.include("--metrics-address must be like :8080");
    });
  }

  it("names the variable, where the value came from one", () => {
    expect(refusal([], { OVERSEER_CONCURRENCY: "many" })).to.equal(
      'CONFIG_INVALID: OVERSEER_CONCURRENCY must be a whole number; got "many"',
    );
    expect(refusal([], { OVERSEER_FAILPOINT: "app:nowhere" })).to.match(
      /OVERSEER_FAILPOINT must be one of app:before-finalizer, /,
    );
  });
});

describe("helpText", () => {
  it("describes every flag, variable and default, in lines of at most 100 characters", () => {
    const text = helpText();
    for (const option of OPTIONS) {
      expect(text).to.include(`--${option.flag}`);
      if ("env" in option) expect(text).to.include(option.env);
      expect(text.replaceAll(/\s+/g, " ")).to.include(option.help);
    }
    for (const line of text.split("\n")) expect(line.length, line).to.be.at.most(100);
  });

  it("is requested by --help", () => {
    expect(load(["--help"]).show).to.equal("help");
    expect(load(["--version"]).show).to.equal("version");
  });
});

describe("nearest", () => {
  it("returns the closest candidate, or undefined if none is close", () => {
    expect(nearest("contxt", ["context", "quiet"])).to.equal("context");
    expect(nearest("quite", ["context", "quiet"])).to.equal("quiet");
    expect(nearest("something", ["context", "quiet"])).to.equal(undefined);
    expect(nearest("x", [])).to.equal(undefined);
  });
});
