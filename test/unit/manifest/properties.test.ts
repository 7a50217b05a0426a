import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson } from "../../../src/base/hash.js";
import { diffObjects } from "../../../src/manifest/diff/diff.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import { formatProblem, ManifestError } from "../../../src/manifest/manifest-error.js";
import { normalize } from "../../../src/manifest/normalize.js";
import { checkSecret } from "../../../src/manifest/secret-shape.js";
import { hashObject } from "../../../src/manifest/to-document.js";
import { parseManifests } from "../../../src/manifest/yaml/parse.js";
import { prepareManifests } from "../../../src/manifest/yaml/prepare.js";

/** JSON with fields that the rules look at mixed into random ones. */
const FIELDS = ["creationTimestamp", "containers", "name", "env", "ports", "status", "data", "__proto__", "a", "b"];
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, 1, 1.5, -1e21, "", "x", "5", "é😀", "<&>"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), fc.string()), tie("value"), { maxKeys: 4 }),
  ),
})).value;

const kinds = fc.constantFrom(
  ["v1", "ConfigMap"],
  ["v1", "Secret"],
  ["apps/v1", "Deployment"],
  ["batch/v1", "CronJob"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["example.com/v1", "Probe"],
);
const objects: fc.Arbitrary<KubeObject> = fc
  .tuple(
    kinds,
    fc.dictionary(fc.constantFrom("spec", "data", "status", "rules", "aggregationRule", "template", "x"), json),
  )
  .map(([[apiVersion, kind], rest]) => ({ ...rest, apiVersion, kind, metadata: { name: "a" } }) as KubeObject);

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, child]) => [key, shuffled(child)]));
}

/** More runs for a hunt: `PROPERTY_RUNS=50` does fifty times as many. */
function runs(count: number): number {
  return count * Number(process.env.PROPERTY_RUNS ?? "1");
}

/** What the text is read as; undefined when it is refused the way it should be. */
function read(text: string): readonly unknown[] | undefined {
  try {
    return prepareManifests(text, "f.yaml").map(({ object }) => object);
  } catch (error) {
    if (error instanceof ManifestError && error.problems.length > 0) return undefined;
    throw error;
  }
}

const SAMPLE = `# sample
apiVersion: v1
kind: Secret
metadata: {name: a, labels: &l {a: b}}
stringData:
  password: CANARY
  quoted: "CANARY"
  lines: |
    CANARY
    more
  list: [*l, 'x']
---
{"apiVersion": "v1", "kind": "List", "items": [{"kind": "A"}]}
`;

/** The sample with a few pieces of YAML thrown into random places. */
const mutated = fc
  .array(
    fc.tuple(
      fc.nat(SAMPLE.length),
      fc.nat(3),
      fc.constantFrom(
        "",
        "*",
        "&",
        "!",
        "!!int ",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "#",
        "|",
        "<<: ",
        "?",
        "\r",
        "%",
        "---\n",
        "\u0000",
        "@",
      ),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) => edits.reduce((text, [at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut), SAMPLE));

describe("manifest properties", function () {
  this.timeout(60_000);

  it("the hash does not depend on the order of keys", () => {
    fc.assert(
      fc.property(objects, (object) => {
        expect(hashObject(shuffled(object) as KubeObject)).to.equal(hashObject(object));
      }),
    );
  });

  it("normalise is idempotent and leaves its argument alone", () => {
    fc.assert(
      fc.property(objects, (object) => {
        const before = canonicalJson(object);
        const once = normalize(object).object;
        expect(normalize(once).object).to.deep.equal(once);
        expect(canonicalJson(object)).to.equal(before);
      }),
    );
  });

  it("an object does not differ from itself, and differs from whatever is not equal", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [from, to] = [a, b].map((spec) => ({ apiVersion: "v1", kind: "A", metadata: { name: "a" }, spec }));
        if (!from || !to) return;
        expect(diffObjects(from, structuredClone(from)).entries).to.deep.equal([]);
        expect(diffObjects(from, to).entries.length > 0).to.equal(canonicalJson(a) !== canonicalJson(b));
      }),
    );
  });

  it("JSON is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 2, "\t"), (object, indent) => {
        fc.pre(checkSecret(object).length === 0);
        const text = JSON.stringify(object, null, indent);
        expect(parseManifests(text, "f.json").map(({ object: ours }) => ours)).to.deep.equal([JSON.parse(text)]);
      }),
    );
  });

  it("random text is read or refused, never anything else", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), mutated);
    fc.assert(
      fc.property(text, (input) => void read(input)),
      { numRuns: runs(1000) },
    );
  });

  it("no complaint about a Secret quotes a value of it", () => {
    fc.assert(
      fc.property(mutated, (input) => {
        try {
          prepareManifests(input, "f.yaml");
        } catch (error) {
          if (!(error instanceof ManifestError)) throw error;
          expect([error.message, ...error.problems.map(formatProblem)].join("\n")).to.not.contain("CANARY");
        }
      }),
      { numRuns: runs(1500) },
    );
  });

  it("documents of a stream are read as they are alone", () => {
    const documents = fc.array(
      objects.map((object) => JSON.stringify(object, null, 1)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        documents,
        fc.constantFrom("\n---\n", "\r\n---\r\n", "\n--- # next\n", "\n---\n\n---\n"),
        (texts, between) => {
          const together = read(texts.join(between));
          const alone = texts.map(read);
          expect(together).to.deep.equal(alone.includes(undefined) ? undefined : alone.flat());
        },
      ),
    );
  });
});
