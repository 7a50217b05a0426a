import { expect } from "chai";
import { PlainRenderer } from "../../../../src/render/plain.js";
import { SourceRenderer } from "../../../../src/render/render.js";
import type { RenderRequest } from "../../../../src/render/request.js";
import { failureOf, inlineCache, renderFiles, request, scopeOf } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { placesOf } from "./support/expand.js";

type Files = Readonly<Record<string, MemoryFile>>;

const BASE = `apiVersion: overseer.io/v1
kind: App
metadata:
  name: shop
  namespace: production
  labels: {team: shop}
spec:
  domain: shop.example.com
  env: {LEVEL: info, TAG: "1"}
  backup:
    schedule: "0 2 * * *"
    retention: {days: 14}
  compose:
    services:
      web:
        image: shop:\${TAG}
        environment: {LEVEL: "\${LEVEL}", COLOR: blue}
        ports: ["8080:80"]
`;

const partial = (spec: string, name = "shop"): string =>
  `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: ${name}}\nspec:\n${spec.replaceAll(/^/gm, "  ")}\n`;

function asked(target: RenderRequest["target"], path = "apps", overlay = "environments/staging"): RenderRequest {
  const wanted = request(path, {
    ...(target === undefined ? {} : { target }),
    scopeOf: (kind) => (kind.group === "core.overseer.io" ? "Cluster" : scopeOf(kind)),
  });
  return { ...wanted, source: { path, overlay } };
}

const forCore = (files: Files, path?: string, overlay?: string) => renderFiles(files, asked("overseer", path, overlay));

describe("an overlay of partial Apps", () => {
  it("merges Compose as an override file, and other fields as a merge patch", async () => {
    const overlay = partial(`domain: shop.staging.example.com
env: {TAG: "2"}
backup: {retention: {days: 2}}
compose:
  services:
    web:
      environment: [LEVEL=debug]
      ports: ["8081:81"]
    mail: {image: "mail:\${TAG}"}`);
    const { documents } = await forCore({ "apps/shop.yaml": BASE, "environments/staging/shop.yaml": overlay });
    const specs = Object.fromEntries(documents.map(({ object }) => [object.kind, object.spec]));
    expect(specs.Route).to.include({ host: "shop.staging.example.com" });
    expect(specs.BackupPolicy).to.include({ schedule: "0 2 * * *", retentionDays: 2 });
    const { compose } = specs.App as { compose: { services: unknown } };
    expect(compose.services).to.deep.equal({
      web: {
        image: "shop:2",
        environment: { LEVEL: "debug", COLOR: "blue" },
        ports: ["8080:80", "8081:81"],
      },
      mail: { image: "mail:2" },
    });
  });

  it("removes fields with null, and follows !reset in Compose", async () => {
    const overlay = partial("domain: null\nbackup: null\ncompose: {services: {web: {ports: !reset []}}}");
    const { documents } = await forCore({ "apps/shop.yaml": BASE, "environments/staging/shop.yaml": overlay });
    expect(documents.map(({ object }) => object.kind)).to.deep.equal(["App"]);
    expect(JSON.stringify(documents[0]?.object.spec)).not.to.include("8080");
  });

  it("adds other documents of its directory, and is read once where source.path contains it", async () => {
    const route =
      "apiVersion: overseer.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {app: shop, service: web, host: r.example.com, port: 80}\n";
    const files = { "shop.yaml": BASE, "staging/shop.yaml": partial("domain: s.example.com"), "staging/r.yaml": route };
    const { documents } = await forCore(files, ".", "staging");
    const routes = documents.filter(({ id }) => id.kind === "Route").map(({ object }) => object.spec);
    expect(routes.map((spec) => (spec as { host: string }).host)).to.have.members(["s.example.com", "r.example.com"]);
  });

  it("is merged for a cluster as well, where it can change the namespace", async () => {
    const overlay = partial("backup: null\ncompose: {services: {web: {image: shop:9}}}").replace(
      "{name: shop}",
      "{name: shop, namespace: staging}",
    );
    const { documents } = await renderFiles(
      { "apps/shop.yaml": BASE, "environments/staging/shop.yaml": overlay },
      { ...asked("kubernetes") },
    );
    const deployment = documents.find(({ id }) => id.kind === "Deployment");
    expect(deployment?.id.namespace).to.equal("staging");
    expect(JSON.stringify(deployment?.object)).to.include('"shop:9"').and.include('"COLOR"');
  });

  it("is refused where it matches no App, with the nearest name", async () => {
    const files = { "apps/shop.yaml": BASE, "environments/staging/x.yaml": partial("domain: a.example.com", "shp") };
    expect(await placesOf(forCore(files))).to.deep.equal([
      "environments/staging/x.yaml:1 source.path has no App with this name to merge it over; did you mean shop?",
    ]);
  });

  it("is refused where two of its Apps have the same name", async () => {
    const files = {
      "apps/shop.yaml": BASE,
      "environments/staging/a.yaml": partial("domain: a.example.com"),
      "environments/staging/b.yaml": partial("domain: b.example.com"),
    };
    expect(await placesOf(forCore(files))).to.deep.equal([
      "environments/staging/b.yaml:1 the overlay has another App shop, in environments/staging/a.yaml:1; remove one of the two",
    ]);
  });

  it("reports a problem in the file that the field comes from", async () => {
    const overlay = partial(
      "domain: https://nope\nbackup:\n  retention: {days: 0}\ncompose:\n  services:\n    web: {imag: x}",
    );
    const files = { "apps/shop.yaml": BASE, "environments/staging/shop.yaml": overlay };
    const problems = await placesOf(forCore(files));
    expect(problems.map((problem) => problem.split(": ", 1)[0])).to.deep.equal([
      "environments/staging/shop.yaml:5 spec.domain",
      "environments/staging/shop.yaml:7 spec.backup.retention.days",
    ]);
    const compose = {
      ...files,
      "environments/staging/shop.yaml": partial("compose:\n  services:\n    web: {imag: x}"),
    };
    expect((await placesOf(forCore(compose)))[0]).to.match(
      /^environments\/staging\/shop\.yaml:7 spec\.compose\.services\.web\.imag: unknown field; did you mean image\?/,
    );
  });

  it("names source.overlay where the directory does not exist", async () => {
    const error = await failureOf(forCore({ "apps/shop.yaml": BASE, "environments/stage/x.yaml": "" }));
    expect(error.message).to.equal(
      'source.overlay "environments/staging" does not exist; did you mean "environments/stage"?',
    );
  });

  it("is an input of the render, and other directories are not", async () => {
    const renderer = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);
    const files = { "apps/shop.yaml": BASE, "environments/staging/shop.yaml": partial("domain: a.example.com") };
    const first = await renderer.locate(asked("overseer"), new MemorySnapshot(files));
    const elsewhere = new MemorySnapshot({ ...files, "environments/prod/shop.yaml": partial("domain: p.example.com") });
    expect((await renderer.locate(asked("overseer"), elsewhere, first)).key).to.equal(first.key);
    const changed = new MemorySnapshot({
      ...files,
      "environments/staging/shop.yaml": partial("domain: b.example.com"),
    });
    expect((await renderer.locate(asked("overseer"), changed, first)).key).not.to.equal(first.key);
  });

  it("gives the same result when one of the two files changes as when all is read anew", async () => {
    const renderer = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);
    const overlays = ["domain: a.example.com", "domain: b.example.com", "env: {TAG: '3'}"];
    const bases = [BASE, BASE.replace("blue", "red")];
    for (const base of [...bases, ...bases]) {
      for (const spec of overlays) {
        const files = { "apps/shop.yaml": base, "environments/staging/shop.yaml": partial(spec) };
        const { documents } = await renderer.render(asked("overseer"), new MemorySnapshot(files));
        const fresh = await forCore(files);
        expect(documents.map(({ hash }) => hash)).to.deep.equal(fresh.documents.map(({ hash }) => hash));
      }
    }
  });
});
