import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { loadAll } from "js-yaml";
import { ensureCommandLineBinaries } from "../../../tools/binaries.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { ageKey, keyFile, Sops } from "../../support/sops.js";

const PROGRAM = join(repositoryRoot(), "build/src/cli/main.js");

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Rendered = { readonly kind: string; readonly metadata: Record<string, unknown>; readonly data?: unknown };

const configMap = (name: string, data: Record<string, string> = {}): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: ${JSON.stringify(data)}\n`;

const CHART = {
  "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "chart/values.yaml": "a: chart\nb: chart\nc: chart\nd: chart\n",
  "chart/templates/web.yaml": [
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }",
    "data: {{ toJson .Values }}",
    "",
  ].join("\n"),
  "env/prod.yaml": "b: prod\nc: prod\n",
};

const app = (name: string, source: string): string =>
  [
    "apiVersion: gitops.overseer.io/v1alpha1",
    "kind: OverseerApp",
    `metadata: { name: ${name}, namespace: shop }`,
    `spec: { source: ${source}, destination: { kubernetes: {} } }`,
    "",
  ].join("\n");

describe("overseer render", function () {
  this.timeout(120_000);
  let root: string;
  let path: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    const { kubectl, helm } = await ensureCommandLineBinaries();
    path = [dirname(kubectl), dirname(helm), "/usr/bin", "/bin"].join(":");
    env = { ...gitEnvironment(), PATH: path };
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "overseer-cli-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
  };
  const run = (args: readonly string[], options: { program?: string; path?: string } = {}): Promise<Outcome> =>
    new Promise((done) => {
      const { program = PROGRAM } = options;
      const environment = { ...env, PATH: options.path ?? path };
      execFile(process.execPath, [program, ...args], { cwd: root, env: environment }, (error, stdout, stderr) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });
  const rendered = async (...args: string[]): Promise<Rendered[]> => {
    const { code, stdout, stderr } = await run(["render", ...args]);
    expect(code, stderr).to.equal(0);
    return loadAll(stdout) as Rendered[];
  };
  const dataOf = async (...args: string[]): Promise<unknown> => (await rendered(...args))[0]?.data;

  it("prints a kustomization as kubectl kustomize does, with the file that each object comes from", async () => {
    await write({
      "k8s/base/kustomization.yaml": "resources: [web.yaml]\n",
      "k8s/base/web.yaml": configMap("web", { on: "yes", number: "0777" }),
      "k8s/prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\nnamespace: prod\n",
    });
    const { stdout } = await run(["render", "k8s/prod"]);
    expect(stdout).to.match(/^---\n# Source: k8s\/base\/web\.yaml\napiVersion: v1\n/);
    const expected = await runCommand("kubectl", ["kustomize", "k8s/prod"], { cwd: root, env });
    expect(loadAll(stdout)).to.deep.equal(loadAll(expected));
  });

  it("prints a chart as helm template does, with values files and settings in the order of Helm", async () => {
    await write(CHART);
    const flags = ["--values", "env/prod.yaml", "--set", "c=set", "--set-string", "d=1"];
    const expected = await runCommand("helm", ["template", "shop", "chart", "--namespace", "team", ...flags], {
      cwd: root,
      env,
    });
    const own = await rendered("chart", "--name", "shop", "-n", "team", ...flags);
    expect(own).to.deep.equal(loadAll(expected));
    expect(own[0]?.data).to.deep.equal({ a: "chart", b: "prod", c: "set", d: "1" });
  });

  it("separates the settings of one flag as helm does", async () => {
    await write(CHART);
    const flags = [
      ["--set", "a=1,m.one=5", "--set", "list={x,y\\,z},b=p\\,q,"],
      ["--set-string", "a=1,m.one=5,list[0]={1,2},c="],
    ];
    for (const each of flags) {
      const expected = await runCommand("helm", ["template", "app", "chart", ...each], { cwd: root, env });
      const [own] = await rendered("chart", ...each);
      const [bare] = loadAll(expected) as Rendered[];
      expect(own?.data, each.join(" ")).to.deep.equal(bare?.data);
    }
  });

  it("takes a values file that is not in the repository, and names it in errors", async () => {
    await write({ ...CHART, ".gitignore": "local.yaml\n", "local.yaml": "b: local\n", "broken.yaml": "b: [\n" });
    await runCommand("git", ["init", "--quiet"], { cwd: root, env });
    expect(await dataOf("chart", "--values", "local.yaml")).to.include({ a: "chart", b: "local" });
    const outside = join(root, "../broken-values.yaml");
    await writeFile(outside, "a: 1\n b: [\n");
    for (const [file, said] of [
      ["broken.yaml", "overseer: broken.yaml:1: the file is not valid YAML: "],
      [outside, `overseer: ${outside}:2: the file is not valid YAML: mapping values are not allowed`],
    ] as const) {
      const { code, stderr } = await run(["render", "chart", "--values", file]);
      expect(code).to.equal(1);
      expect(stderr).to.include(said);
    }
    await rm(outside);
  });

  it("renders for the Kubernetes version and the API versions that are given", async () => {
    await write({
      ...CHART,
      "chart/templates/web.yaml":
        `${configMap("a")}  version: {{ .Capabilities.KubeVersion.Version }}\n  has: {{ .Capabilities.APIVersions.Has "x.example.com/v1" | quote }}\n`.replace(
          "data: {}\n",
          "data:\n",
        ),
    });
    const flags = ["--kube-version", "v1.31.2", "--api-versions", "x.example.com/v1"];
    expect(await dataOf("chart", ...flags)).to.deep.equal({ version: "v1.31.2", has: "true" });
  });

  it("reads what a commit of the work tree would contain", async () => {
    await write({ "a.yaml": configMap("a"), "deleted.yaml": configMap("deleted"), ".gitignore": "ignored.yaml\n" });
    await runCommand("git", ["init", "--quiet"], { cwd: root, env });
    await runCommand("git", ["add", "."], { cwd: root, env });
    await rm(join(root, "deleted.yaml"));
    await write({ "new.yaml": configMap("new"), "ignored.yaml": "not: [yaml" });
    await symlink("a.yaml", join(root, "link.txt"));
    const { stdout } = await run(["render", "-o", "name"]);
    expect(stdout).to.equal("configmap/a\nconfigmap/new\n");
  });

  it("prints what runs as a hook after the rest, and says so", async () => {
    const job = [
      "apiVersion: batch/v1",
      "kind: Job",
      "metadata: { name: migrate, annotations: { argocd.argoproj.io/hook: PreSync } }",
      "spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } } }",
      "",
    ].join("\n");
    await write({ "0.yaml": job, "a.yaml": configMap("a") });
    const { stdout, stderr } = await run(["render", "-o", "name"]);
    expect(stdout).to.equal("configmap/a\njob.batch/migrate\n");
    expect(stderr).to.equal("note: Job default/migrate runs as a hook: PreSync\n");
  });

  it("takes integers beyond 2^53 in the values of an OverseerApp", async () => {
    const helm = "{ repositoryRef: { name: r }, path: chart, helm: { values: { a: 9007199254740993 } } }";
    await write({ ...CHART, "app.yaml": app("web", helm) });
    expect(await run(["render", "-f", "app.yaml", "-o", "name"])).to.include({ code: 0, stdout: "configmap/web\n" });
  });

  it("gives the namespace of -n to namespaced kinds only", async () => {
    const role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r }\nrules: []\n";
    const gadget = "apiVersion: example.com/v1\nkind: Gadget\nmetadata: { name: g }\n";
    await write({ "a.yaml": `${configMap("a")}---\n${role}---\n${gadget}` });
    const { stdout, stderr } = await run(["render", "-n", "team", "-o", "json"]);
    const list = JSON.parse(stdout) as { readonly kind: string; readonly items: readonly Rendered[] };
    expect(list.kind).to.equal("List");
    expect(list.items.map(({ kind, metadata }) => [kind, metadata.namespace])).to.deep.equal([
      ["ConfigMap", "team"],
      ["ClusterRole", undefined],
      ["Gadget", "team"],
    ]);
    expect(stderr).to.equal("note: Gadget.example.com is no built-in kind, and is taken as namespaced\n");
  });

  it("takes source, namespace and name of an OverseerApp with -f", async () => {
    const helm =
      "{ repositoryRef: { name: r }, path: chart, helm: { valueFiles: [../env/prod.yaml], values: { c: app } } }";
    await write({ ...CHART, "apps.yaml": `${app("web", helm)}---\n${app("other", "{ repositoryRef: { name: r } }")}` });
    expect(
      await rendered("-f", "apps.yaml", "--app", "web", "--values", "env/prod.yaml", "--set", "a=set"),
    ).to.deep.equal([
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "web", namespace: "shop" },
        data: { a: "set", b: "prod", c: "prod", d: "chart" },
      },
    ]);
    expect(await dataOf("-f", "apps.yaml", "--app", "web")).to.include({ b: "prod", c: "app" });
    const several = await run(["render", "-f", "apps.yaml"]);
    expect(several).to.include({
      code: 2,
      stderr: "overseer: apps.yaml contains 2 OverseerApps: choose one with --app (web, other)\n",
    });
  });

  it("applies patches and inline variables, and says that it cannot read Secrets", async () => {
    await write({ "web/a.yaml": configMap("a", { image: "web:${TAG}", other: "${OTHER}" }) });
    const patch = JSON.stringify("- { op: add, path: /data/patched, value: 'yes' }");
    const source = (from: string): string =>
      `{ repositoryRef: { name: r }, path: web, patches: [{ target: { kind: ConfigMap }, patch: ${patch} }], substitute: { variables: { TAG: v2 }${from} } }`;
    await write({
      "app.yaml": app("web", source("")),
      "secret.yaml": app("web", source(", from: [{ kind: Secret, name: s }]")),
    });
    expect(await dataOf("-f", "app.yaml")).to.deep.equal({ image: "web:v2", other: "${OTHER}", patched: "yes" });
    const { code, stderr } = await run(["render", "-f", "secret.yaml"]);
    expect(code).to.equal(1);
    expect(stderr).to.include(
      "source.substitute.from names ConfigMaps and Secrets of the cluster, which cannot be read here",
    );
  });

  it("renders documents of an Overseer app, with variables", async () => {
    await write({
      "app.yaml":
        'apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: web }\nspec:\n  targetNode: n1\n  compose: { services: { web: { image: "nginx:${TAG}" } } }\n',
    });
    const { code, stdout, stderr } = await run(["render", "--destination", "overseer", "--env", "TAG=1.2"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("nginx:1.2");
    const forCluster = await run(["render", "--env", "TAG=1.2", "-o", "name"]);
    expect(forCluster.stdout, forCluster.stderr).to.equal("service/web\ndeployment.apps/web\n");
  });

  it("prints each problem with file and line, nothing on stdout, and exits with 1", async () => {
    await write({ "a.yaml": `${configMap("a")}---\nkind: ConfigMap\n`, "b.yaml": "a: b: c\n" });
    const { code, stdout, stderr } = await run(["render"]);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(stderr).to.match(/^overseer: \d problems:\n {2}a\.yaml:6.*\n {2}b\.yaml:1/);
  });

  it("exits with 2 for a command line that is wrong, and says what is", async () => {
    await write({
      ...CHART,
      "a.yaml": configMap("a"),
      ...{ "ignored/a.yaml": configMap("a"), ".gitignore": "ignored\n" },
      "typo.yaml": app("typo", "{ repositoryRef: { name: r }, pth: a }"),
      "both.yaml": app("both", "{ repositoryRef: { name: r }, helm: {}, plain: {} }"),
      "text.yaml": app("text", '{ repositoryRef: { name: r }, path: chart, helm: { values: "a: 1" } }'),
    });
    await runCommand("git", ["init", "--quiet"], { cwd: root, env });
    for (const [args, text] of [
      [["rendr"], "Did you mean render?"],
      [["render", "--outptu", "json"], "Did you mean --output?"],
      [["render", "-o", "xml"], "Allowed choices are yaml, json, name"],
      [["render", "nowhere"], 'PATH "nowhere" cannot be read: it does not exist\n'],
      [["render", "-f", "a.yaml"], "a.yaml contains no OverseerApp"],
      [["render", "-f", "nowhere.yaml"], '-f "nowhere.yaml" cannot be read: it does not exist\n'],
      [["render", "-f", "."], '-f "." cannot be read: it is a directory\n'],
      [["render", "chart", "--values", "nowhere.yaml"], '--values "nowhere.yaml" cannot be read: it does not exist\n'],
      [["render", "--set", "a=1"], 'are for charts, and "." holds no Chart.yaml: name the directory of a chart'],
      [["render", "a.yaml", "--values", "a.yaml"], 'are for charts, and "a.yaml" holds no Chart.yaml'],
      [
        ["render", "-f", "text.yaml"],
        "OverseerApp text: spec.source.helm.values is no object: write the values as fields",
      ],
      [["render", "chart", "--set", "a"], '--set "a" is not of the form NAME=VALUE'],
      [["render", "chart", "--set", "a=1,b"], '--set "a=1,b" is not of the form NAME=VALUE'],
      [["render", "--timeout", "soon"], "number of seconds"],
      [["render", "--kube-version", "new"], '--kube-version "new" is no version: write it as in v1.35.2'],
      [["render", "ignored"], 'PATH "ignored" is empty or ignored by Git'],
      [["render", "-f", "typo.yaml"], "spec.source.pth is no known field"],
      [["render", "-f", "both.yaml"], "at most one of"],
    ] as const) {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.include(text);
    }
  });

  it("says which program is missing", async () => {
    await write(CHART);
    const git = dirname((await runCommand("sh", ["-c", "command -v git"], { env })).trim());
    const { code, stderr } = await run(["render", "chart"], { path: git });
    expect(code).to.equal(1);
    expect(stderr).to.equal(
      'overseer: Helm sources need the program helm, and "helm" is not found: install it, or set --helm to its path\n',
    );
  });

  it("decrypts files of SOPS with a key file, from its flag or the environment", async () => {
    const [sops, key, other] = await Promise.all([Sops.find(), ageKey(), ageKey()]);
    const encrypted = await sops.encrypt("a.yaml", configMap("a", { token: "plain-token" }), [key]);
    await write({ "k8s/a.yaml": encrypted, "age.key": keyFile(key), "other.key": keyFile(other) });
    expect(await dataOf("k8s", "--age-key-file", "age.key")).to.deep.equal({ token: "plain-token" });
    expect((await run(["render", "k8s"])).stderr)
      .to.include("k8s/a.yaml:1: ")
      .and.include("encrypted with SOPS");
    const wrong = await run(["render", "k8s", "--age-key-file", "other.key"]);
    expect(wrong.code).to.equal(1);
    expect(wrong.stderr).to.match(
      /k8s\/a\.yaml:\d+: the file is encrypted for age1.*, and other\.key has the key of age1/,
    );
    expect((await run(["render", "k8s", "--age-key-file", "none.key"])).code).to.equal(2);
    env = { ...env, SOPS_AGE_KEY_FILE: "age.key" };
    expect(await dataOf("k8s")).to.deep.equal({ token: "plain-token" });
    env = { ...env, SOPS_AGE_KEY_FILE: "" };
  });

  it("is a plug-in of kubectl under the name kubectl-overseer", async () => {
    await write({ "a.yaml": configMap("a") });
    await mkdir(join(root, "bin"));
    const program = join(root, "bin/kubectl-overseer");
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, { mode: 0o755 });
    const output = await runCommand("kubectl", ["overseer", "render", "a.yaml", "-o", "name"], {
      cwd: root,
      env: { ...env, PATH: `${dirname(program)}:${path}` },
    });
    expect(output).to.equal("configmap/a\n");
  });
});
