import { expect } from "chai";
import type { LedgerEntry } from "../../../../src/api/ledger.js";
import {
  type CarriedVersion,
  readVersion,
  type Source,
  versionsToCarry,
  versionText,
} from "../../../../src/gates/promotion/carried-versions.js";
import { editVersions, type OnlyApp } from "../../../../src/gates/promotion/version-edits.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;
const NOW = Date.UTC(2026, 10, 30, 12);
const WEB: OnlyApp = { namespace: "prod", name: "web", isNamespaceRequired: false };
const RULE = { soak: 60, soakMode: "SinceFirstHealthy" } as const;

function carried(from: string, to: string): CarriedVersion {
  const [one, other] = [readVersion(from), readVersion(to)];
  if (one === undefined || other === undefined) throw new Error(`${from} or ${to} is no version`);
  return { from: one, to: other };
}

describe("versions in the files of an app", () => {
  const web = carried("ghcr.io/shop/web:1.9", "ghcr.io/shop/web:1.10");
  const cases: readonly (readonly [what: string, versions: CarriedVersion[], before: string, after: string])[] = [
    [
      "in a manifest, with comments, quotes and line ends",
      [web],
      "# top\r\nspec:\r\n    containers: [ {name: a, image: 'ghcr.io/shop/web:1.9'} ] # keep\r\n",
      "# top\r\nspec:\r\n    containers: [ {name: a, image: 'ghcr.io/shop/web:1.10'} ] # keep\r\n",
    ],
    [
      "in a kustomization, quoted where a number would be read",
      [web],
      "images:\n  - name: web   # base\n    newName: ghcr.io/shop/web\n    newTag: 1.9 # prod\n",
      'images:\n  - name: web   # base\n    newName: ghcr.io/shop/web\n    newTag: "1.10" # prod\n',
    ],
    [
      "in values with registry, repository and tag, and nowhere else",
      [web],
      'image: {registry: ghcr.io, repository: shop/web, tag: "1.9"}\nother: {repository: shop/db, tag: "1.9"}\nv: "1.9"\n',
      'image: {registry: ghcr.io, repository: shop/web, tag: "1.10"}\nother: {repository: shop/db, tag: "1.9"}\nv: "1.9"\n',
    ],
    [
      "as a digest",
      [carried(`web:1@${DIGEST}`, `web:2@${OTHER}`)],
      `a:\n  image: docker.io/library/web:1@${DIGEST}\nimages:\n- name: web\n  newTag: "1"\n  digest: ${DIGEST}\n`,
      `a:\n  image: docker.io/library/web:2@${OTHER}\nimages:\n- name: web\n  newTag: "2"\n  digest: ${OTHER}\n`,
    ],
    [
      "of a chart, in a kustomization and in the app",
      [carried("chart web-1.2.3", "chart web-1.3.0_rc1")],
      "helmCharts:\n- {name: web, version: 1.2.3}\n---\nspec: {source: {helm: {chart: {name: web, version: 1.2.3}}}}\ndependencies: [{name: web, version: 1.2.3}]\n",
      'helmCharts:\n- {name: web, version: "1.3.0+rc1"}\n---\nspec: {source: {helm: {chart: {name: web, version: "1.3.0+rc1"}}}}\ndependencies: [{name: web, version: 1.2.3}]\n',
    ],
  ];
  for (const [what, versions, before, after] of cases)
    it(`are replaced ${what}`, async () => {
      const { files, missing } = await editVersions([{ path: "a.yaml", text: before }], versions);
      expect(files).to.deep.equal({ "a.yaml": after });
      expect(missing).to.deep.equal([]);
    });

  const unedited: readonly (readonly [what: string, text: string])[] = [
    ["of another version", "image: ghcr.io/shop/web:1.8\n"],
    ["of another image", "image: evil.io/shop/web:1.9\n"],
    ["behind an anchor, which may stand in further places", "a: {image: &x ghcr.io/shop/web:1.9}\nb: *x\n"],
    ["in a template", "{{ if .x }}\nimage: ghcr.io/shop/web:1.9\n{{ end }}\n"],
    ["in a file of SOPS, whose checksum would be wrong", "image: ghcr.io/shop/web:1.9\nsops: {mac: x}\n"],
    [
      "with a digest that the new version does not have",
      `images:\n- name: ghcr.io/shop/web\n  newTag: "1.9"\n  digest: ${DIGEST}\n`,
    ],
    ["of fields with other names", "oldImage: ghcr.io/shop/web:1.9\n"],
  ];
  for (const [what, text] of unedited)
    it(`are left as they are ${what}`, async () => {
      const unchanged = { files: {}, carried: [], missing: [web] };
      expect(await editVersions([{ path: "a.yaml", text }], [web])).to.deep.equal(unchanged);
    });

  it("are replaced once where two of them name the same image, and not at all where they differ", async () => {
    const files = [{ path: "a.yaml", text: "image: nginx:1.9\n" }];
    const [one, other] = [carried("nginx:1.9", "nginx:1.10"), carried("docker.io/nginx:1.9", "docker.io/nginx:1.10")];
    expect((await editVersions(files, [one, other])).files).to.deep.equal({ "a.yaml": "image: nginx:1.10\n" });
    const newer = carried("docker.io/library/nginx:1.9", "docker.io/library/nginx:1.11");
    expect(await editVersions(files, [one, newer])).to.deep.equal({ files: {}, carried: [], missing: [one, newer] });
  });

  it("are replaced without holding up other work", async () => {
    const text = "image: ghcr.io/shop/web:1.9\n";
    let turns = 0;
    const timer = setImmediate(function count() {
      turns++;
      setImmediate(count).unref();
    });
    await editVersions(
      Array.from({ length: 20 }, (_, index) => ({ path: `${index}.yaml`, text })),
      [web],
    );
    clearImmediate(timer);
    expect(turns).to.be.at.least(19);
  });

  it("are replaced only in the document of the app, in files of its parent", async () => {
    const app = (namespace: string, name: string): string =>
      `kind: OverseerApp\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { image: ghcr.io/shop/web:1.9 }\n`;
    const text = [app("staging", "web"), app("prod", "web"), app("prod", "db")].join("---\n");
    const { files } = await editVersions([{ path: "a.yaml", text, onlyApp: WEB }], [web]);
    const expected = [app("staging", "web"), app("prod", "web").replace("1.9", "1.10"), app("prod", "db")].join(
      "---\n",
    );
    expect(files).to.deep.equal({ "a.yaml": expected });
  });

  it("are replaced in a document without a namespace only if no other app can be meant", async () => {
    const app = (namespace: string): string =>
      `kind: OverseerApp\nmetadata: { name: web${namespace} }\nspec: { image: ghcr.io/shop/web:1.9 }\n`;
    const edited = async (onlyApp: OnlyApp, ...texts: readonly string[]): Promise<readonly string[]> => {
      const files = texts.map((text, index) => ({ path: String(index), text, onlyApp }));
      return Object.keys((await editVersions(files, [web])).files);
    };
    expect(await edited(WEB, app(""))).to.deep.equal(["0"]);
    expect(await edited(WEB, app(""), app(""))).to.deep.equal([]);
    expect(await edited(WEB, app(""), app(", namespace: prod"))).to.deep.equal(["1"]);
    expect(await edited({ ...WEB, isNamespaceRequired: true }, app(""))).to.deep.equal([]);
  });

  it("are read as references only if they are some", () => {
    for (const text of ["web", "web:", 'web:1"\nx: y', "web:1 ", "${IMAGE}:1", "web@sha256:xyz", "chart web"])
      expect(readVersion(text), text).to.equal(undefined);
    for (const text of ["localhost:5000/web:1", `a/b@${DIGEST}`, "chart my-web-1.2.3"])
      expect(versionText(readVersion(text) as CarriedVersion["from"])).to.equal(text);
  });
});

describe("versions that are carried to a later Environment", () => {
  const entry = (versions: string[], more: Partial<LedgerEntry> = {}): LedgerEntry => ({
    ...{ commit: "c", key: versions.join(), versions, firstHealthy: "2026-11-30T10:00:00Z", observed: 100 },
    ...more,
  });
  const ended = { ended: "2026-11-30T11:00:00Z", how: "Replaced" } as const;
  const source = (...ledger: LedgerEntry[]): Source => ({
    app: { name: "OverseerApp staging/web", ledger, newest: undefined },
    rule: RULE,
  });
  const texts = (current: string[], sources: Source[], own: LedgerEntry[] = []): string[] =>
    versionsToCarry(current, sources, own, NOW).map(({ from, to }) => `${versionText(from)} ${versionText(to)}`);
  const young = entry(["web:2"], { observed: 10 });
  const cases: readonly (readonly [what: string, actual: string[], expected: string[]])[] = [
    [
      "the newest proven one",
      texts(["web:1", "db:1"], [source(entry(["web:1"], ended), entry(["web:2"]))]),
      ["web:1 web:2"],
    ],
    ["none before its soak has ended", texts(["web:1"], [source(entry(["web:1"], ended), young)]), []],
    [
      "none that failed",
      texts(["web:1"], [source(entry(["web:2"], { failed: "2026-11-30T11:00:00Z", how: "Failed" }))]),
      [],
    ],
    ["none in place of a later one", texts(["web:2"], [source(entry(["web:1"], ended), young)]), []],
    [
      "none that the later app has had before",
      texts(["web:3"], [source(entry(["web:2"]))], [entry(["web:2"], ended)]),
      [],
    ],
    [
      "one that the later app has now, for a commit that takes it back",
      texts(["web:1"], [source(entry(["web:2"]))], [entry(["web:2"])]),
      ["web:1 web:2"],
    ],
    [
      "none that another earlier app has not tested",
      texts(["web:1"], [source(entry(["web:2"])), source(entry(["web:1"]))]),
      [],
    ],
    ["none of an image with several versions", texts(["web:1"], [source(entry(["web:2", "web:3"]))]), []],
    [
      "one of an image whose name has two forms",
      texts(["nginx:1.9", "docker.io/library/nginx:1.9"], [source(entry(["docker.io/nginx:1.10"]))]),
      ["nginx:1.9 docker.io/nginx:1.10"],
    ],
    [
      "none that differs only in the form of its name, or was left in another form",
      [
        ...texts(["nginx:1.9"], [source(entry(["docker.io/nginx:1.9"]))]),
        ...texts(["nginx:3"], [source(entry(["docker.io/nginx:2"]))], [entry(["nginx:2"], ended)]),
      ],
      [],
    ],
    ["none without versions in the ledger", texts(["web:1"], [source({ commit: "c", key: "k" })]), []],
  ];
  for (const [what, actual, expected] of cases) it(`are ${what}`, () => expect(actual).to.deep.equal(expected));
});
