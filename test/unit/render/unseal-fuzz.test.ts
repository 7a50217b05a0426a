import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { KubeObject } from "../../../src/manifest/document.js";
import { hashBody, type PreparedDocument } from "../../../src/manifest/to-document.js";
import { unsealDocuments } from "../../../src/render/unseal.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

interface Vectors {
  readonly key: string;
  readonly values: readonly { scope: string; value: string; sealed: string }[];
}
const vectors = JSON.parse(
  readFileSync(join(repositoryRoot(), "test/unit/secrets/sealed-vectors.json"), "utf8"),
) as Vectors;
const KEYS = {
  from: "Secret shop/sealing",
  keys: [createPrivateKey({ key: Buffer.from(vectors.key, "base64"), format: "der", type: "pkcs8" })],
};
const { sealed = "", value: plain = "" } = vectors.values.find(({ scope }) => scope === "cluster-wide") ?? {};

const names = fc.constantFrom("password", "a.b", "__proto__", "constructor", "toString", "-", "ü", "", "x".repeat(300));
const mangled = fc
  .tuple(fc.nat(sealed.length - 1), fc.constantFrom("", "=", "A", "\u0000", "é"))
  .map(([at, text]) => `${sealed.slice(0, at)}${text}${sealed.slice(at + 1)}`);
const encryptedValue = fc.oneof(
  { weight: 3, arbitrary: fc.constant(sealed) },
  mangled,
  fc.string({ maxLength: 40 }),
  fc.jsonValue(),
);
const texts = fc.dictionary(names, fc.oneof(fc.constantFrom("shop", "{{ .password }}", "\u0000"), fc.jsonValue()), {
  maxKeys: 3,
});
const template = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue(),
  fc.record(
    {
      type: fc.jsonValue(),
      immutable: fc.jsonValue(),
      data: fc.oneof(texts, fc.jsonValue()),
      metadata: fc.oneof(
        fc.record({ labels: texts, annotations: texts, name: fc.jsonValue() }, { requiredKeys: [] }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  ),
);
const spec = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ encryptedData: fc.dictionary(names, encryptedValue, { maxKeys: 4 }), template }),
  },
  fc.record({ encryptedData: fc.jsonValue(), template }),
  fc.jsonValue(),
);

function documentOf(content: unknown): PreparedDocument {
  const metadata = { name: "db", annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" } };
  const object = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", metadata, spec: content };
  const known = object as unknown as KubeObject;
  return { object: known, origin: { file: "db.yaml", line: 1 }, bodyHash: hashBody(known), dropped: [] };
}

const keysOf = (value: unknown): string[] => (typeof value === "object" && value !== null ? Object.keys(value) : []);

describe("The reader of SealedSecrets", () => {
  it("takes every value of whatever is in them, or says what is wrong, without a value", async () => {
    await fc.assert(
      fc.asyncProperty(spec, async (content) => {
        const { documents, problems } = await unsealDocuments([documentOf(content)], KEYS, "shop");
        for (const { message, object } of problems) {
          expect(object).to.equal("SealedSecret shop/db");
          expect(message).not.to.contain(plain);
        }
        if (problems.length > 0) return;
        const { encryptedData, template: given } = content as { encryptedData: object; template?: { data?: object } };
        const [made] = documents as unknown as readonly { object: { kind: string; data: Record<string, string> } }[];
        const { kind, data = {} } = made?.object ?? {};
        expect(kind).to.equal("Secret");
        const expected = [...new Set([...keysOf(encryptedData), ...keysOf(given?.data)])].sort();
        expect(Object.keys(data).sort()).to.deep.equal(expected);
        for (const name of keysOf(encryptedData))
          expect(Buffer.from(data[name] ?? "", "base64").toString()).to.equal(plain);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
