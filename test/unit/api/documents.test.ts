import { expect } from "chai";
import { load } from "js-yaml";
import { DOCUMENTS, type DocumentKind } from "../../../src/api/documents/documents.js";
import { DOCUMENT_EXAMPLES, EXAMPLE_COMPOSE_FILE } from "../../../tools/generate/document-examples.js";
import { documentOutputs, schemaPath } from "../../../tools/generate/documents.js";
import { expandFiles } from "../render/overseer/support/expand.js";

const KINDS = Object.keys(DOCUMENTS) as DocumentKind[];

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly const?: unknown;
}

function schemaOf(kind: DocumentKind): JsonSchema {
  const output = documentOutputs().find(({ path }) => path === schemaPath(kind));
  return JSON.parse(output?.text ?? "null") as JsonSchema;
}

/** Fields of a document that its schema does not know. */
function unknown(value: unknown, schema: JsonSchema, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => unknown(item, schema.items ?? {}, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const known = schema.properties?.[key] ?? schema.additionalProperties ?? true;
    if (known === false) return [`${path}.${key}`];
    return unknown(child, known === true ? {} : known, `${path}.${key}`);
  });
}

/** Fields without a description. */
function undescribed(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    ...(child.description === undefined && child.const === undefined ? [`${path}.${name}`] : []),
    ...undescribed(child, `${path}.${name}`),
    ...undescribed(child.items ?? {}, `${path}.${name}[]`),
  ]);
}

describe("documents of overseer.io/v1", () => {
  for (const kind of KINDS) {
    for (const [title, yaml] of DOCUMENT_EXAMPLES[kind]) {
      it(`the example of ${kind} can be applied: ${title}`, async () => {
        const files = { "example.yaml": yaml.trimStart(), [EXAMPLE_COMPOSE_FILE.path]: EXAMPLE_COMPOSE_FILE.text };
        const source = {
          path: "",
          include: ["example.yaml"],
          secretStores: [{ name: "vault", kubernetes: { secrets: [] } }],
        };
        const { documents, notes } = await expandFiles(files, { source });
        const applies = kind !== "Policy" || yaml.includes("backup:");
        expect(documents.length > 0).to.equal(applies);
        expect(notes).to.deep.equal([]);
      });

      it(`the schema of ${kind} knows every field of the example: ${title}`, () => {
        expect(unknown(load(yaml), schemaOf(kind), kind)).to.deep.equal([]);
      });
    }

    it(`the schema of ${kind} describes every field, and takes no other`, () => {
      const schema = schemaOf(kind);
      expect(undescribed(schema, kind)).to.deep.equal([]);
      expect(schema).to.deep.include({ type: "object", title: kind, additionalProperties: false });
      expect(schema.properties?.spec?.additionalProperties).to.equal(false);
      expect(schema.properties?.kind?.const).to.equal(kind);
      expect(schema.required).to.include.members(["apiVersion", "kind", "metadata"]);
    });
  }

  it("say in their schemas which fields exclude each other", () => {
    const required = (kind: DocumentKind): unknown =>
      schemaOf(kind).properties?.spec?.oneOf?.map(({ required: names }) => names.join());
    expect(required("App")).to.deep.equal(["compose", "composeFiles"]);
    expect(required("Policy")).to.deep.equal(["backup", "placement", "resources", "network", "storage", "hostAccess"]);
  });

  it("have a page each, with its example", () => {
    const pages = documentOutputs().filter(({ path }) => path.startsWith("docs/documents/"));
    expect(pages.map(({ path }) => path)).to.have.members(
      KINDS.map((kind) => `docs/documents/${kind.toLowerCase()}.md`),
    );
    for (const kind of KINDS) {
      const page = pages.find(({ path }) => path.endsWith(`/${kind.toLowerCase()}.md`))?.text ?? "";
      for (const [, yaml] of DOCUMENT_EXAMPLES[kind]) expect(page).to.include(yaml.trim());
      expect(page).not.to.match(/undefined|\[object/);
    }
  });
});
