import { expect } from "chai";
import { parseRemoteBase } from "../../../../src/render/kustomize/remote-address.js";
import { parseRemoteFile } from "../../../../src/render/kustomize/remote-file.js";
import type { OpenRemoteBase, RemoteBaseAddress } from "../../../../src/render/remote-base.js";
import type { SourceRenderer } from "../../../../src/render/render.js";
import type { RenderRequest } from "../../../../src/render/request.js";
import { configMap, failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

/** Opens repositories in memory, at any ref, and records what was opened. */
function opener(
  repositories: Readonly<Record<string, Files>>,
): OpenRemoteBase & { readonly asked: RemoteBaseAddress[] } {
  const asked: RemoteBaseAddress[] = [];
  const open: OpenRemoteBase = async (base) => {
    asked.push(base);
    const files = repositories[base.repository];
    if (files === undefined) return { refused: "the host is not allowed" };
    const snapshot = new MemorySnapshot(files);
    return { snapshot, commit: snapshot.commit.id, label: `${base.repository.replace("https://", "")}@${base.ref}` };
  };
  return Object.assign(open, { asked });
}

function wanted(path: string, openRemoteBase?: OpenRemoteBase): RenderRequest {
  return { ...request(path), source: { path, kustomize: { allowRemoteBases: true } }, openRemoteBase };
}

const BASE: Files = {
  "base/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: base-\n",
  "base/web.yaml": configMap("web"),
};
const URL = "https://git.example.com/org/base";

describe("Remote bases of Kustomize", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  const problem = async (files: Files, open?: OpenRemoteBase, path = "app"): Promise<string> =>
    (await failureOf(renderer.render(wanted(path, open), new MemorySnapshot(files)))).message;

  it("are read from the commit of the other repository, which is the origin in messages", async () => {
    const files = {
      "app/kustomization.yaml": `resources:\n- own.yaml\n- ${URL}//base?ref=v1\n- ../local\nnameSuffix: -x\nconfigMapGenerator:\n- {name: big, literals: [n=9007199254740993]}\n`,
      "app/own.yaml": configMap("own"),
      "local/kustomization.yaml": "resources: [cm.yaml]\n",
      "local/cm.yaml": configMap("local"),
    };
    const { documents } = await renderer.render(wanted("app", opener({ [URL]: BASE })), new MemorySnapshot(files));
    const places = documents.map(({ object, origin }) => [object.metadata.name, origin.file]);
    expect(places).to.deep.include(["base-web-x", "git.example.com/org/base@v1/base/web.yaml"]);
    expect(places).to.deep.include(["own-x", "app/own.yaml"]);
    expect(places).to.deep.include(["local-x", "local/cm.yaml"]);
    const big = documents.find(({ object }) => object.metadata.name.startsWith("big"));
    expect(big?.object.data).to.deep.equal({ n: "9007199254740993" });
  });

  it("may name further ones and components, each repository once", async () => {
    const deep = "https://git.example.com/org/deep";
    const open = opener({
      [URL]: {
        "base/kustomization.yaml": `resources: [${deep}?ref=v2]\ncomponents: [${deep}//extra?ref=v2]\n`,
      },
      [deep]: {
        "kustomization.yaml": "resources: [cm.yaml]\n",
        "cm.yaml": configMap("deep"),
        "extra/kustomization.yaml":
          "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: extra-\n",
      },
    });
    const files = { "app/kustomization.yaml": `resources: [${URL}//base?ref=v1]\n` };
    const { documents } = await renderer.render(wanted("app", open), new MemorySnapshot(files));
    expect(documents.map(({ object }) => object.metadata.name)).to.deep.equal(["extra-deep"]);
  });

  it("are a part of the input key by their commit, and keep the key of sources without them", async () => {
    const files = { "app/kustomization.yaml": `resources: [${URL}//base?ref=v1]\n` };
    const locate = async (base: Files): Promise<string> =>
      (await renderer.locate(wanted("app", opener({ [URL]: base })), new MemorySnapshot(files))).key;
    const first = await locate(BASE);
    expect(await locate({ ...BASE })).to.equal(first);
    expect(await locate({ ...BASE, "base/web.yaml": configMap("other") })).to.not.equal(first);
  });

  it("are not opened again for a commit that changes no kustomization", async () => {
    const files = { "app/kustomization.yaml": `resources: [${URL}//base?ref=v1]\n` };
    const open = opener({ [URL]: BASE });
    const known = await renderer.locate(wanted("app", open), new MemorySnapshot(files));
    const next = new MemorySnapshot({ ...files, "other/readme.md": "x" });
    expect((await renderer.locate(wanted("app", open), next, known)).key).to.equal(known.key);
    expect(open.asked).to.have.length(1);
  });

  it("cannot read the repository of the app, nor anything else outside of their own", async () => {
    const own = { "secret/kustomization.yaml": "resources: [cm.yaml]\n", "secret/cm.yaml": configMap("secret") };
    const app = { "app/kustomization.yaml": `resources: [${URL}//base?ref=v1]\n`, ...own };
    for (const [base, says] of [
      [{ "base/kustomization.yaml": "resources: [../../../repo/secret]\n" }, "leads out of the repository"],
      [{ "base/kustomization.yaml": "resources: [../repo/secret]\n" }, "does not exist"],
      [
        { "base/kustomization.yaml": "resources: [x]\n", "base/x": { link: "../../../repo/secret" } },
        "leads out of the repository",
      ],
      [
        { "base/kustomization.yaml": "resources: [x.yaml]\n", "base/x.yaml": { link: "/etc/passwd" } },
        "leads out of the repository",
      ],
    ] as const)
      expect(await problem(app, opener({ [URL]: base as Files })))
        .to.contain(says)
        .and.contain("git.example.com/org/base@v1/base/kustomization.yaml:1");
  });

  it("may be single files on Git hosts, which are read from their repository at a commit", async () => {
    const open = opener({
      "https://github.com/org/base": { "manifests/install.yaml": `${configMap("one")}---\n${configMap("two")}` },
      "https://git.example.com/org/base": { "web.yaml": configMap("web") },
    });
    const files = {
      "app/kustomization.yaml": `namePrefix: x-
resources:
- https://raw.githubusercontent.com/org/base/v1/manifests/install.yaml
- https://git.example.com/org/base/raw/tag/v2/web.yaml
`,
    };
    const { documents } = await renderer.render(wanted("app", open), new MemorySnapshot(files));
    expect(documents.map(({ object, origin }) => [object.metadata.name, origin.file])).to.have.deep.members([
      ["x-one", "github.com/org/base@v1/manifests/install.yaml"],
      ["x-two", "github.com/org/base@v1/manifests/install.yaml"],
      ["x-web", "git.example.com/org/base@v2/web.yaml"],
    ]);
    const pointers = opener({
      "https://github.com/org/base": {
        "x.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
      },
    });
    const pointer = { "app/kustomization.yaml": "resources: [https://github.com/org/base/raw/v1/x.yaml]\n" };
    expect(await problem(pointer, pointers)).to.match(
      /^github\.com\/org\/base@v1\/x\.yaml:1: this is a pointer of Git LFS, .*: take the file out of Git LFS$/,
    );
    const broken = { "app/kustomization.yaml": "resources: [https://github.com/org/base/raw/v1/none.yaml]\n" };
    expect(await problem(broken, open)).to.contain('"github.com/org/base@v1/none.yaml" does not exist');
    const patch = { "app/kustomization.yaml": "patches: [{path: https://github.com/org/base/raw/v1/x.yaml}]\n" };
    expect(await problem(patch, open)).to.contain("remote files are not fetched, except resources in a repository");
  });

  const refused: readonly [name: string, line: string, says: string][] = [
    ["names no ref", `${URL}//base`, "names no ref: add ?ref= with a tag or a full commit ID"],
    ["is a file in no repository", "https://git.example.com/releases/x.yaml", "commit a copy of what it names"],
    ["is on a host that is refused", "https://other.example.com/org/base?ref=v1", "the host is not allowed"],
    ["does not exist in the repository", `${URL}//bace?ref=v1`, '"git.example.com/org/base@v1/bace" does not exist'],
    ["is a file in the repository", `${URL}//base/web.yaml/?ref=v1`, "commit a copy of what it names"],
    ["has no kustomization", `${URL}?ref=v1`, "is a folder without a kustomization.yaml"],
  ];
  for (const [name, line, says] of refused)
    it(`are refused with file and line if one ${name}`, async () => {
      const message = await problem({ "app/kustomization.yaml": `resources:\n- ${line}\n` }, opener({ [URL]: BASE }));
      expect(message).to.contain("app/kustomization.yaml:2: ").and.contain(says);
    });

  it("are refused when they are nested too deeply, and when they name one another in a circle", async () => {
    const at = (index: number): string => `https://git.example.com/org/r${index}`;
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        at(index),
        { "kustomization.yaml": `resources: [${at(index + 1)}?ref=v1]\n` },
      ]),
    );
    const app = { "app/kustomization.yaml": `resources: [${at(0)}?ref=v1]\n` };
    expect(await problem(app, opener(chain))).to.contain("is nested in more than 4 remote bases");
    const circle = {
      [at(0)]: { "kustomization.yaml": `resources: [${at(1)}?ref=v1]\n` },
      [at(1)]: { "kustomization.yaml": `resources: [${at(0)}?ref=v1]\n` },
    };
    expect(await problem(app, opener(circle)))
      .to.contain("cycle detected: candidate root 'git.example.com/org/r0@v1'")
      .and.not.contain("overseer-render-");
  });

  it("are limited in number", async () => {
    const many = Array.from({ length: 21 }, (_, index) => `https://git.example.com/org/r${index}`);
    const repositories = Object.fromEntries(
      many.map((url) => [url, { "kustomization.yaml": "resources: []\n", [url]: "x" }]),
    );
    const lines = many.map((url) => `- ${url}?ref=v1\n`).join("");
    const open = opener(repositories);
    expect(await problem({ "app/kustomization.yaml": `resources:\n${lines}` }, open)).to.contain(
      "is one of more than 20 remote repositories",
    );
    expect(open.asked).to.have.length(20);
  });

  it("name the file of the other repository when Kustomize fails there", async () => {
    const base = { ...BASE, "base/web.yaml": "kind: ConfigMap\n" };
    const app = { "app/kustomization.yaml": `resources: [${URL}//base?ref=v1]\n` };
    const message = await problem(app, opener({ [URL]: base }));

    expect(message)
      .to.contain("git.example.com/org/base@v1/base/web.yaml: the file is no Kubernetes object: ")
      .and.not.contain("/tmp/");
  });

  it("are files in the forms of addresses that Git hosts have", () => {
    const forms: Readonly<Record<string, readonly string[]>> = {
      "https://raw.githubusercontent.com/org/repo/v1/a/b.yaml": ["https://github.com/org/repo", "v1", "a/b.yaml"],
      "https://raw.githubusercontent.com/org/repo/refs/tags/v1/b.yaml": ["https://github.com/org/repo", "v1", "b.yaml"],
      "https://github.com/org/repo/raw/v1/b.yaml": ["https://github.com/org/repo", "v1", "b.yaml"],
      "https://bitbucket.org/org/repo/raw/v1/b.yaml": ["https://bitbucket.org/org/repo", "v1", "b.yaml"],
      "https://gitlab.example.com/g/sub/repo/-/raw/v1/b.yaml?ref_type=tags": [
        ...["https://gitlab.example.com/g/sub/repo", "v1", "b.yaml"],
      ],
      "http://gitea:3000/org/repo/raw/commit/0123/a/b.yaml": ["http://gitea:3000/org/repo", "0123", "a/b.yaml"],
    };
    for (const [text, [repository, ref, path]] of Object.entries(forms))
      expect(parseRemoteFile(text), text).to.deep.equal({ repository, path, ref });
    for (const text of [
      "https://github.com/org/repo/releases/download/v1/install.yaml",
      "https://raw.githubusercontent.com/org/repo/v1/../../x.yaml",
      "https://raw.githubusercontent.com/org/repo/v1/%2e%2e/x.yaml",
      "https://raw.githubusercontent.com/org/repo/v1/x.yaml?token=secret",
      "https://raw.githubusercontent.com@evil.example.com/org/repo/v1/x.yaml",
      "https://evil.example.com/org/repo/raw/v1/x.yaml",
      "file:///srv/x.yaml",
    ])
      expect(parseRemoteFile(text), text).to.equal(undefined);
  });

  it("are addressed in all forms of Kustomize", () => {
    const forms: Readonly<Record<string, readonly [repository: string, path: string, ref?: string | undefined]>> = {
      "https://github.com/org/repo//a/b?ref=v1": ["https://github.com/org/repo", "a/b", "v1"],
      "https://github.com/org/repo.git//a?ref=v1": ["https://github.com/org/repo.git", "a", "v1"],
      "https://github.com/org/repo.git?ref=v1": ["https://github.com/org/repo.git", "", "v1"],
      "https://github.com/org/repo/a/b/?ref=v1&timeout=90s": ["https://github.com/org/repo", "a/b", "v1"],
      "github.com/org/repo/a?version=v1": ["https://github.com/org/repo", "a", "v1"],
      "github.com/org/repo": ["https://github.com/org/repo", ""],
      "gh:org/repo//a?ref=v1": ["https://github.com/org/repo", "a", "v1"],
      "git::https://git.example.com/group/sub/repo//a?ref=v1": ["https://git.example.com/group/sub/repo", "a", "v1"],
      "git@github.com:org/repo.git//a?ref=v1": ["git@github.com:org/repo.git", "a", "v1"],
      "ssh://git@git.example.com:2222/org/repo//a?ref=v1": ["ssh://git@git.example.com:2222/org/repo", "a", "v1"],
      "https://dev.azure.com/org/project/_git/repo//a?ref=v1": [
        "https://dev.azure.com/org/project/_git/repo",
        "a",
        "v1",
      ],
    };
    for (const [text, [repository, path, ref]] of Object.entries(forms))
      expect(parseRemoteBase(text), text).to.deep.equal({ repository, path, ref });
    for (const text of [
      "https://raw.githubusercontent.com/org/repo/v1/install.yaml",
      "file:///srv/repo//a?ref=v1",
      "https://git.example.com/org/repo//../../x?ref=v1",
      "example.com/org/repo?ref=v1",
      "https://git.example.com",
      "",
    ])
      expect(parseRemoteBase(text), text).to.equal(undefined);
  });
});
