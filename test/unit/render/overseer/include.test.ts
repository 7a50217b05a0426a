import { expect } from "chai";
import { expandFiles, placesOf, specOf } from "./support/expand.js";

const APP = (rest = ""): string =>
  `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec:\n  composeFiles: [compose.yaml]\n${rest}`;

function expand(compose: string, files: Readonly<Record<string, string>> = {}, rest = "") {
  return expandFiles({ "app.yaml": APP(rest), "compose.yaml": compose, ...files });
}

async function composeOf(...args: Parameters<typeof expand>): Promise<Record<string, Record<string, unknown>>> {
  return (specOf(await expand(...args), "App") as { compose: Record<string, Record<string, unknown>> }).compose;
}

describe("include", () => {
  it("brings in services, networks, volumes, secrets and configs, and leaves no include behind", async () => {
    const compose = await composeOf(
      "include: [db.yaml]\nservices: {web: {image: x, depends_on: [db], networks: [n]}}",
      {
        "db.yaml":
          "services: {db: {image: y, volumes: ['vol:/v'], secrets: [s], networks: [n]}}\nnetworks: {n: {}}\nvolumes: {vol: {labels: {a: b}}}\nsecrets: {s: {file: /s}}",
      },
    );
    expect(Object.keys(compose).sort()).to.deep.equal(["networks", "secrets", "services", "volumes"]);
    expect(Object.keys(compose.services ?? {}).sort()).to.deep.equal(["db", "web"]);
    expect(compose.volumes).to.deep.equal({ vol: { labels: { a: "b" } } });
  });

  it("merges the files of one entry, and lets a later Compose file override an included service", async () => {
    const files = {
      "app.yaml": APP().replace("[compose.yaml]", "[compose.yaml, last.yaml]"),
      "compose.yaml": "include: [{path: [a.yaml, b.yaml]}]\nservices: {web: {image: x}}",
      "a.yaml": "services: {db: {image: y, environment: {A: 1, B: 1, C: 1}}}",
      "b.yaml": "services: {db: {environment: {B: 2, C: 2}}}",
      "last.yaml": "services: {db: {environment: {C: 3}}}",
    };
    const { compose } = specOf(await expandFiles(files), "App") as { compose: Record<string, Record<string, unknown>> };
    expect(compose.services?.db).to.deep.equal({ image: "y", environment: { A: 1, B: 2, C: 3 } });
  });

  it("accepts equal definitions twice, and refuses different ones at their entry", async () => {
    const same = { "a.yaml": "include: [c.yaml]\nservices: {a: {image: x}}", "c.yaml": "services: {c: {image: y}}" };
    const compose = await composeOf("include: [a.yaml, c.yaml]\nservices: {web: {image: x}, c: {image: y}}", same);
    expect(Object.keys(compose.services ?? {}).sort()).to.deep.equal(["a", "c", "web"]);
    const different = expand("include:\n  - a.yaml\nservices: {web: {image: x}, c: {image: z}}", same);
    expect(await placesOf(different)).to.deep.equal([
      "compose.yaml:2 include[0]: services.c is also defined in this document, and differently; to change what a file defines, add a file with the change to path of this entry",
    ]);
  });

  it("reports a problem of an included file at its line", async () => {
    const places = await placesOf(
      expand("include: [db.yaml]\nservices: {web: {image: x}}", {
        "db.yaml": "services:\n  db:\n    image: y\n    port: 1",
      }),
    );
    expect(places).to.deep.equal(["db.yaml:4 services.db.port: unknown field; did you mean ports?"]);
  });

  for (const [what, include, expected] of [
    ["a missing file", "[other.yaml]", "include[0]: there is no such file in the source"],
    [
      "a file outside of the source",
      "[../x.yaml]",
      "include[0]: is outside of the source; use a file below source.path",
    ],
    ["a file that includes itself", "[loop.yaml]", "include[0]: is a cycle: a file cannot include itself"],
    [
      "env_file",
      "[{path: db.yaml, env_file: x.env}]",
      "include[0].env_file: is not supported: set the variables in spec.env of the App",
    ],
    [
      "an unknown field",
      "[{path: db.yaml, file: x}]",
      "include[0].file: unknown field; expected one of path, project_directory, env_file",
    ],
    ["no path", "[{project_directory: x}]", "include[0].path: expected the path of a file, or a list of paths"],
    ["a number", "[1]", "include[0]: expected the path of a file, or a list of paths"],
    ["a text", "db.yaml", "include: expected a list of files, found text"],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const files = {
        ...(include.includes("db") ? { "db.yaml": "services: {db: {image: y}}" } : {}),
        ...(include.includes("loop") ? { "loop.yaml": "include: [loop.yaml]\nservices: {db: {image: y}}" } : {}),
      };
      const [place] = await placesOf(expand(`include: ${include}\nservices: {web: {image: x}}`, files));
      expect(place).to.include(expected);
    });
  }

  it("reads each file once, and refuses a chain that is too long", async () => {
    const files = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `f${index}.yaml`,
          `include: [f${index + 1}.yaml, ./f${index + 1}.yaml]\nservices: {s${index}: {image: x}}`,
        ]),
      );
    const chain = (length: number) =>
      [
        "include: [f0.yaml]\nservices: {web: {image: x}}",
        { ...files(length), [`f${length}.yaml`]: "services: {last: {image: x}}" },
      ] as const;
    expect(Object.keys((await composeOf(...chain(40))).services ?? {})).to.have.length(42);
    const [place] = await placesOf(expand(...chain(60)));
    expect(place).to.equal("f49.yaml:1 include[0]: more than 50 files include each other");
  });
});

describe("profiles", () => {
  const COMPOSE =
    "services: {web: {image: x, depends_on: [db]}, db: {image: y, profiles: [db]}, tool: {image: z, profiles: [debug, tools]}}";

  it("activate services, which then have no profiles", async () => {
    const { services } = await composeOf(COMPOSE, {}, "  profiles: [db, tools]\n");
    expect(services).to.deep.equal({
      web: { image: "x", depends_on: ["db"] },
      db: { image: "y" },
      tool: { image: "z" },
    });
    const all = await composeOf(COMPOSE, {}, '  profiles: ["*"]\n');
    expect(all.services).to.deep.equal(services);
  });

  it("that are not active leave a service out, so that nothing can depend on it", async () => {
    expect(await placesOf(expand(COMPOSE))).to.deep.equal([
      "compose.yaml:1 services.web.depends_on[0]: the service db does not run, because none of its profiles is active: add one to spec.profiles of the App",
    ]);
  });

  it("that no service has are refused with the nearest one", async () => {
    expect(await placesOf(expand(COMPOSE, {}, "  profiles: [db, tool]\n"))).to.deep.equal([
      "app.yaml:6 spec.profiles[1]: no service has this profile; did you mean tools?",
    ]);
  });
});
