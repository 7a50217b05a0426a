import { expect } from "chai";
import { credentialIn } from "../../../src/manifest/credential.js";
import { RenderError } from "../../../src/render/render-error.js";
import { failureOf, renderFiles, request } from "./support/harness.js";

const secret = (data: object, annotations = {}): string =>
  JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "db", annotations }, ...data });

describe("Secrets that are readable in Git", () => {
  for (const [value, expected] of [
    [`-----BEGIN RSA ${"PRIVATE"} KEY-----\nMIIE\n`, "a private key"],
    ["-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", undefined],
    [`AKIA${"Z".repeat(16)}`, "an access key of AWS"],
    [`ghp_${"a1".repeat(18)}`, "a token of GitHub"],
    [`glpat-${"a1".repeat(10)}`, "a token of GitLab"],
    ["postgres://shop:hunter2@db:5432/shop", "a password in a URL"],
    ["postgres://db:5432/shop", undefined],
    ['{"auths":{"r.example.com":{"auth":"dXNlcjpwYXNz"}}}', "credentials of a registry"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "a JSON web token"],
    ["qX7vN2mK9pL4wZ8r", "looks random"],
    ["9f86d081884c7d659a2feaa0c55ad015", "looks random"],
    ["changeme", undefined],
    ["registry.example.com/team/web:1.24.3", undefined],
    ["https://example.com/api/v1/users?id=42", undefined],
    ["/var/run/secrets/token-12", undefined],
    ["${DATABASE_PASSWORD_2}", undefined],
    ["the quick brown fox jumps over 13 lazy dogs", undefined],
    ["aaaaaaaaaaaaaaaa1111", undefined],
    ["", undefined],
  ] as const) {
    it(`${JSON.stringify(value.slice(0, 40))}: ${expected ?? "no credential"}`, () => {
      expect(credentialIn(value)).to.equal(expected);
    });
  }

  const files = {
    "app/a.yaml": `\n\n${secret({ stringData: { password: "qX7vN2mK9pL4wZ8r", user: "admin" }, data: { key: Buffer.from("ghp_".padEnd(40, "x9")).toString("base64") } })}\n`,
    "app/b.yaml": secret(
      { stringData: { password: "qX7vN2mK9pL4wZ8r" } },
      { "gitops.overseer.io/plaintext-secret": "allowed" },
    ).replace('"db"', '"test"'),
    "app/c.yaml": secret({ stringData: { user: "admin" } }).replace('"db"', '"user"'),
  };

  it("are noted with file, line and keys, and without values", async () => {
    const { notes, documents } = await renderFiles(files, request("app"));
    expect(documents).to.have.length(3);
    expect(notes).to.deep.equal([
      {
        origin: { file: "app/a.yaml", line: 3 },
        object: "Secret shop/db",
        readable: true,
        message:
          "is readable in Git: key (a token of GitHub), password (looks random); encrypt the file with SOPS (source.decryption), change the value, or set the annotation gitops.overseer.io/plaintext-secret: allowed if it is no secret",
      },
    ]);
  });

  it("are refused on request", async () => {
    const error = await failureOf(renderFiles(files, request("app"), { refusesPlaintextSecrets: true }));
    expect(error).to.be.instanceOf(RenderError);
    expect(error.message).to.include("app/a.yaml:3: Secret shop/db: is readable in Git").and.not.include("qX7v");
  });

  const TOKEN = "ghp_".padEnd(40, "x9");
  const open = {
    "app/a.yaml": JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: {
        "ci.env": `TOKEN=${TOKEN}`,
        API_KEY: "qX7vN2mK9pL4wZ8r",
        build: "qX7vN2mK9pL4wZ8r",
        PASSWORD: "changeme-1234567890",
      },
    }),
    "app/b.yaml": JSON.stringify({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        template: {
          spec: { containers: [{ name: "web", env: [{ name: "DSN", value: "postgres://shop:hunter2@db/shop" }] }] },
        },
      },
    }),
  };

  it("are noted in ConfigMaps and variables of containers, by their form or name", async () => {
    const { notes } = await renderFiles(open, request("app"));
    expect(
      notes.map(({ origin, object, message }) => `${origin?.file} ${object} ${message.split(";")[0]}`),
    ).to.deep.equal([
      "app/a.yaml ConfigMap shop/settings is readable in Git: ci.env (a token of GitHub), API_KEY (looks random)",
      "app/b.yaml Deployment shop/web is readable in Git: DSN (a password in a URL)",
    ]);
  });

  it("are refused with source.refusePlaintextSecrets, for both destinations", async () => {
    const compose = {
      "app/app.yaml":
        "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec:\n  compose:\n    services:\n      web: {image: x, environment: {DB_PASSWORD: hunter2}}\n",
    };
    const source = { path: "app", refusePlaintextSecrets: true };
    for (const target of ["kubernetes", "overseer"] as const) {
      const error = await failureOf(renderFiles(compose, request("app", { source, target })));
      expect(error.message, target).to.include(
        "app/app.yaml:7: App web: spec.compose.services.web.environment.DB_PASSWORD",
      );
      expect(error.message, target).not.to.include("hunter2");
      const accepted = compose["app/app.yaml"].replace(
        "{name: web}",
        '{name: web, annotations: {"gitops.overseer.io/plaintext-secret": allowed}}',
      );
      const { notes } = await renderFiles({ "app/app.yaml": accepted }, request("app", { source, target }));
      expect(
        notes.filter(({ readable }) => readable),
        target,
      ).to.deep.equal([]);
    }
    const error = await failureOf(renderFiles(open, request("app", { source })));
    expect(error.message).to.include("app/a.yaml:1: ConfigMap").and.not.include("ghp_");
  });
});
