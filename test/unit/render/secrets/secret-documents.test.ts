import { expect } from "chai";
import type { RenderRequest } from "../../../../src/render/request.js";
import { withSecretValues } from "../../../../src/render/secrets/fill-secrets.js";
import { templateParts } from "../../../../src/render/secrets/secret-template.js";
import { SecretValues } from "../../../../src/render/secrets/secret-values.js";
import { RenderSteps } from "../../../../src/render/steps.js";
import { failureOf, renderFiles, request } from "../support/harness.js";

const STORES = [{ name: "cluster", kubernetes: { secrets: ["pg"] } }];
const REFERENCE = { store: "cluster", name: "pg", key: "password" };

function steps(): RenderSteps {
  return new RenderSteps(undefined as never, undefined as never);
}

function wanted(target: "kubernetes" | "overseer", value: Uint8Array): RenderRequest {
  const secretValues = new SecretValues();
  secretValues.set(REFERENCE, value);
  return request("", {
    target,
    source: { path: "", secretStores: STORES },
    scopeOf: ({ group }) => (group === "core.overseer.io" ? "Cluster" : "Namespaced"),
    external: { digest: "d", variables: new Map(), values: [], secretValues },
    checksums: { digest: (text) => `tag of ${text.length}`, namespace: "shop" },
  });
}

const document = (spec: object, name = "db"): string =>
  JSON.stringify({ apiVersion: "overseer.io/v1", kind: "Secret", metadata: { name }, spec });
const render = (spec: object, target: "kubernetes" | "overseer" = "kubernetes", value = Buffer.from("p4ss")) =>
  renderFiles({ "db.yaml": document(spec) }, wanted(target, value), { steps: steps() });
const problem = async (
  spec: object,
  target?: "kubernetes" | "overseer",
  value?: Buffer<ArrayBuffer>,
): Promise<string> => (await failureOf(render(spec, target, value))).message;

describe("Secret documents", () => {
  const values = { password: REFERENCE };

  it("become a Secret whose values are shown nowhere", async () => {
    const { documents } = await render({ values, data: { url: "x://u:${password}@db", text: "$${password} $5" } });
    const [secret] = documents;
    const decoded = Object.entries(secret?.object.data as Record<string, string>).map(([key, data]) => [
      key,
      Buffer.from(data, "base64").toString(),
    ]);
    expect(Object.fromEntries(decoded)).to.deep.equal({ url: "x://u:p4ss@db", text: "${password} $5" });
    expect(secret?.id).to.include({ group: "", kind: "Secret", namespace: "shop", name: "db" });
    expect(secret?.confidential).to.equal(true);
  });

  it("become one secret of a Core for each key, of a type that cannot be printed", async () => {
    const { documents } = await render({ values, data: { value: "${password}", url: "x:${password}" } }, "overseer");
    expect(documents.map(({ id }) => `${id.kind} ${id.name}`)).to.deep.equal(["Secret db", "Secret db.url"]);
    expect(JSON.stringify(documents)).not.to.include("p4ss");
    expect(documents.every(({ confidential }) => confidential)).to.equal(true);
  });

  it("keep bytes that are no text, and refuse them where text is needed", async () => {
    const bytes = Buffer.from([0xff, 0xfe]);
    const { documents } = await render({ values }, "kubernetes", bytes);
    expect(documents[0]?.object.data).to.deep.equal({ password: bytes.toString("base64") });
    expect(await problem({ values, data: { url: "x${password}" } }, "kubernetes", bytes)).to.include("use it alone");
    expect(await problem({ values }, "overseer", bytes)).to.include("cannot be a secret of a Core");
  });

  for (const [what, spec, message] of [
    [
      "a store that does not exist",
      { values: { a: { store: "vault", name: "x" } } },
      "there is no such store in source.secretStores, which has cluster",
    ],
    [
      "a value that is not declared",
      { values, data: { url: "${pasword-p4ss}" } },
      "refers to a value that is not in spec.values",
    ],
    [
      "a path that leaves the engine",
      { values: { a: { store: "cluster", name: "a/../../sys" } } },
      "expected a path without the parts . and ..",
    ],
    ["nothing", {}, "expected values, data or both"],
  ] as const) {
    it(`are refused with file and line for ${what}, without quoting a value`, async () => {
      const text = await problem(spec);
      expect(text).to.include("db.yaml:1").and.include(message);
      expect(text).not.to.include("p4ss");
    });
  }

  it("with the name of a secret of backups are refused for a Core only", async () => {
    const on = (target: "kubernetes" | "overseer", data: object, name = "backup") =>
      renderFiles({ "db.yaml": document({ data }, name) }, wanted(target, Buffer.from("")), { steps: steps() });
    const data = { RESTIC_REPOSITORY: "s3:evil" };
    expect((await on("kubernetes", data)).documents).to.have.length(1);
    const { message } = await failureOf(on("overseer", data));
    expect(message).to.equal(
      "db.yaml:1: Secret backup: spec.data.RESTIC_REPOSITORY: would be the secret backup.RESTIC_REPOSITORY of the Core, and those that begin with backup. are for backups and cannot come from Git: use another name; for backups, an administrator stores it in the Core",
    );
    expect((await on("overseer", data, "backups")).documents).to.have.length(1);
  });

  it("that were encrypted in Git are refused for a Core with the name of a secret of backups", () => {
    for (const [name, key] of [
      ["backup", "RESTIC_PASSWORD"],
      ["backup.RESTIC_PASSWORD", "value"],
    ] as const) {
      const object = { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { [key]: "eA==" } };
      const output = { documents: [{ object, origin: { path: "s.yaml", line: 1 } }], problems: [] };
      const { documents, problems } = withSecretValues(output as never, wanted("overseer", Buffer.from("")));
      expect(documents).to.deep.equal([]);
      expect(problems[0]?.message).to.include("would be the secret backup.RESTIC_PASSWORD of the Core");
    }
  });

  it("in plain text are noted as readable in Git", async () => {
    const { notes } = await render({ data: { token: `ghp_${"0123456789abcdefABCDEF0123456789abcd"}` } });
    expect(notes.map((note) => note.message).join()).to.match(/spec\.data\.token: is readable in Git/);
  });

  it("have templates of text and names, and nothing else", () => {
    expect(templateParts("a${b}$${c}$d${")).to.deep.equal([{ text: "a" }, { value: "b" }, { text: "${c}$d${" }]);
  });
});
