import { expect } from "chai";
import fc from "fast-check";
import type { KubeObject } from "../../../../src/manifest/document.js";
import { hashBody, type PreparedDocument } from "../../../../src/manifest/to-document.js";
import { TOP_LEVEL_KEYS } from "../../../../src/render/overseer/compose/keys.js";
import { SERVICE_FIELDS } from "../../../../src/render/overseer/compose/service-forms.js";
import { type ExpandedDocuments, expandDocuments } from "../../../../src/render/overseer/expand-documents.js";
import { coreFacts } from "../../../../src/render/parity/core-facts.js";

function prepared(object: unknown): PreparedDocument {
  const document = object as KubeObject;
  return { object: document, origin: { file: "a.yaml", line: 1 }, bodyHash: hashBody(document), dropped: [] };
}

const CONTEXT = {
  env: {},
  composeFilesOf: () => [],
  fileAt: () => undefined,
  readsFiles: () => false,
  envFilesOf: () => undefined,
};

async function expand(spec: unknown, kind = "App"): Promise<ExpandedDocuments> {
  const object = { apiVersion: "overseer.io/v1", kind, metadata: { name: "web" }, spec };
  const result = await expandDocuments([prepared(object)], CONTEXT);
  if (result.problems.length === 0) coreFacts(result.documents.map(({ object: one }) => one));
  return result;
}

/** Any JSON, with the texts that Compose looks into. */
const scalar = fc.oneof(
  fc.constantFrom(
    "80:80",
    "data:/d",
    "./x:/y",
    "CMD",
    "${A:-b}",
    "${SECRET:x}",
    "$",
    "${",
    "a=b",
    "",
    "web",
    "~",
    "\\",
    ":",
  ),
  fc.string({ maxLength: 8 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("source", "target", "type", "test", "web", "file"), fc.string({ maxLength: 5 })),
      tie("tree"),
      {
        maxKeys: 3,
      },
    ),
  ),
}));
const service = fc.dictionary(fc.constantFrom(...Object.keys(SERVICE_FIELDS), "x-a", "unknown", "__proto__"), tree, {
  maxKeys: 8,
});
const compose = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...TOP_LEVEL_KEYS, "x-b", "nobody"), tree, { maxKeys: 5 }),
    fc.dictionary(fc.constantFrom("web", "db", "a b", "constructor", "__proto__"), fc.oneof(service, tree), {
      maxKeys: 3,
    }),
  )
  .map(([top, services]) => ({ ...top, services }));

describe("malicious documents", () => {
  it("never make an expansion throw, whatever a Compose document holds", async () => {
    await fc.assert(
      fc.asyncProperty(compose, async (value) => {
        const { problems } = await expand({ compose: value });
        for (const { message } of problems) expect(message).to.be.a("string").and.not.equal("");
      }),
      { numRuns: 500 },
    );
  });

  for (const kind of ["App", "Node", "Route", "Policy"]) {
    it(`never make an expansion throw, whatever a ${kind} holds`, async () => {
      const fields = [
        "compose",
        "composeFiles",
        "routes",
        "domain",
        "backup",
        "resources",
        "env",
        "apps",
        "labels",
        "host",
      ];
      await fc.assert(
        fc.asyncProperty(fc.oneof(tree, fc.dictionary(fc.constantFrom(...fields), tree)), async (spec) => {
          await expand(spec, kind);
        }),
        { numRuns: 300 },
      );
    });
  }

  it("limits the number of messages", async () => {
    const ports = Array.from({ length: 5000 }, () => "x");
    expect((await expand({ compose: { services: { web: { image: "x", ports } } } })).problems).to.have.length(100);
  });

  it("are refused when all of them together are more than a source may have", async () => {
    const apps = Array.from({ length: 40 }, (_, index) => {
      const compose = { services: { web: { image: "x", command: "y".repeat(400_000) } } };
      return prepared({
        apiVersion: "overseer.io/v1",
        kind: "App",
        metadata: { name: `a${index}` },
        spec: { compose },
      });
    });
    const { problems } = await expandDocuments(apps, CONTEXT);
    expect(problems.map(({ message }) => message)).to.deep.equal([
      "with this app, the Compose documents of the source are larger than 8388608 bytes: split the source",
    ]);
  });

  it("let other work go on while many of them are expanded", async () => {
    const apps = Array.from({ length: 300 }, (_, index) =>
      prepared({
        apiVersion: "overseer.io/v1",
        kind: "App",
        metadata: { name: `a${index}` },
        spec: {
          compose: { services: Object.fromEntries(Array.from({ length: 20 }, (_one, n) => [`s${n}`, { image: "x" }])) },
        },
      }),
    );
    let turns = 0;
    const turn = (): void => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const { problems } = await expandDocuments(apps, CONTEXT);
    clearImmediate(next);
    expect(problems).to.deep.equal([]);
    expect(turns).to.be.greaterThan(1);
  });

  it("take time in proportion to their size", async function () {
    this.timeout(30_000);
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`);
    const chain = Object.fromEntries(
      names.map((name, index) => [name, { image: "x", depends_on: index === 0 ? [] : [names[index - 1]] }]),
    );
    const missing = Object.fromEntries(
      names.map((name) => [name, { image: "x", depends_on: [`${name}x`, `${name}y`] }]),
    );
    const long = "x".repeat(100_000);
    const words = { [long]: { image: "x", depends_on: [`${long}y`], [`${long}z`]: 1 } };
    const started = process.cpuUsage();
    expect((await expand({ compose: { services: chain } })).problems).to.deep.equal([]);
    expect((await expand({ compose: { services: missing } })).problems).to.have.length(100);
    expect((await expand({ compose: { services: words } })).problems).to.have.length(2);
    expect((await expand({ compose: { services: { web: { image: long.repeat(6) } } } })).problems).to.have.length(1);
    expect(process.cpuUsage(started).user / 1000).to.be.lessThan(5000);
  });
});
