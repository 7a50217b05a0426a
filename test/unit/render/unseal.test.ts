import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { KubeObject } from "../../../src/manifest/document.js";
import { hashBody, type PreparedDocument } from "../../../src/manifest/to-document.js";
import { KNOWN_ANNOTATIONS } from "../../../src/render/other-tools.js";
import { unsealDocuments } from "../../../src/render/unseal.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

interface Vectors {
  readonly key: string;
  readonly otherKey: string;
  readonly values: readonly { scope: string; value: string; sealed: string }[];
}
const { key, otherKey, values } = JSON.parse(
  readFileSync(join(repositoryRoot(), "test/unit/secrets/sealed-vectors.json"), "utf8"),
) as Vectors;
const privateKey = (text: string) =>
  createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });
const keys = (...texts: string[]) => ({ from: "Secret shop/sealing", keys: texts.map(privateKey) });

function sealed(scope: string, spec: object = {}, metadata: object = {}): PreparedDocument {
  const encrypted = values.find((one) => one.scope === scope)?.sealed;
  const object = {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: {
      name: "db",
      ...(scope === "strict" ? {} : { annotations: { [`sealedsecrets.bitnami.com/${scope}`]: "true" } }),
      ...metadata,
    },
    spec: { encryptedData: { password: encrypted }, ...spec },
  } as unknown as KubeObject;
  return { object, origin: { file: "db.yaml", line: 1 }, bodyHash: hashBody(object), dropped: [] };
}

describe("SealedSecrets with a key", () => {
  for (const { scope, value } of values)
    it(`become the Secret that their controller would make: ${scope}`, async () => {
      const template = {
        type: "kubernetes.io/basic-auth",
        metadata: { labels: { a: "b" } },
        data: { username: "shop" },
      };
      const { documents, problems } = await unsealDocuments([sealed(scope, { template })], keys(otherKey, key), "shop");
      expect(problems).to.deep.equal([]);
      expect(documents[0]?.confidential).to.equal(true);
      expect(documents[0]?.object).to.deep.equal({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "db", labels: { a: "b" } },
        type: "kubernetes.io/basic-auth",
        data: { username: Buffer.from("shop").toString("base64"), password: Buffer.from(value).toString("base64") },
      });
    });

  it("pass on how they are to be treated, unless their template says it", async () => {
    const annotations = {
      "gitops.overseer.io/prune": "disabled",
      "helm.sh/resource-policy": "keep",
      "argocd.argoproj.io/sync-wave": "-1",
      "gitops.overseer.io/hook": "PreSync",
      "sealedsecrets.bitnami.com/managed": "true",
      note: "of the SealedSecret",
    };
    const labels = { "kustomize.toolkit.fluxcd.io/prune": "disabled", team: "shop" };
    const template = { metadata: { annotations: { "gitops.overseer.io/prune": "confirm" } } };
    const { documents } = await unsealDocuments(
      [sealed("strict", { template }, { annotations, labels })],
      keys(key),
      "shop",
    );
    expect(documents[0]?.object.metadata).to.deep.equal({
      name: "db",
      labels: { "kustomize.toolkit.fluxcd.io/prune": "disabled" },
      annotations: {
        "gitops.overseer.io/prune": "confirm",
        "helm.sh/resource-policy": "keep",
        "argocd.argoproj.io/sync-wave": "-1",
        "gitops.overseer.io/hook": "PreSync",
      },
    });
  });

  it("pass on every annotation by which an object is treated", async () => {
    const annotations = Object.fromEntries([...KNOWN_ANNOTATIONS].map((name) => [name, "x"]));
    const { documents } = await unsealDocuments([sealed("strict", {}, { annotations })], keys(key), "shop");
    expect(documents[0]?.object.metadata.annotations).to.deep.equal(annotations);
  });

  it("are refused with a wrong key, place or scope, or as templates, without any value", async () => {
    const refused = [
      await unsealDocuments([sealed("strict")], keys(otherKey), "shop"),
      await unsealDocuments([sealed("strict")], keys(key), "elsewhere"),
      await unsealDocuments([sealed("strict", {}, { name: "renamed" })], keys(key), "shop"),
      await unsealDocuments(
        [sealed("strict", {}, { annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" } })],
        keys(key),
        "shop",
      ),
    ];
    for (const { problems } of refused) {
      expect(problems).to.have.length(1);
      expect(problems[0]?.message).to.match(
        /^spec\.encryptedData\.password cannot be decrypted with the 1 key of Secret shop\/sealing/,
      );
    }
    const template = { data: { url: "db://{{ .password }}" } };
    const { problems } = await unsealDocuments([sealed("strict", { template })], keys(key), "shop");
    expect(problems.map(({ message }) => message)).to.deep.equal([
      "spec.template.data.url is a template, which only the controller of Sealed Secrets fills in",
    ]);
    expect(JSON.stringify(refused)).not.to.include("the value of");
  });
});
