import { expect } from "chai";
import { expandFiles, placesOf, specOf } from "./support/expand.js";

const COMPOSE = "services:\n  web:\n    image: nginx:${TAG:-1}\n";

function named(path: string): string {
  return `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec:\n  composeFiles:\n    - ${path}\n`;
}

describe("a Compose document in a file of its own", () => {
  it("is read beside the document, and is no manifest itself", async () => {
    const files = { "apps/web.yaml": named("web/compose.yaml"), "apps/web/compose.yaml": COMPOSE };
    for (const path of ["apps", ""]) {
      const result = await expandFiles(files, { path, env: { TAG: "2" } });
      expect(specOf(result, "App").compose).to.deep.equal({ services: { web: { image: "nginx:2" } } });
    }
  });

  it("can be outside of source.include and in a parent folder", async () => {
    const files = { "apps/web.yaml": named("../shared/web.yml"), "shared/web.yml": COMPOSE };
    expect((await expandFiles(files, { exclude: ["shared"] })).documents).to.have.length(1);
  });

  it("is read through a link within the source, and neither of the two is a manifest", async () => {
    const files = { "web.yaml": named("./link.yaml"), "link.yaml": { link: "real.yaml" }, "real.yaml": COMPOSE };
    expect((await expandFiles(files)).documents).to.have.length(1);
  });

  it("may be what several apps are made of", async () => {
    const other = named("c.yaml").replace("name: web", "name: other");
    expect(
      (await expandFiles({ "a.yaml": named("c.yaml"), "b.yaml": other, "c.yaml": COMPOSE })).documents,
    ).to.have.length(2);
  });

  it("has its problems in its own lines", async () => {
    const text = "# a comment\nservices:\n  web:\n    image: x\n    ports:\n      - bad\n    user: ${UID}\n";
    expect(await placesOf(expandFiles({ "web.yaml": named("c.yaml"), "c.yaml": text }))).to.deep.equal([
      'c.yaml:6 services.web.ports[0]: expected a port like "8080:80", "127.0.0.1:8080:80" or "53:53/udp"',
      "c.yaml:7 services.web.user: the variable UID has no value and no default: set it in spec.env of the document, or " +
        "spec.source.env of the OverseerApp",
    ]);
  });

  const wrong: readonly [title: string, path: string, files: Parameters<typeof expandFiles>[0], problem: string][] = [
    [
      "it is not there",
      "compose.yml",
      { "x/compose.yml": COMPOSE.replace("x", "y") },
      "a.yaml:6 spec.composeFiles[0]: there is no such file in the source; did you mean x/compose.yml?",
    ],
    [
      "it leads out",
      "../../etc/passwd",
      {},
      "a.yaml:6 spec.composeFiles[0]: is outside of the source; use a file below source.path",
    ],
    [
      "it is absolute",
      "/etc/passwd",
      {},
      "a.yaml:6 spec.composeFiles[0]: is outside of the source; use a file below source.path",
    ],
    [
      "it is a link that leads out",
      "c",
      { c: { link: "../x" } },
      'a.yaml:6 spec.composeFiles[0]: the symbolic link leads out of the repository, to "../x"',
    ],
    [
      "it is a submodule",
      "c",
      { c: "submodule" },
      "a.yaml:6 spec.composeFiles[0]: is a submodule; name a file of this repository",
    ],
    ["it is empty", "c", { c: "# nothing\n" }, "c:1 the file is empty"],
    ["it is no mapping", "c", { c: "- a\n" }, "c:1 expected a Compose document, found a list"],
    ["it is no YAML", "c", { c: "a: b\nc: [\n" }, "c:3 "],
    [
      "it holds two documents",
      "c",
      { c: `${COMPOSE}---\n${COMPOSE}` },
      "c:4 the file holds a second document after ---; expected one",
    ],
    ["a key stands twice", "c", { c: "services:\n  a: {image: x}\n  a: {image: y}\n" }, "c:3 duplicated mapping key"],
    ["it is no text", "c", { c: new Uint8Array([0xff, 0xfe, 0]) }, "c:1 the file is not UTF-8 text"],
    [
      "it is a bomb",
      "c",
      {
        c: `a: &a [${"x,".repeat(99)}x]\n${[..."bcdef"].map((key, index) => `${key}: &${key} [${`*${"abcde"[index]},`.repeat(60)}*a]`).join("\n")}\n`,
      },
      "c:1 the aliases of the file expand to more than 8388608 characters",
    ],
  ];
  for (const [title, path, files, problem] of wrong) {
    it(`is refused: ${title}`, async () => {
      const places = await placesOf(expandFiles({ "a.yaml": named(path), ...files }, { include: ["a.yaml"] }));
      expect(places).to.have.length(1);
      expect(places[0]).to.satisfy((place: string) => place.startsWith(problem), places[0]);
    });
  }

  it("is refused when it is larger than a Core takes", async () => {
    const files = { "a.yaml": named("c"), c: `${COMPOSE}# ${"x".repeat(512 * 1024)}` };
    expect(await placesOf(expandFiles(files))).to.deep.equal(["c:1 the file is larger than 524288 bytes"]);
  });

  it("is not to be had where the source is one file", async () => {
    const files = { "a.yaml": named("c"), c: COMPOSE };
    expect(await placesOf(expandFiles(files, { path: "a.yaml" }))).to.deep.equal([
      "a.yaml:6 spec.composeFiles[0]: there is no such file in the source: source.path names one file; name its folder",
    ]);
  });

  it("rejects Apps that list each other's files or their own as Compose files", async () => {
    const places = await placesOf(expandFiles({ "a.yaml": named("b.yaml"), "b.yaml": named("a.yaml") }));
    for (const file of ["a.yaml", "b.yaml"]) {
      expect(places.filter((place) => place.startsWith(`${file}:1 apiVersion: unknown field`))).to.have.length(1);
    }
    expect(await placesOf(expandFiles({ "a.yaml": named("a.yaml") }))).not.to.deep.equal([]);
  });

  it("does not hide what is wrong with other files", async () => {
    const files = { "a.yaml": named("c.yaml"), "c.yaml": COMPOSE, "d.yaml": "not: [yaml" };
    const places = await placesOf(expandFiles(files));
    expect(places).to.have.length(1);
    expect(places[0]).to.match(/^d\.yaml:/);
  });
});
