import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { OverseerAppSpec } from "../../../src/api/overseer-app.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import { SecretValues } from "../../../src/render/secrets/secret-values.js";
import { RenderSteps } from "../../../src/render/steps.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { renderFiles, request } from "./support/harness.js";

interface Reference {
  readonly store: string;
  readonly name: string;
  readonly key?: string;
}

type Example = KubeObject & {
  readonly jobs?: object;
  readonly secrets?: { readonly script: readonly string[] };
  readonly spec: {
    readonly source?: { readonly secretStores?: readonly { readonly name: string }[] };
    readonly values?: Readonly<Record<string, Reference>>;
    readonly data?: Readonly<Record<string, string>>;
  };
};

/** The ways of the page about secrets, and the page of each that has examples. */
const PAGES = [
  "docs/secrets.md",
  "docs/sources/sops.md",
  ...readdirSync(join(repositoryRoot(), "docs/secrets")).map((name) => `docs/secrets/${name}`),
];

const steps = new RenderSteps(undefined as never, undefined as never);

describe("Examples of the pages about secrets", () => {
  for (const page of PAGES) {
    const examples = yamlExamples<Example>(page);
    const apps = examples.filter(({ kind }) => kind === "OverseerApp");
    const stores = apps.flatMap(({ spec }) => spec.source?.secretStores ?? []);

    it(`${page}: each is valid, and renders to what the page says`, async () => {
      expect(apps, "an OverseerApp that shows the fields").to.have.lengthOf(1);
      for (const example of examples) {
        const { apiVersion, kind, spec } = example;
        const name = `${apiVersion} ${kind}`;
        if (kind === "OverseerApp") {
          const { error } = OverseerAppSpec.safeParse(spec);
          expect(error, name).to.equal(undefined);
        } else if (name === "overseer.io/v1 Secret") await expectFilled(example, stores);
        else if (/^(bitnami\.com|external-secrets\.io)\//.test(name)) {
          const { documents } = await renderFiles(
            { "a.yaml": JSON.stringify(example) },
            request("", { scopeOf: namespaced }),
          );
          expect(documents.map(({ object }) => object.spec)).to.deep.equal([spec]);
        } else {
          // Pipelines of GitHub and GitLab; their commands are parsed with those of all pages.
          expect(JSON.stringify(example.jobs ?? example.secrets), `${page}: an example of an unknown form`).to.include(
            "overseer ",
          );
        }
      }
    });
  }

  const namespaced = () => "Namespaced" as const;

  async function expectFilled(example: Example, stores: readonly { readonly name: string }[]): Promise<void> {
    const { values = {}, data = {} } = example.spec;
    const secretValues = new SecretValues();
    for (const [name, reference] of Object.entries(values))
      secretValues.set(reference as never, Buffer.from(`value-of-${name}`));
    for (const { store } of Object.values(values)) expect(stores.map(({ name }) => name)).to.include(store);
    const wanted = request("", {
      source: { path: "", secretStores: stores as never },
      scopeOf: namespaced,
      external: { digest: "d", variables: new Map(), values: [], secretValues },
    });
    const { documents } = await renderFiles({ "a.yaml": JSON.stringify(example) }, wanted, { steps });
    const filled = Object.entries(documents[0]?.object.data as Record<string, string>).map(
      ([key, text]) => [key, Buffer.from(text, "base64").toString()] as const,
    );
    const expected =
      Object.keys(data).length > 0 ? Object.entries(data) : Object.keys(values).map((key) => [key, `\${${key}}`]);
    expect(filled).to.deep.equal(
      expected.map(([key, text]) => [key, text?.replaceAll(/\$\{(\w+)\}/g, "value-of-$1")] as never),
    );
  }
});
