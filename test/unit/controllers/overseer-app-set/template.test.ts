import { expect } from "chai";
import fc from "fast-check";
import { z } from "zod";
import { OverseerAppSpec } from "../../../../src/api/overseer-app.js";
import type { Json } from "../../../../src/base/hash.js";
import type { ParameterSet } from "../../../../src/controllers/overseer-app-set/parameters.js";
import { fillIn } from "../../../../src/controllers/overseer-app-set/template/fill-in.js";
import { parseTemplate, slug } from "../../../../src/controllers/overseer-app-set/template/placeholder.js";
import { protectedUse } from "../../../../src/controllers/overseer-app-set/template/protected-fields.js";

const parameters = (values: Record<string, Json>, fromGit: readonly string[] = []): ParameterSet => ({
  values,
  fromGit: new Set(fromGit),
  origin: "folder apps/web",
});
const web = parameters({
  path: { path: "apps/web", basename: "web", segments: ["apps", "web"] },
  metadata: { labels: { "example.com/tier": "gold" } },
  replicas: 3,
  paused: false,
  none: null,
  chart: { values: { a: [1, 2] } },
});
const fill = (value: unknown, set = web): Json => fillIn(value, "spec.template.spec", set);

describe("The template of a set", () => {
  const cases: readonly (readonly [template: unknown, expected: Json])[] = [
    ["{{ .path.basename }}-x", "web-x"],
    ["{{path.basename}}", "web"],
    ["{{ .path.segments[1] }}/{{ .path.segments[0] }}", "web/apps"],
    ['{{ .metadata.labels["example.com/tier"] }}', "gold"],
    ["{{ .path.path | slug }}", "apps-web"],
    ["{{ .replicas }}", 3],
    ["{{ .replicas }} pods, {{ .paused }}", "3 pods, false"],
    ["{{ .chart.values }}", { a: [1, 2] }],
    ['{{ "{{" }} .Values.x }}', "{{ .Values.x }}"],
    ["${NAME} and $(x) and {single}", "${NAME} and $(x) and {single}"],
    [{ a: ["{{ .replicas }}", true, null, 1.5] }, { a: [3, true, null, 1.5] }],
    ["", ""],
  ];
  for (const [template, expected] of cases) {
    it(`fills in ${JSON.stringify(template)}`, () => expect(fill(template)).to.deep.equal(expected));
  }

  const faults: readonly (readonly [template: unknown, message: RegExp])[] = [
    [
      "{{ .path.nam }}",
      /spec\.template\.spec uses \{\{ \.path\.nam \}\}, but folder apps\/web has no such parameter: path has basename, path, segments$/,
    ],
    ["{{ .nothing }}", /has no such parameter: it has chart, metadata, none, path, paused, replicas/],
    ["{{ .none }}", /no such parameter/],
    ["{{ .path.segments[2] }}", /path\.segments has 2 items/],
    ["{{ .constructor.name }}", /no such parameter/],
    ["{{ .__proto__ }}", /no such parameter/],
    ["{{ .path.path.length }}", /path\.path is no object/],
    ["x {{ .chart.values }}", /which is an object .*: only a string that consists of one placeholder can hold it/],
    ["{{ .chart | slug }}", /uses "\| slug" for .*, which is no text/],
    ["{{ .path", /character 1 has no \}\}/],
    ["{{ if .path }}", /\{\{ if \.path \}\} is not a placeholder/],
    ["{{ .path | upper }}", /is not a placeholder/],
    ["{{ .path | slug | slug }}", /is not a placeholder/],
    ["{{}}", /is not a placeholder/],
    [{ list: [{ "{{ .path }}": 1 }] }, /spec\.template\.spec\.list\[0\]\..* has a placeholder in its key/],
  ];
  for (const [template, message] of faults) {
    it(`rejects ${JSON.stringify(template)} by field and parameter`, () => {
      expect(() => fill(template)).to.throw(message);
    });
  }

  it("never reads what a parameter holds as a template", () => {
    const hostile = parameters({ a: "{{ .secret }}", secret: "s" });
    expect(fill("x{{ .a }}", hostile)).to.equal("x{{ .secret }}");
  });

  it("never lets a repository choose the ServiceAccount, Secret, repository or Core", () => {
    const git = parameters({ sa: "admin", all: { secretRef: { name: "x" } }, values: { serviceAccountName: "x" } }, [
      "sa",
      "all",
      "values",
    ]);
    const uses: readonly unknown[] = [
      { serviceAccountName: "{{ .sa }}" },
      { serviceAccountName: "x-{{ .sa }}" },
      { source: { repositoryRef: { name: "{{ .sa }}" } } },
      { source: { repositoryRef: { name: "x", namespace: "{{ .sa }}" } } },
      { source: { decryption: { secretRef: { name: "{{ .sa }}" } } } },
      { source: { substitute: { from: [{ name: "{{ .sa }}" }] } } },
      { source: { helm: { valuesFrom: [{ name: "{{ .sa }}" }] } } },
      { source: { helm: { chart: "{{ .all }}" } } },
      { source: { helm: { chart: { repository: "https://{{ .sa }}", secretRef: { name: "registry" } } } } },
      { destination: { kubernetes: { kubeConfigSecretRef: { name: "{{ .sa }}" } } } },
      { destination: { overseer: { url: "https://{{ .sa }}" } } },
      { destination: "{{ .all }}" },
      { source: { secretStores: [{ name: "v", vault: { url: "https://{{ .sa }}" } }] } },
      { source: { secretStores: "{{ .all }}" } },
      { source: { unseal: { secretRef: { name: "{{ .sa }}" } } } },
      { source: "{{ .values }}" },
    ];
    for (const use of uses) {
      expect(() => fill(use, git), JSON.stringify(use)).to.throw(
        /which comes from Git \(folder apps\/web\), but content/,
      );
      expect(() => fill(use, parameters(git.values as Record<string, Json>)), JSON.stringify(use)).to.not.throw();
    }
    const free = {
      source: { path: "{{ .sa }}", helm: { values: "{{ .values }}", chart: { repository: "{{ .sa }}" } } },
    };
    expect(() => fill(free, git)).to.not.throw();
  });

  it("never lets a repository choose any reference to a Secret that the spec of apps has", () => {
    const fields = referencesIn(z.toJSONSchema(OverseerAppSpec, { io: "input", unrepresentable: "any" }) as Schema);
    expect(fields.map((path) => path.join("."))).to.include("source.secretStores.0.vault.auth.tokenSecretRef.name");
    const free = fields.filter((path) => protectedUse(path, "x", {}) === undefined);
    expect(free.map((path) => path.join("."))).to.deep.equal([]);
  });

  it("leaves text without braces as it is, and names the field in every error", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes("{{")) expect(fill(text)).to.equal(text);
        else {
          const parts = parseTemplate(text);
          expect("fault" in parts || parts.length > 0).to.equal(true);
        }
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("{{", "}}", '"', ".", "path", "[", "]", "|", " slug", "a", " ", "1"), {
          maxLength: 20,
        }),
        (parts) => {
          try {
            fill(parts.join(""));
          } catch (error) {
            expect((error as Error).message).to.match(/^spec\.template\.spec /);
            expect((error as { reason?: string }).reason).to.equal("InvalidTemplate");
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("makes parts of DNS names", () => {
    expect(slug("Feature/ABC_1.2--x-")).to.equal("feature-abc-1-2-x");
    fc.assert(fc.property(fc.string(), (text) => /^([a-z0-9]+(-[a-z0-9]+)*)?$/.test(slug(text))));
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Paths of the names of Secrets in a schema. */
function referencesIn(schema: Schema, path: readonly (string | number)[] = []): (string | number)[][] {
  const own = /secretref$/i.test(String(path.at(-1))) && schema.properties?.name ? [[...path, "name"]] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => referencesIn(value, [...path, key]));
  return [...own, ...below, ...(schema.items === undefined ? [] : referencesIn(schema.items, [...path, 0]))];
}
