import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { diffDocuments } from "../../../src/cli/offline/diff-documents.js";
import { formatDiff, formatMarkdown } from "../../../src/cli/offline/format-diff.js";
import type { Document } from "../../../src/manifest/document.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { type Outcome, runOverseer } from "../../support/overseer-cli.js";

const PROGRAM = join(repositoryRoot(), "build/src/cli/main.js");

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${value}" }\n`;
const app = (name: string, spec: string): string =>
  `apiVersion: gitops.overseer.io/v1alpha1\nkind: OverseerApp\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }\n`;
const WEB = app("web", "source: { repositoryRef: { name: shop }, path: web }, destination: { kubernetes: {} }");

describe("the command line without a cluster", function () {
  this.timeout(120_000);
  let root: string;
  const env = { ...gitEnvironment(), PATH: "/usr/bin:/bin" };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "overseer-offline-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
  };
  const git = (...args: string[]): Promise<string> => runCommand("git", args, { cwd: root, env });
  const commit = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await write(files);
    await git("init", "--quiet");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "base");
  };
  const run = (...args: string[]): Promise<Outcome> => runOverseer(args, { cwd: root, env, program: PROGRAM });

  it("compares apps on a Core and on Kubernetes, and names what is refused", async () => {
    const document = (compose: string): string =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: web }\nspec: { compose: { services: ${compose} } }\n`;
    await write({ "web/app.yaml": document('{ web: { image: "web:1", environment: { A: geheim } } }') });
    const equal = await run("parity", "web");
    expect([equal.code, equal.stdout, equal.stderr]).to.deep.equal([0, "", "1 app: no difference\n"]);
    await write({ "web/app.yaml": document('{ web_1: { image: "web:1" } }') });
    const different = await run("parity", "web");
    expect([different.code, different.stdout]).to.deep.equal([
      1,
      "web: services.web_1.names: web_1 on a Core, web-1 on Kubernetes\n",
    ]);
    await write({ "web/app.yaml": document('{ web: { image: "web:1", env_file: missing.env } }') });
    const refused = await run("parity", "web", "-o", "json");
    expect(refused.code).to.equal(1);
    expect(JSON.parse(refused.stdout)).to.deep.include({ equal: false, differences: [] });
    expect(refused.stdout).to.include('"core": "web/app.yaml:4');
  });

  it("validates apps and their sources, and says what it could not check", async () => {
    await write({
      "apps/web.yaml": WEB,
      "apps/other.yaml": app(
        "other",
        "source: { repositoryRef: { name: shop }, path: elsewhere }, destination: { kubernetes: {} }",
      ),
      "web/a.yaml": configMap("a", "1"),
    });
    const { code, stdout, stderr } = await run("validate");
    expect([code, stdout], stderr).to.deep.equal([0, "valid: OverseerApp shop/web: 1 object\n"]);
    expect(stderr).to.include('NOT CHECKED: OverseerApp shop/other: its path "elsewhere" is not in this work tree');
    expect(stderr).to.match(/not checked here: rules of the definitions/);
    expect((await run("validate", "--strict")).code).to.equal(1);
    const json = JSON.parse((await run("validate", "-o", "json")).stdout) as { ok: boolean; notChecked: string[] };
    expect([json.ok, json.notChecked.length]).to.deep.equal([true, 3]);
  });

  it("checks partial Apps by their schema, unless an OverseerApp merges them", async () => {
    const partial = (spec: string): string =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: wiki }\nspec: ${spec}\n`;
    await write({
      "apps/wiki.yaml": partial('{ domain: w.example.com, compose: { services: { wiki: { image: "wiki:1" } } } }'),
      "environments/dev/wiki.yaml": partial("{ domain: null, resources: { memory: 1g } }"),
      "environments/prod/wiki.yaml": partial("{ compose: { services: { wiki: { cpus: 2 } } } }"),
      "environments/bad/wiki.yaml": partial(
        "{ domian: x.example.com, backup: { retention: { days: many } }, composeFiles: [a] }",
      ),
    });
    for (const name of ["dev", "prod"]) {
      const { code, stderr } = await run("validate", `environments/${name}`);
      expect(code, stderr).to.equal(0);
      expect(stderr).to.include(`NOT CHECKED: environments/${name}: partial Apps were checked by their schema only`);
    }
    const bad = await run("validate", "environments");
    expect(bad.code).to.equal(1);
    expect(bad.stderr.split("\n").filter((line) => line.startsWith("error: "))).to.deep.equal([
      "error: environments/bad/wiki.yaml:1: App wiki: spec.backup.retention.days: expected a number, found text",
      "error: environments/bad/wiki.yaml:1: App wiki: spec.domian: unknown field; did you mean domain?",
      "error: environments/bad/wiki.yaml:1: App wiki: spec.composeFiles: is not possible in a partial App: write the differences in compose",
    ]);
    await rm(join(root, "environments/bad"), { recursive: true });
    const source = "{ repositoryRef: { name: shop }, path: apps, overlay: environments/dev }";
    await write({ "app.yaml": app("wiki", `source: ${source}, destination: { kubernetes: {} }`) });
    const merged = await run("validate");
    expect([merged.code, merged.stdout], merged.stderr).to.deep.equal([0, "valid: OverseerApp shop/wiki: 2 objects\n"]);
  });

  it("names wrong and misspelled fields of apps, and broken documents, with file and line", async () => {
    await write({
      "apps/a.yaml": app(
        "a",
        "source: { repositoryRef: { name: shop } }, destination: { kubernetes: {} }, sync: { mode: Sometimes }",
      ),
      "apps/b.yaml": app("b", "source: { repositoryRef: { name: shop } }, destination: { kubernetes: {} }, sycn: {}"),
      "apps/web.yaml": WEB,
      "web/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: [\n",
    });
    const { code, stdout, stderr } = await run("validate");
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^error: apps\/a\.yaml:1: OverseerApp a: spec\.sync\.mode: /m);
    expect(stderr).to.match(/^error: apps\/b\.yaml:1: OverseerApp b: spec\.sycn is no known field$/m);
    expect(stderr).to.match(/^error: OverseerApp shop\/web: .*web\/a\.yaml:\d/m);
    expect((await run("validate", "nothing")).code).to.equal(2);
  });

  it("compares a rendered directory with a commit: 0 equal, 1 different, 2 failed", async () => {
    await commit({
      "apps/web.yaml": WEB,
      "web/a.yaml": configMap("a", "1"),
      "web/b.yaml": configMap("b", "1"),
      "web/s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { p: canary-1 }\n`,
    });
    expect(await run("diff", ".", "--base", "HEAD")).to.deep.equal({ code: 0, stdout: "", stderr: "" });
    await rm(join(root, "web/b.yaml"));
    await write({
      "web/a.yaml": configMap("a", "2"),
      "web/c.yaml": configMap("c", "1"),
      "web/s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { p: canary-2 }\n`,
    });
    const differs = await run("diff", ".", "--base", "HEAD");
    expect([differs.code, differs.stderr]).to.deep.equal([1, ""]);
    expect(differs.stdout).to.match(
      /^OverseerApp shop\/web: 1 to delete, 2 to update, 1 to create\n- delete ConfigMap shop\/b/,
    );
    expect(differs.stdout).to.include('    ~ .data.v: "1" → "2"').and.include("<redacted>").and.not.include("canary");
    const markdown = (await run("diff", ".", "--base", "HEAD", "-o", "markdown")).stdout;
    expect(markdown)
      .to.match(/^<!-- overseer-diff -->\n\n### Overseer GitOps: 1 to delete, 2 to update, 1 to create\n/)
      .and.not.include("canary");
    await commit({ "web/hook.yaml": hook("1") });
    await write({ "web/hook.yaml": hook("2") });
    expect((await run("diff", ".", "--base", "HEAD")).stdout).to.include("update ConfigMap shop/before");
    await write({ "web/a.yaml": "kind: [" });
    const broken = await run("diff", ".", "--base", "HEAD");
    expect([broken.code, broken.stdout]).to.deep.equal([2, ""]);
    expect(broken.stderr).to.match(/^NO DIFFERENCE COULD BE MADE: OverseerApp shop\/web: .*web\/a\.yaml/);
    const unknown = await run("diff", ".", "--base", "nothing");
    expect([unknown.code, unknown.stderr]).to.deep.equal([2, unknown.stderr]);
    expect(unknown.stderr).to.include('there is no commit "nothing"');
    expect((await run("diff", "./web")).stderr).to.include("is a path: to compare it with a commit, set --base");
  });
});

/** An object that runs before a sync. */
const hook = (value: string): string =>
  configMap("before", value).replace("name: before", "name: before, annotations: { gitops.overseer.io/hook: PreSync }");

describe("differences of renders", () => {
  const document = (name: string, hash: string, data: object, more: object = {}): Document => ({
    ...{
      id: { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name },
      key: `/ConfigMap/shop/${name}`,
      hash,
    },
    ...{
      object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data },
      origin: { file: `${name}.yaml`, line: 1 },
    },
    ...more,
  });

  it("show no value of documents that hold decrypted values", () => {
    const [changed] = diffDocuments(
      [document("a", "1", { v: "canary-1" })],
      [document("a", "2", { v: "canary-2" }, { confidential: true })],
    );
    expect(changed?.diff).to.deep.equal([{ path: ".data.v", from: "<redacted>", to: "<redacted>" }]);
  });

  it("are formatted as a comment that no content can break out of, and that is never too long", () => {
    const tricky = formatMarkdown(
      [
        {
          name: "<b>",
          changes: [
            {
              verb: "Update",
              object: "x",
              apiVersion: "v1",
              diff: [{ path: ".a", to: "```\n</details>" }],
            },
          ],
        },
      ],
      "main`",
    );
    expect(tricky).to.include("<summary>&lt;b&gt;").and.include("````diff\n! update x\n+     .a: ```");
    const long = { verb: "Update", object: "x".repeat(500), apiVersion: "v1" } as const;
    expect(formatMarkdown([{ name: "web", changes: Array(500).fill(long) }], "main").length).to.be.below(60_100);
    expect(formatMarkdown([{ name: "web", changes: [], error: "no <b>" }], "main")).to.include(
      "**No difference could be made**: no &lt;b&gt;",
    );
    expect(formatDiff([{ name: "web", changes: [] }])).to.equal("");
  });
});
