import { expect } from "chai";
import fc from "fast-check";
import type { SubstituteSource } from "../../../src/api/external-values.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import type { Variables } from "../../../src/render/external-values.js";
import type { SourceRenderer } from "../../../src/render/render.js";
import type { RenderResult } from "../../../src/render/request.js";
import { expand, VariableReferenceError } from "../../../src/render/substitute/expand.js";
import { substituteObject } from "../../../src/render/substitute/substitute-object.js";
import { configMap, failureOf, fromCluster, request } from "./support/harness.js";
import { MemorySnapshot } from "./support/memory-snapshot.js";
import { realRenderer } from "./support/programs.js";

const variables = (values: Readonly<Record<string, string>>): Variables =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, secret: false }]));

describe("expand", () => {
  const known = variables({ NAME: "shop", EMPTY: "", TRICK: "${NAME} $${NAME} }" });
  const cases: readonly (readonly [string, string])[] = [
    ["${NAME}", "shop"],
    ["a-${NAME}-${NAME}-b", "a-shop-shop-b"],
    ["${NAME:=other}${NAME:-other}", "shopshop"],
    ["${EMPTY:=other} ${EMPTY:-} ${EMPTY}.", "other  ."],
    ["$${NAME}", "${NAME}"],
    ["$${NAME:=x}", "${NAME:=x}"],
    ["$$${NAME} $$$${NAME}", "$shop $${NAME}"],
    ["${TRICK}", "${NAME} $${NAME} }"],
    ["${OTHER:-${NAME}}", "${OTHER:-shop}"],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${text}`, () => {
      expect(expand(text, known)?.text).to.equal(expected);
    });
  }

  it("leaves everything else as it is", () => {
    for (const text of [
      ...[
        "",
        "$",
        "${",
        "${}",
        "$NAME",
        "$(NAME)",
        "{NAME}",
        "${NAMES}",
        "${name}",
        "${1NAME}",
        "${ NAME }",
        "$${OTHER}",
      ],
      ...[
        "${OTHER}",
        "${OTHER:-x}",
        "${OTHER%%.*}",
        "${#NAME}",
        "${!NAME}",
        "for i in ${LIST[@]}; do echo $i; done",
        "${NAM",
      ],
    ])
      expect(expand(text, known), text).to.equal(undefined);
  });

  it("refuses other expressions of declared names, and quotes them", () => {
    for (const text of [
      "${NAME%x}",
      "${NAME/a/b}",
      "${NAME:1:2}",
      "${NAME^^}",
      "${NAME",
      "${NAME:-",
      "${NAME:-${OTHER}}",
      "${NAME:?no}",
      "${NAME=x}",
    ]) {
      expect(() => expand(text, known), text).to.throw(VariableReferenceError, JSON.stringify(text).slice(0, 8));
    }
  });

  it("gives what a model gives, for any text", () => {
    const piece = fc.oneof(
      fc.constantFrom("$", "{", "}", "${", ":=", ":-", "NAME", "${NAME}", "${OTHER}", "$${NAME}", "x"),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.string({ maxLength: 5 }), (pieces, value) => {
        const text = pieces.join("");
        const model = text.replace(
          /(\$+)\{NAME(?![A-Za-z0-9_])(?:\}|(:[=-])((?:(?!\$\{)[^}])*)\})?/g,
          (all, dollars: string, operator?: string, fallback?: string) =>
            dollars.length % 2 === 0
              ? "$".repeat(dollars.length / 2) + all.slice(dollars.length)
              : "$".repeat((dollars.length - 1) / 2) +
                (value === "" && operator !== undefined ? (fallback ?? "") : value),
        );
        let result: string;
        try {
          result = expand(text, variables({ NAME: value }))?.text ?? text;
        } catch (error) {
          expect(error).to.be.instanceOf(VariableReferenceError);
          return;
        }
        expect(result).to.equal(model);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes linear time", () => {
    const started = process.cpuUsage();
    for (const part of ["$", "${", "${NAME:-", "$${NAME}", "${NAME}"]) {
      try {
        expand(part.repeat(200_000), known);
      } catch (error) {
        expect(error).to.be.instanceOf(VariableReferenceError);
      }
    }
    expect(process.cpuUsage(started).user).to.be.below(3_000_000);
  });
});

describe("substituteObject", () => {
  const object = (fields: object): KubeObject => ({
    apiVersion: "v1",
    kind: "Thing",
    metadata: { name: "x" },
    ...fields,
  });

  it("keeps the type of numbers and booleans that stand alone, and only of these", () => {
    const known = variables({
      N: "3",
      T: "true",
      VERSION: "1.10",
      OCTAL: "017",
      BIG: "12345678901234567890",
      EXP: "12e3",
      NULL: "null",
    });
    const { object: result } = substituteObject(
      object({
        spec: {
          n: "${N}",
          t: "${T}",
          d: "${N:=4}",
          v: "${VERSION}",
          o: "${OCTAL}",
          b: "${BIG}",
          e: "${EXP}",
          z: "${NULL}",
          s: "${N}${T}",
          u: "n${N}",
        },
      }),
      known,
    );
    expect(result.spec).to.deep.equal({
      n: 3,
      t: true,
      d: 3,
      v: "1.10",
      o: "017",
      b: "12345678901234567890",
      e: "12e3",
      z: "null",
      s: "3true",
      u: "n3",
    });
  });

  it("gives text where Kubernetes expects text", () => {
    const container = {
      name: "${N}",
      image: "${N}",
      args: ["${N}"],
      env: [{ name: "PORT", value: "${N}" }],
      ports: [{ containerPort: "${N}" }],
    };
    const deployment = object({
      kind: "Deployment",
      metadata: { name: "${N}", labels: { "${N}": "${N}" } },
      spec: { template: { spec: { containers: [container] } } },
    });
    const { object: result } = substituteObject(deployment, variables({ N: "8080" }));
    expect(result.metadata).to.deep.equal({ name: "8080", labels: { "8080": "8080" } });
    const expected = {
      name: "8080",
      image: "8080",
      args: ["8080"],
      env: [{ name: "PORT", value: "8080" }],
      ports: [{ containerPort: 8080 }],
    };
    expect(result.spec).to.deep.equal({ template: { spec: { containers: [expected] } } });
    const data = substituteObject(object({ kind: "ConfigMap", data: { a: "${N}" } }), variables({ N: "8080" }));
    expect(data.object.data).to.deep.equal({ a: "8080" });
  });

  it("honors annotations and labels that turn it off, Flux's too", () => {
    for (const [field, name] of [
      ["annotations", "gitops.overseer.io/substitute"],
      ["annotations", "kustomize.toolkit.fluxcd.io/substitute"],
      ["labels", "kustomize.toolkit.fluxcd.io/substitute"],
    ] as const) {
      const off = object({ metadata: { name: "${A}", [field]: { [name]: "disabled" } } });
      expect(substituteObject(off, variables({ A: "b" })).object).to.equal(off);
    }
  });

  it("cannot be made to add fields by any value: all strings keep their place", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "\n", ": ", "\n---\n", '"', "}}", "- "),
        (value, join) => {
          const nasty = `${value}${join}apiVersion: v1${join}${value}`;
          const { object: result } = substituteObject(
            object({ spec: { a: "x${V}y", b: ["${V}"], c: { d: 1 } } }),
            variables({ V: nasty }),
          );
          expect(result.spec).to.deep.equal({ a: `x${nasty}y`, b: [nasty], c: { d: 1 } });
        },
      ),
    );
  });
});

describe("Variables of a source", function () {
  this.timeout(60_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  const SECRET =
    'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {url: "db://${USER}:${PASSWORD}@db"}\n';
  const render = (
    files: Readonly<Record<string, string>>,
    substitute: SubstituteSource,
    secrets?: Readonly<Record<string, string>>,
  ): Promise<RenderResult> => {
    const wanted = request("app", secrets === undefined ? {} : fromCluster([], secrets));
    return renderer.render({ ...wanted, source: { ...wanted.source, substitute } }, new MemorySnapshot(files));
  };

  it("are replaced in plain manifests, and values of Secrets make objects confidential", async () => {
    const files = { "app/a.yaml": configMap("plain"), "app/b.yaml": configMap('"x-${USER}"'), "app/c.yaml": SECRET };
    const from = [{ kind: "Secret" as const, name: "db" }];
    const { documents } = await render(
      files,
      { variables: { USER: "anna" }, from },
      { PASSWORD: "hidden-pw", USER: "unused" },
    );
    expect(
      documents.map(({ id, confidential = false, origin }) => [id.name, confidential, origin.line]),
    ).to.have.deep.members([
      ["plain", false, 1],
      ["x-anna", false, 1],
      ["login", true, 1],
    ]);
    const secret = documents.find(({ id }) => id.kind === "Secret")?.object as unknown as { data: { url: string } };
    expect(Buffer.from(secret.data.url, "base64").toString()).to.equal("db://anna:hidden-pw@db");
    expect(secret).not.to.have.property("stringData");
  });

  it("follow patches, and may be in them", async () => {
    const wanted = request("app");
    const patches = [
      { target: { kind: "ConfigMap" }, patch: JSON.stringify([{ op: "add", path: "/data/x", value: "${A}" }]) },
    ];
    const source = { ...wanted.source, patches, substitute: { variables: { A: "1" } } };
    const { documents } = await renderer.render(
      { ...wanted, source },
      new MemorySnapshot({ "app/a.yaml": configMap("one") }),
    );
    expect(documents[0]?.object.data).to.deep.equal({ name: "one", x: "1" });
  });

  it("lets an empty value of its own only declare the name, and the source's values win else", async () => {
    const files = {
      "app/a.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: '${A:=d}', b: '${B:=d}', c: '${C}'}\n",
    };
    const { documents } = await render(files, { variables: { A: "", B: "", C: "own" } }, { A: "from", C: "from" });
    expect(documents[0]?.object.data).to.deep.equal({ a: "from", b: "d", c: "own" });
  });

  it("reports each bad reference with its place, and no value of a Secret", async () => {
    const bad = (
      await failureOf(
        render(
          {
            "app/a.yaml": configMap("one").replace("{name: one}\n", "{name: one}\n").concat("  # end\n"),
            "app/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {v: '${A%%x}'}\n",
          },
          { variables: { A: "1" } },
        ),
      )
    ).message;
    expect(bad).to.match(/^app\/b\.yaml:1: ConfigMap x: \.data\.v: "\$\{A%%x\}" cannot be replaced: only \$\{NAME\}/);
    const invalid = (await failureOf(render({ "app/a.yaml": configMap('"x${A}"') }, {}, { A: "/../canary-pw" })))
      .message;
    expect(invalid).to.include("after the replacement of variables").and.not.include("canary");
    expect(
      (await failureOf(render({ "app/a.yaml": configMap("x") }, { variables: { "A-B": "1" } }))).message,
    ).to.include('"A-B" is not the name of a variable');
  });

  it("are not shown by notes about annotations", async () => {
    const text = configMap('"x"').replace('{name: "x"}', '{name: x, annotations: {argocd.argoproj.io/hook: "${A}"}}');
    const { notes } = await render({ "app/a.yaml": text }, {}, { A: "canary-hook" });
    expect(notes.map(({ message }) => message).join())
      .to.include("argocd.argoproj.io/hook")
      .and.not.include("canary");
  });

  it("cannot grow a source without limit", async () => {
    const wanted = request("app", { limits: { ...renderer.limits, maxTotalBytes: 50_000 } });
    const source = { ...wanted.source, substitute: { variables: { A: "x".repeat(10_000) } } };
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "${"${A}".repeat(100)}"}\n`;
    const failure = await failureOf(renderer.render({ ...wanted, source }, new MemorySnapshot({ "app/a.yaml": text })));
    expect(failure.message).to.include("is larger than 50000 bytes");
  });

  it("are a part of the input key, with the digest of the values from objects", async () => {
    const snapshot = new MemorySnapshot({ "app/a.yaml": configMap("x") });
    const keyOf = async (
      substitute: SubstituteSource | undefined,
      secrets: Readonly<Record<string, string>>,
    ): Promise<string> => {
      const wanted = request("app", fromCluster([], secrets));
      return (
        await renderer.locate(
          { ...wanted, source: { ...wanted.source, ...(substitute ? { substitute } : {}) } },
          snapshot,
        )
      ).key;
    };
    const keys = await Promise.all([
      keyOf(undefined, {}),
      keyOf({}, {}),
      keyOf({ variables: { A: "1" } }, {}),
      keyOf({}, { A: "1" }),
      keyOf({}, { A: "2" }),
    ]);
    expect(new Set(keys).size).to.equal(5);
  });

  it("come from objects that a render without a cluster cannot read", async () => {
    const from = [{ kind: "ConfigMap" as const, name: "cluster" }];
    expect((await failureOf(render({ "app/a.yaml": configMap("x") }, { from }))).message).to.include(
      "source.substitute.from",
    );
  });
});
