import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { compareApps } from "../../../../src/render/parity/compare.js";
import { coreFacts } from "../../../../src/render/parity/core-facts.js";
import { kubernetesFacts } from "../../../../src/render/parity/kubernetes-facts.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";
import { renderFiles, request } from "../support/harness.js";
import { expandFiles, placesOf } from "./support/expand.js";

const sample = join(repositoryRoot(), "examples/overseer-gitops");

async function files(): Promise<Record<string, string>> {
  const entries = (await readdir(sample, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.map(async (path) => [path.slice(sample.length + 1), await readFile(path, "utf8")] as const),
  );
  return Object.fromEntries(texts);
}

describe("the sample repository", () => {
  it("has the layout that its README describes", async () => {
    const readme = await readFile(join(sample, "README.md"), "utf8");
    const paths = Object.keys(await files());
    expect(paths).to.include.members([
      "apps/nextcloud.yaml",
      "apps/gitea.yaml",
      "apps/postgres.yaml",
      "infrastructure/nodes.yaml",
      "infrastructure/routes.yaml",
      "infrastructure/policies.yaml",
      "secrets/sealed-secrets/README.md",
      "environments/dev/nextcloud.yaml",
      "environments/staging/nextcloud.yaml",
      "environments/prod/nextcloud.yaml",
      ".github/workflows/sync.yaml",
    ]);
    const rendered = /^(catalog|charts)\//;
    const unnamed = paths.filter(
      (path) => path.endsWith(".yaml") && !rendered.test(path) && !readme.includes(path.split("/").at(-1) ?? path),
    );
    expect(unnamed).to.deep.equal([]);
  });

  const folders: readonly [path: string, keys: string[]][] = [
    [
      "apps",
      [
        "App//gitea",
        "App//nextcloud",
        "App//postgres",
        "BackupPolicy//gitea",
        "BackupPolicy//nextcloud",
        "BackupPolicy//postgres",
        "Route//cloud.example.com/",
      ],
    ],
    [
      "infrastructure",
      [
        "BackupPolicy//weekly-nextcloud",
        "BackupPolicy//weekly-postgres",
        "NodeConfig//node-1",
        "Route//git.example.com/",
      ],
    ],
    ["refused", ["Route//admin.example.com/"]],
  ];
  for (const [path, keys] of folders) {
    it(`${path} can be applied to a Core`, async () => {
      const { documents } = await expandFiles(await files(), { path });
      expect(documents.map(({ key }) => key.replace("core.overseer.io/", "")).sort()).to.deep.equal(keys);
    });
  }

  it("has different domains in its environments", async () => {
    const hosts = await Promise.all(
      ["dev", "staging", "prod"].map(async (name) => {
        const source = { path: "apps", overlay: `environments/${name}` };
        const { documents } = await renderFiles(await files(), { ...request("apps", { target: "overseer" }), source });
        return documents.flatMap(({ object }) =>
          object.kind === "Route" ? (object.spec as { host: string }).host : [],
        );
      }),
    );
    expect(hosts).to.deep.equal([["cloud.dev.example.com"], ["cloud.staging.example.com"], ["cloud.example.com"]]);
  });

  it("documents every secret that its apps refer to", async () => {
    const { documents } = await expandFiles(await files(), { path: "apps" });
    const readme = await readFile(join(sample, "secrets/sealed-secrets/README.md"), "utf8");
    const secrets = documents.flatMap(({ object }) => (object.spec as { secrets?: string[] }).secrets ?? []);
    expect(secrets).to.include("db-host");
    for (const name of secrets) expect(readme).to.include(`\`${name}\``);
  });

  it("holds no route by itself that asks for a provider nobody made, but in refused", async () => {
    const all = await Promise.all(
      ["apps", "infrastructure", "refused"].map(async (path) => expandFiles(await files(), { path })),
    );
    const providers = all.map(({ documents }) =>
      documents.flatMap(({ object }) => (object.spec as { auth?: string }).auth ?? []),
    );
    expect(providers).to.deep.equal([["oidc"], [], ["github"]]);
  });

  it("rejects a source with Kubernetes documents until they are excluded", async () => {
    const exclude = ["catalog", "charts", "environments"];
    const places = await placesOf(expandFiles(await files(), { exclude }));
    expect(places.every((place) => place.startsWith("k8s/"))).to.equal(true);
    expect((await expandFiles(await files(), { exclude: ["k8s", ...exclude] })).documents).to.have.length(12);
  });

  it("is the same on Kubernetes", async () => {
    const signIn = [{ name: "oidc", annotations: { "example.com/sign-in": "oidc" } }];
    const core = await expandFiles(await files(), { path: "apps" });
    const asked = request("apps", { defaultNamespace: "apps" });
    const source = { ...asked.source, compose: { ingress: { signIn }, backup: { secretRef: { name: "restic" } } } };
    const cluster = await renderFiles(await files(), { ...asked, source });
    const ours = coreFacts(core.documents.map(({ object }) => object));
    expect([...ours.keys()]).to.have.length.greaterThan(2);
    expect(
      compareApps(
        ours,
        kubernetesFacts(
          cluster.documents.map(({ object }) => object),
          signIn,
        ),
      ),
    ).to.deep.equal([]);
  });
});
