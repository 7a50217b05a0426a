import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../tools/repository-root.js";
import { filesInCycles, type Import, importsOf, packageOf } from "./imports.js";
import { codeFiles, findLines } from "./sources.js";

/** Rooms from the ground up: a room may use what is below it and itself, never what is beside or above it. */
const LEVELS: readonly (readonly string[])[] = [
  ["base", "version"],
  ["api", "child"],
  ["config", "telemetry", "manifest", "audit", "notify"],
  ["kube", "git", "http", "secrets"],
  ["reconcile", "render", "migration"],
  ["plan", "gates"],
  ["destinations"],
  ["controllers"],
  ["server"],
  ["wiring", "cli"],
  ["main"],
];

/** Rooms that stand apart: they talk to the operator over HTTP, and may use these rooms only. */
const APART: Readonly<Record<string, readonly string[]>> = {
  "overseer-core": ["base", "api", "child", "telemetry", "http", "version"],
};

/** Packages that only one place may know, so that the product can part with them. */
const CONFINED: readonly (readonly [string, RegExp])[] = [
  ["@kubernetes/client-node", /^src\/kube\/client\/auth[^/]*\.ts$/],
  ["isomorphic-git", /^src\/git\//],
  ["fastify", /^src\/http\//],
  ["age-encryption", /^src\/secrets\//],
  ["re2js", /^src\/secrets\//],
  ["@photostructure/sqlite", /^src\/overseer-core\//],
  ["commander", /^src\/cli\//],
  ["nodemailer", /^src\/notify\//],
  ["jose", /^src\/server\/rest\/session\//],
  ["openid-client", /^src\/(server\/rest\/session|cli\/login)\//],
  ["@marcbachmann/cel-js", /^src\/manifest\/expressions\//],
  ["winston", /^src\/telemetry\//],
  ["prom-client", /^src\/telemetry\//],
];

/** `src/kube/server-side-apply.ts` → `kube`, `src/main.ts` → `main`. */
function roomOf(path: string): string {
  return path.split("/")[1]?.replace(/\.ts$/, "") ?? "";
}

function levelOf(room: string): number {
  return LEVELS.findIndex((rooms) => rooms.includes(room));
}

function allowed({ from, path }: Import): boolean {
  if (path === undefined) return true;
  if (!path.startsWith("src/")) return false;
  const [here, there] = [roomOf(from), roomOf(path)];
  if (here === there) return true;
  const listed = APART[here];
  return listed === undefined ? APART[there] === undefined && levelOf(there) < levelOf(here) : listed.includes(there);
}

function show({ from, specifier }: Import): string {
  return `${from} imports ${specifier}`;
}

describe("imports", () => {
  const sources = codeFiles(["src"]);
  const imports = sources.flatMap(importsOf);

  it("are read whatever they look like", () => {
    const text = [
      'import "./a.js";',
      'import type { B } from "../api/b.js";',
      "import {",
      "  c,",
      "  type D,",
      '} from "./c.js";',
      'export { e } from "@x/y/e.js";',
      '// import "./not.js";',
      '/* import "./not.js"; */',
      'const f = await import("node:fs");',
    ].join("\n");
    expect(importsOf({ path: "src/kube/x.ts", text })).to.deep.equal([
      { from: "src/kube/x.ts", specifier: "./a.js", path: "src/kube/a.ts", typeOnly: false },
      { from: "src/kube/x.ts", specifier: "../api/b.js", path: "src/api/b.ts", typeOnly: true },
      { from: "src/kube/x.ts", specifier: "./c.js", path: "src/kube/c.ts", typeOnly: false },
      { from: "src/kube/x.ts", specifier: "@x/y/e.js", path: undefined, typeOnly: false },
      { from: "src/kube/x.ts", specifier: "node:fs", path: undefined, typeOnly: false },
    ]);
    expect(packageOf("@x/y/e.js")).to.equal("@x/y");
    expect(allowed({ from: "src/kube/x.ts", specifier: "", path: "src/git/y.ts", typeOnly: true })).to.equal(false);
    expect(allowed({ from: "src/kube/x.ts", specifier: "", path: "src/plan/y.ts", typeOnly: false })).to.equal(false);
    expect(allowed({ from: "src/kube/x.ts", specifier: "", path: "src/manifest/y.ts", typeOnly: false })).to.equal(
      true,
    );
  });

  it("are found at all", () => {
    expect(imports.length).to.be.greaterThan(sources.length);
  });

  it("come from rooms that this test knows", () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => levelOf(room) < 0 && APART[room] === undefined)).to.deep.equal([]);
  });

  it("are ruled for rooms that exist", () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    expect([...LEVELS.flat(), ...Object.keys(APART)].filter((room) => !rooms.has(room))).to.deep.equal([]);
  });

  it("form no cycle of files, type imports included", () => {
    const cycle = [
      { from: "a", path: "b" },
      { from: "b", path: "c" },
      { from: "c", path: "a" },
      { from: "d", path: "a" },
    ];
    expect(filesInCycles(cycle)).to.deep.equal(["a", "b", "c"]);
    expect(filesInCycles(imports)).to.deep.equal([]);
  });

  it("point down: never to a room beside or above, and never out of src", () => {
    expect(imports.filter((one) => !allowed(one)).map(show)).to.deep.equal([]);
  });

  it("name files that exist, by their .js name", () => {
    const known = new Set(codeFiles().map(({ path }) => path.replace(/\.tsx$/, ".ts")));
    const all = codeFiles().flatMap(importsOf);
    const wrong = all.filter(
      ({ path, specifier }) => path !== undefined && (!specifier.endsWith(".js") || !known.has(path)),
    );
    expect(wrong.map(show)).to.deep.equal([]);
  });

  it("of the web UI take only types from the product, and nothing else from outside", () => {
    const wrong = codeFiles(["ui"])
      .flatMap(importsOf)
      .filter(
        ({ path, typeOnly }) => path !== undefined && !path.startsWith("ui/") && !(typeOnly && path.startsWith("src/")),
      );
    expect(wrong.map(show)).to.deep.equal([]);
  });

  it("keep each confined package in its place, also its types", () => {
    const outside = imports.filter(({ from, specifier }) =>
      CONFINED.some(
        ([name, place]) => (packageOf(specifier) === name || specifier.startsWith(`@${name}/`)) && !place.test(from),
      ),
    );
    expect(outside.map(show)).to.deep.equal([]);
  });

  it("of packages name dependencies of the product, and of Node begin with node:", () => {
    const { dependencies } = JSON.parse(readFileSync(join(repositoryRoot(), "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const packages = imports.filter(({ path }) => path === undefined);
    const unknown = packages.filter(
      ({ specifier }) => !specifier.startsWith("node:") && dependencies[packageOf(specifier)] === undefined,
    );
    expect(unknown.map(show)).to.deep.equal([]);
    expect(
      packages.filter(({ specifier }) => !specifier.startsWith("node:") && isBuiltin(specifier)).map(show),
    ).to.deep.equal([]);
  });

  it("form no circle that exists at run time", () => {
    const edges = new Map<string, string[]>();
    for (const { from, path, typeOnly } of imports) {
      if (path !== undefined && !typeOnly) edges.set(from, [...(edges.get(from) ?? []), path]);
    }
    expect(circles(edges)).to.deep.equal([]);
  });
});

describe("the environment", () => {
  it("is read by config and by the command line alone", () => {
    const readers = ["src/config/", "src/cli/", "src/main.ts", "src/overseer-core/agent/main.ts"];
    const others = codeFiles(["src"]).filter(({ path }) => !readers.some((reader) => path.startsWith(reader)));
    expect(findLines(others, /\bprocess\.env\b|from "node:process"/)).to.deep.equal([]);
  });

  it("comes to config from main, which only passes it on", () => {
    const main = codeFiles(["src"]).filter(({ path }) => path === "src/main.ts");
    expect(findLines(main, /\bprocess\.env[.[]/)).to.deep.equal([]);
  });
});

/** Circles of a graph, each as the path that closes it. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node);
    if (start >= 0) found.push([...trail.slice(start), node].join(" → "));
    if (start >= 0 || done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}
