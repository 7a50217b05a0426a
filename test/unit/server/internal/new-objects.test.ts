import { expect } from "chai";
import type { Rendered } from "../../../../src/controllers/overseer-app/rendered.js";
import type { Document, KubeObject } from "../../../../src/manifest/document.js";
import { newObjects } from "../../../../src/server/internal/new-objects.js";

function documentOf(kind: string, fields: object, confidential = false): Document {
  const object = { apiVersion: "v1", kind, metadata: { name: "web", namespace: "shop" }, ...fields } as KubeObject;
  const id = { group: "", version: "v1", kind, namespace: "shop", name: "web" };
  return { id, object, confidential, origin: { file: "web.yaml" } } as unknown as Document;
}

function answer(documents: readonly Document[], kinds: readonly string[], inputs = "key") {
  const rendered = { documents } as unknown as Rendered;
  const facts = { renders: () => new Map([["key", rendered]]) };
  const objects = kinds.map((kind) => ({ apiVersion: "v1", object: `${kind} shop/web` }));
  return newObjects(facts, "shop/web", { inputs, objects });
}

describe("the fields of objects that a Change creates", () => {
  it("are those of the document but its name, with values of Secrets masked", () => {
    const documents = [
      documentOf("Secret", { stringData: { password: "hunter2" }, type: "Opaque" }),
      documentOf("ConfigMap", {
        data: { a: "1", odd: "x" },
        metadata: { name: "web", namespace: "shop", labels: { a: "b" } },
      }),
      documentOf("Service", { spec: { clusterIP: "None" } }, true),
    ];
    const { items, omitted } = answer(documents, ["ConfigMap", "Secret", "Service", "Pod"]);
    expect(omitted).to.equal(1);
    expect(items.map(({ object, diff }) => [object, diff])).to.deep.equal([
      [
        "ConfigMap shop/web",
        [
          { path: ".data", to: '{"a":"1","odd":"x"}' },
          { path: ".metadata.labels", to: '{"a":"b"}' },
        ],
      ],
      [
        "Secret shop/web",
        [
          { path: ".stringData.password", to: "<redacted>" },
          { path: ".type", to: "Opaque" },
        ],
      ],
      // Its values are taken from Secrets.
      ["Service shop/web", [{ path: ".spec", to: "<redacted>" }]],
    ]);
  });

  it("are omitted when the documents are not in memory, or too large for one response", () => {
    expect(answer([], ["ConfigMap"], "other")).to.deep.equal({ items: [], omitted: 1 });
    const large = documentOf("ConfigMap", Object.fromEntries([..."abcdef"].map((key) => [key, key.repeat(900_000)])));
    const { items, omitted } = answer([large, documentOf("Secret", { type: "Opaque" })], ["ConfigMap", "Secret"]);
    expect([items.map(({ object }) => object), omitted]).to.deep.equal([["Secret shop/web"], 1]);
  });
});
