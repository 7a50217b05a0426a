import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import type { Outcome } from "../../support/overseer-cli.js";

const ROOT = repositoryRoot();
const MARK = "<!-- overseer-diff -->";

interface Comment {
  readonly url: string;
  body: string;
}

/** The comments of one pull request, as GitHub and GitLab keep them. */
class CommentServer {
  readonly comments: Comment[] = [];
  readonly tokens = new Set<string>();
  readonly #server: Server;
  #url = "";

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      this.tokens.add(String(request.headers.authorization ?? request.headers["private-token"]));
      const path = request.url ?? "";
      if (request.method === "POST") {
        const { body } = JSON.parse(text) as Comment;
        this.comments.push({ url: `${this.#url}/comments/${this.comments.length}`, body });
      }
      const patched = this.comments[Number(/\/comments\/(\d+)$/.exec(path)?.[1] ?? -1)];
      if (request.method === "PATCH" && patched) patched.body = (JSON.parse(text) as Comment).body;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.method === "GET" ? this.comments : {}));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.#url;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe("templates for CI", function () {
  this.timeout(180_000);
  let folder: string;
  let repository: string;
  let server: CommentServer;
  let url: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-ci-"));
    repository = join(folder, "repository");
    await mkdir(join(folder, "bin"));
    const main = join(ROOT, "build/src/cli/main.js");
    await writeFile(join(folder, "bin/overseer"), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`, {
      mode: 0o755,
    });
    server = new CommentServer();
    url = await server.start();
    env = {
      ...gitEnvironment(),
      HOME: folder,
      PATH: `${join(folder, "bin")}:${dirname(process.execPath)}:/usr/bin:/bin`,
    };
    await write({ "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n" });
    for (const args of [
      ["init", "--quiet"],
      ["add", "--all"],
      ["commit", "--quiet", "--message", "base"],
    ])
      await runCommand("git", args, { cwd: repository, env });
  });
  afterEach(async () => {
    server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await mkdir(repository, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(repository, name), text);
  };
  const shell = (args: readonly string[], more: NodeJS.ProcessEnv): Promise<Outcome> =>
    new Promise((done) => {
      execFile("sh", [...args], { cwd: repository, env: { ...env, ...more } }, (error, stdout, stderr) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });
  const action = (command: string, more: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
    shell([join(ROOT, "integrations/github-action/run.sh")], {
      OVERSEER_CI_COMMAND: command,
      OVERSEER_CI_PATH: ".",
      ...more,
    });

  it("declare every input of the GitHub Action that its script reads", () => {
    const definition = load(readFileSync(join(ROOT, "integrations/github-action/action.yml"), "utf8")) as {
      inputs: Record<string, object>;
      runs: { steps: { env: Record<string, string> }[] };
    };
    const given = definition.runs.steps[0]?.env ?? {};
    const read =
      readFileSync(join(ROOT, "integrations/github-action/run.sh"), "utf8") +
      readFileSync(join(ROOT, "integrations/github-action/comment.mjs"), "utf8");
    expect(new Set(read.match(/OVERSEER_CI_[A-Z_]+/g))).to.deep.equal(new Set(Object.keys(given)));
    const used = Object.values(given).flatMap((value) => /inputs\.([a-z-]+)/.exec(value)?.[1] ?? []);
    expect(used.sort()).to.deep.equal(Object.keys(definition.inputs).sort());
  });

  it("validate in GitHub Actions: valid sources pass, broken ones fail the job", async () => {
    expect((await action("validate")).code).to.equal(0);
    await write({ "b.yaml": "kind: [" });
    const broken = await action("validate");
    expect(broken.code).to.equal(1);
    expect(broken.stderr).to.include("b.yaml");
    expect((await action("deploy")).stderr).to.include("command must be validate, diff or wait; got 'deploy'");
  });

  it("replace the comment on a pull request, and fail if there is no difference to show", async () => {
    const summary = join(folder, "summary.md");
    const more = {
      OVERSEER_CI_BASE: "HEAD",
      OVERSEER_CI_TOKEN: "t0ken",
      OVERSEER_CI_PULL_REQUEST: "7",
      GITHUB_API_URL: url,
      GITHUB_REPOSITORY: "team/shop",
      GITHUB_STEP_SUMMARY: summary,
    };
    await write({ "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n" });
    const first = await action("diff", more);
    expect([first.code, first.stderr]).to.deep.equal([0, ""]);
    expect(server.comments.map(({ body }) => body.slice(0, MARK.length))).to.deep.equal([MARK]);
    expect(server.comments[0]?.body).to.include("1 to create").and.include("+ create ConfigMap default/b");
    await rm(join(repository, "a.yaml"));
    await action("diff", more);
    expect(server.comments.length).to.equal(1);
    expect(server.comments[0]?.body).to.include("1 to delete, 1 to create");
    expect([...server.tokens]).to.deep.equal(["Bearer t0ken"]);
    expect(await readFile(summary, "utf8")).to.include("1 to delete, 1 to create");
    await write({ "c.yaml": "kind: [" });
    expect((await action("diff", more)).code).to.equal(2);
    expect(server.comments[0]?.body).to.include("No difference could be made");
    expect((await action("diff")).stderr).to.include("diff needs a base");
  });

  it("do the same in GitLab CI", async () => {
    const jobs = load(readFileSync(join(ROOT, "integrations/gitlab/overseer.gitlab-ci.yml"), "utf8")) as Record<
      string,
      { script?: string[]; before_script?: string[] }
    >;
    const job = (name: string, more: NodeJS.ProcessEnv): Promise<Outcome> =>
      shell(["-ec", [...(jobs[".overseer"]?.before_script ?? []), ...(jobs[name]?.script ?? [])].join("\n")], {
        OVERSEER_PATH: ".",
        OVERSEER_PACKAGE: "",
        ...more,
      });
    expect((await job(".overseer-validate", {})).code).to.equal(0);
    const more = {
      CI_MERGE_REQUEST_DIFF_BASE_SHA: "HEAD",
      CI_API_V4_URL: url,
      CI_PROJECT_ID: "1",
      CI_MERGE_REQUEST_IID: "2",
      OVERSEER_GITLAB_TOKEN: "gl",
    };
    await write({ "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n" });
    const { code, stderr } = await job(".overseer-diff", more);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(server.comments[0]?.body).to.include("+ create ConfigMap default/b");
    expect([...server.tokens]).to.deep.equal(["gl"]);
    await write({ "b.yaml": "kind: [" });
    expect((await job(".overseer-diff", more)).code).to.equal(2);
  });
});
