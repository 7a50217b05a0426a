import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import type { InputObject } from "../../../src/migration/conversion.js";
import { convertFlux } from "../../../src/migration/flux/convert.js";
import { application, flux, REPOSITORY } from "./support/fixtures.js";

const APPS = [
  { from: "@monorepo/apps/base/**", to: "@artifact/base/" },
  { from: "@monorepo/apps/staging/**", to: "@artifact/staging/" },
];

function generator(copy: readonly object[], kind = "GitRepository", name = "fleet"): InputObject {
  return {
    apiVersion: "source.extensions.fluxcd.io/v1beta1",
    kind: "ArtifactGenerator",
    metadata: { name: "parts", namespace: "flux-system" },
    spec: {
      sources: [{ alias: "monorepo", kind, name }],
      artifacts: [{ name: "apps", originRevision: "@monorepo", copy }],
    },
  };
}

/** The source of the app of a Kustomization that reads a path of the artifact, and why there is none. */
function imported(path: string, ...objects: readonly InputObject[]) {
  const sourceRef = { kind: "ExternalArtifact", name: "apps" };
  const kustomization = flux("Kustomization", "apps", { path, sourceRef, prune: true });
  const all = [REPOSITORY, ...objects, kustomization];
  const { manifests, conversions } = checkResult(convertFlux(all, { serviceAccount: "deployer" }));
  const findings = conversions.flatMap((one) => (one.kind === "Kustomization" ? one.findings : []));
  const source = manifests.find(({ kind }) => kind === "OverseerApp")?.spec.source as
    | Record<string, unknown>
    | undefined;
  return {
    source,
    reports: findings.map(({ level, field, message }) => `${level} ${field} ${message}`).join("\n"),
    generators: conversions.filter(({ kind }) => kind === "ArtifactGenerator"),
  };
}

describe("the import of a parent", () => {
  const messages = (objects: readonly InputObject[], name: string): string =>
    checkResult(convertFlux(objects, { serviceAccount: "deployer" }))
      .conversions.filter((one) => one.name === name)
      .flatMap(({ findings }) => findings.map(({ level, message }) => `${level} ${message}`))
      .join("\n");

  it("names the objects of Flux that it applies, and what to do first", () => {
    const sourceRef = { kind: "GitRepository", name: "fleet" };
    const labels = {
      "kustomize.toolkit.fluxcd.io/name": "root",
      "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    };
    const child = flux("HelmRelease", "web", {}, { metadata: { name: "web", namespace: "shop", labels } });
    const root = flux("Kustomization", "root", { path: "./", sourceRef });
    const leaf = flux("Kustomization", "leaf", { path: "./", sourceRef });
    const all = [REPOSITORY, root, leaf, child];
    expect(messages(all, "root")).to.match(/^manual applies HelmRelease shop\/web.*remove their manifests from Git/m);
    expect(messages(all, "leaf")).to.not.include("applies HelmRelease");
  });

  it("names the Applications of an Application, and what to do first", () => {
    const resources = [{ group: "argoproj.io", kind: "Application", namespace: "argocd", name: "web" }];
    const { conversions } = convertArgo([application({}, { status: { resources } })], [], {});
    const found = conversions[0]?.findings.map(({ level, message }) => `${level} ${message}`).join("\n");
    expect(found).to.match(/^manual applies Application argocd\/web.*remove their manifests from Git/m);
  });
});

describe("the import of an artifact that is made of a repository", () => {
  it("reads the folder of the repository that it was copied from", () => {
    const { source, generators } = imported("./staging", generator(APPS));
    expect(source).to.deep.include({ repositoryRef: { name: "fleet" }, path: "apps/staging" });
    expect(source).to.not.have.property("include");
    expect(generators[0]?.findings[0]?.message).to.include("the apps read the folders of the repository");
  });

  const PLACES: readonly (readonly [readonly object[], string, object])[] = [
    [[{ from: "@monorepo/infra/**", to: "@artifact/" }], "./controllers", { path: "infra/controllers" }],
    [[{ from: "@monorepo/**", to: "@artifact/" }], "./", { path: "." }],
    [[{ from: "@monorepo/a/b/**", to: "@artifact/a/b" }], "a/b/c", { path: "a/b/c" }],
    [APPS, "./", { path: "apps", include: ["base", "staging"] }],
  ];
  for (const [copy, path, expected] of PLACES)
    it(`finds ${path} of ${JSON.stringify(copy)}`, () => {
      expect(imported(path, generator(copy)).source).to.deep.include(expected);
    });

  const REFUSED: readonly (readonly [string, readonly InputObject[], string])[] = [
    ["no generator", [], "no ArtifactGenerator with the artifact apps is part of this import"],
    ["single files", [generator([{ from: "@monorepo/a/*.yaml", to: "@artifact/" }])], "of other than whole folders"],
    ["merged files", [generator([{ ...APPS[0], strategy: "Merge" }])], "of other than whole folders"],
    ["excluded files", [generator([{ ...APPS[0], exclude: ["*.yaml"] }])], "of other than whole folders"],
    ["moved folders", [generator([{ from: "@monorepo/x/**", to: "@artifact/y/" }])], "to other places to each other"],
    [
      "several sources",
      [generator([...APPS, { from: "@other/apps/more/**", to: "@artifact/more/" }])],
      "to other places to each other",
    ],
    ["a registry", [generator(APPS, "OCIRepository")], "OCIRepository flux-system/fleet, which is not supported"],
    ["another repository", [generator(APPS, "GitRepository", "other")], "flux export source git other -n flux-system"],
  ];
  for (const [what, objects, reason] of REFUSED)
    it(`refuses ${what}, with what to do`, () => {
      const { source, reports } = imported("./staging", ...objects);
      expect(source).to.equal(undefined);
      expect(reports)
        .to.match(/^blocked spec\.sourceRef /m)
        .and.include(reason);
    });
});
