import { expect } from "chai";
import { preview } from "../../../../../src/destinations/kubernetes/apply/preview.js";
import type { KubernetesContext } from "../../../../../src/destinations/kubernetes/kubernetes-context.js";
import type { Document } from "../../../../../src/manifest/document.js";
import { toDocument } from "../../../../../src/manifest/to-document.js";
import { prepareManifests } from "../../../../../src/manifest/yaml/prepare.js";
import type { WriteAction } from "../../../../../src/plan/actions.js";
import { APP_REF } from "../events.js";

const TARGET = {
  app: APP_REF,
  serviceAccountName: "deployer",
  adopt: "Unowned",
  additions: "Revert",
  ignored: [],
} as const;
const SOURCE = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Cluster
  names: { kind: Widget, plural: widgets }
  versions: [{ name: v1, served: true, storage: true }]
---
apiVersion: example.com/v1
kind: Widget
metadata: { name: w }
`;

describe("preview", () => {
  const documents: readonly Document[] = prepareManifests(SOURCE, "all.yaml").map((prepared) =>
    toDocument(prepared, ""),
  );
  const [definition, widget] = documents as [Document, Document];
  const create = (document: Document): WriteAction => ({ verb: "Create", document, live: undefined });

  it("never drops a write whose kind becomes served while others are previewed", async () => {
    let served = false;
    const context = {
      denied: { forget: () => {} },
      discovery: { peek: () => (served ? {} : undefined) },
      requests: {
        run: async () => {
          served = true;
          return { accepted: { action: create(definition) } };
        },
      },
    } as unknown as KubernetesContext;
    const scope = { all: documents, others: [] };
    const result = await preview(
      context,
      TARGET,
      [create(definition), create(widget)],
      scope,
      AbortSignal.timeout(5_000),
    );
    expect(result.accepted.map(({ action }) => action.document.key)).to.deep.equal([definition.key]);
    expect(result.deferred.map(({ action }) => action.document.key)).to.deep.equal([widget.key]);
  });
});
