import { expect } from "chai";
import type { KubeObject } from "../../../src/manifest/document.js";
import { hashBody, hashObject, idOf, inNamespace, toDocument } from "../../../src/manifest/to-document.js";
import { prepareManifests } from "../../../src/manifest/yaml/prepare.js";

const TEXT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\nspec: {replicas: 2}\n";
const SAME =
  "# other\nkind: Deployment\nspec: {replicas: 0x2}\nmetadata:\n  labels: {a: b}\n  name: web\napiVersion: apps/v1\n";

function prepared(text: string) {
  const [first] = prepareManifests(text, "f.yaml");
  if (!first) throw new Error("no document");
  return first;
}

describe("toDocument", () => {
  it("puts an object into a namespace", () => {
    const item = prepared(TEXT);
    const document = toDocument(item, "shop");
    expect(document).to.deep.include({
      id: { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" },
      key: "apps/Deployment/shop/web",
      origin: { file: "f.yaml", line: 1 },
    });
    expect(document.object.metadata).to.deep.equal({ name: "web", namespace: "shop", labels: { a: "b" } });
    expect(item.object.metadata, "the shared object").to.not.have.property("namespace");
    expect(document.object.spec, "is shared").to.equal(item.object.spec);
    expect(document.hash).to.match(/^[0-9a-f]{32}$/);
  });

  it("takes the namespace away for the cluster scope", () => {
    const document = toDocument(prepared(TEXT.replace("name: web", "name: web, namespace: x")), "");
    expect(document.key).to.equal("apps/Deployment//web");
    expect(document.object.metadata).to.not.have.property("namespace");
  });

  it("hashes the content, not its formatting", () => {
    const hash = toDocument(prepared(TEXT), "shop").hash;
    expect(toDocument(prepared(SAME), "shop").hash).to.equal(hash);
    expect(toDocument(prepared(TEXT), "other").hash).to.not.equal(hash);
    expect(toDocument(prepared(TEXT.replace("2", "3")), "shop").hash).to.not.equal(hash);
    expect(toDocument(prepared(TEXT.replace("apps/v1", "apps/v1beta1")), "shop").hash).to.not.equal(hash);
  });

  it("has the hash of the object that it holds", () => {
    const document = toDocument(prepared(TEXT), "shop");
    expect(hashObject(document.object)).to.equal(document.hash);
  });

  it("hashes Secrets by their data, however it is written", () => {
    const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
    const hash = toDocument(prepared(`${head}stringData: {a: x}\n`), "n").hash;
    expect(toDocument(prepared(`${head}data: {a: eA==}\n`), "n").hash).to.equal(hash);
    expect(toDocument(prepared(`${head}data: {a: eQ==}\n`), "n").hash).to.not.equal(hash);
  });
});

describe("inNamespace", () => {
  const object: KubeObject = { apiVersion: "v1", kind: "A", metadata: { name: "a", namespace: "x" } };

  it("leaves what is there already", () => {
    expect(inNamespace(object, "x")).to.equal(object);
  });

  it("does not change the body's hash", () => {
    expect(hashBody(inNamespace(object, "y"))).to.equal(hashBody(object));
    expect(idOf(inNamespace(object, "y")).namespace).to.equal("y");
  });
});
