import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import type { ImportOptions, ImportResult, InputObject } from "../../../src/migration/conversion.js";
import { convertFlux } from "../../../src/migration/flux/convert.js";
import { flux, REPOSITORY } from "./support/fixtures.js";

const SAFE = { mode: "Manual", adopt: "Always", prune: false, selfHeal: false };

function convert(objects: readonly InputObject[], options: ImportOptions = {}): ImportResult {
  return checkResult(convertFlux([REPOSITORY, ...objects], { serviceAccount: "deployer", ...options }));
}

const kustomization = (spec: object = {}, name = "apps"): InputObject =>
  flux("Kustomization", name, {
    interval: "10m",
    path: "./apps/",
    prune: true,
    wait: true,
    sourceRef: { kind: "GitRepository", name: "fleet" },
    ...spec,
  });

const release = (spec: object = {}, more: object = {}): InputObject =>
  flux(
    "HelmRelease",
    "web",
    {
      interval: "10m",
      targetNamespace: "shop",
      chart: { spec: { chart: "./charts/web", sourceRef: { kind: "GitRepository", name: "fleet" } } },
      ...spec,
    },
    more,
  );

describe("the import of Flux", () => {
  it("makes a repository with the same Secret, and the branch that Flux takes without a ref", () => {
    const { manifests } = convert([kustomization({ targetNamespace: "shop" })]);
    expect(manifests[0]).to.deep.equal({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "GitRepository",
      metadata: { name: "fleet", namespace: "flux-system" },
      spec: {
        url: "ssh://git@git.example.com/team/fleet.git",
        ref: { branch: "main" },
        interval: "5m",
        secretRef: { name: "fleet" },
        allowedNamespaces: ["shop"],
      },
    });
    const bare = flux("GitRepository", "bare", { url: "https://git.example.com/x", ref: { tag: "v1", branch: "b" } });
    const none = flux("GitRepository", "none", { url: "https://git.example.com/x" });
    const specs = convertFlux([bare, none], {}).manifests.map(({ spec }) => spec.ref);
    expect(specs).to.deep.equal([{ tag: "v1" }, { branch: "master" }]);
  });

  it("converts a Kustomization to an app that changes nothing", () => {
    const object = kustomization({
      timeout: "3m",
      postBuild: { substitute: { region: "eu" }, substituteFrom: [{ kind: "Secret", name: "vars" }] },
      decryption: { provider: "sops", secretRef: { name: "age" } },
      commonMetadata: { labels: { team: "shop" } },
      patches: [{ patch: "- {op: remove, path: /spec/replicas}", target: { kind: "Deployment" } }],
      dependsOn: [{ name: "infra" }],
      healthCheckExprs: [{ apiVersion: "example.com/v1", kind: "Thing", current: "status.ready" }],
    });
    const { manifests } = convert([object, kustomization({ targetNamespace: "infra" }, "infra")]);
    const [, app, infra] = manifests;
    expect(app?.metadata).to.deep.include({ name: "apps", namespace: "flux-system" });
    expect(app?.spec).to.deep.equal({
      source: {
        repositoryRef: { name: "fleet" },
        path: "apps",
        kustomize: {
          generate: true,
          patches: [{ patch: "- {op: remove, path: /spec/replicas}", target: { kind: "Deployment" } }],
        },
        substitute: { variables: { region: "eu" }, from: [{ kind: "Secret", name: "vars" }] },
        commonMetadata: { labels: { team: "shop" } },
        decryption: { provider: "sops", secretRef: { name: "age" } },
      },
      destination: { kubernetes: {} },
      sync: SAFE,
      serviceAccountName: "deployer",
      dependsOn: [{ name: "infra", namespace: "infra" }],
      health: {
        timeout: "3m",
        expressions: [{ apiVersion: "example.com/v1", kind: "Thing", current: "status.ready" }],
      },
      deletionPolicy: "Orphan",
    });
    expect(infra?.spec).to.deep.include({
      source: {
        repositoryRef: { name: "fleet", namespace: "flux-system" },
        path: "apps",
        kustomize: { namespace: "infra", generate: true },
      },
      allowedNamespaces: ["flux-system"],
    });
    expect(app?.metadata.annotations?.["gitops.overseer.io/imported-policy"]).to.equal(
      '{"mode":"Automatic","selfHeal":true,"prune":true,"deletionPolicy":"Delete"}',
    );
  });

  it("names what is to be copied to the namespace of the app", () => {
    const object = kustomization({
      targetNamespace: "shop",
      serviceAccountName: "flux",
      decryption: { provider: "sops", secretRef: { name: "age" } },
      kubeConfig: { secretRef: { name: "prod", key: "config" } },
    });
    const { conversions, manifests } = convert([object]);
    const messages = conversions
      .at(-1)
      ?.findings.map(({ message }) => message)
      .join("\n");
    for (const what of ["ServiceAccount flux and its permissions", "Secret age", "Secret prod"])
      expect(messages).to.include(`the app is in namespace shop: copy ${what} there from namespace flux-system`);
    expect(manifests[1]?.spec.destination).to.deep.equal({
      kubernetes: { kubeConfigSecretRef: { name: "prod", key: "config" } },
    });
  });

  it("makes an app of a HelmRelease with the name of its release, and of a chart in Git", () => {
    const object = release({
      values: { replicas: 2 },
      valuesFrom: [{ kind: "ConfigMap", name: "values" }],
      chart: {
        spec: {
          chart: "./charts/web",
          valuesFiles: ["./charts/web/values.yaml", "./env/prod.yaml"],
          sourceRef: { kind: "GitRepository", name: "fleet" },
        },
      },
      upgrade: { remediation: { retries: 3 } },
      driftDetection: { mode: "enabled", ignore: [{ paths: ["/spec/replicas"], target: { kind: "Deployment" } }] },
    });
    const [, app] = convert([object]).manifests;
    expect(app?.metadata).to.deep.include({ name: "web", namespace: "shop" });
    expect(app?.spec).to.deep.equal({
      source: {
        repositoryRef: { name: "fleet", namespace: "flux-system" },
        path: "charts/web",
        helm: {
          releaseName: "shop-web",
          valueFiles: ["../../env/prod.yaml"],
          valuesFrom: [{ kind: "ConfigMap", name: "values" }],
          values: { replicas: 2 },
        },
      },
      destination: { kubernetes: {} },
      sync: { ...SAFE, ignoreDifferences: [{ kind: "Deployment", jsonPointers: ["/spec/replicas"] }] },
      serviceAccountName: "deployer",
      health: { rollbackOnFailure: true },
      deletionPolicy: "Orphan",
    });
  });

  it("takes charts of registries at the version in use", () => {
    const labels = {
      "kustomize.toolkit.fluxcd.io/name": "apps",
      "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    };
    const more = {
      metadata: { name: "web", namespace: "flux-system", labels },
      status: { history: [{ chartVersion: "1.4.2" }] },
    };
    const chart = (kind: string): object => ({
      spec: { chart: "web", version: "1.x", sourceRef: { kind, name: "charts" } },
    });
    const registry = flux("HelmRepository", "charts", {
      url: "https://charts.example.com",
      secretRef: { name: "login" },
    });
    const oci = flux("OCIRepository", "web", { url: "oci://registry.example.com/charts/web", ref: { tag: "2.0.1" } });
    const ofRepository = convert([kustomization(), registry, release({ chart: chart("HelmRepository") }, more)]);
    const source = ofRepository.manifests.at(-1)?.spec.source as Record<string, unknown>;
    expect(source).to.deep.equal({
      repositoryRef: { name: "fleet", namespace: "flux-system" },
      path: ".",
      helm: {
        releaseName: "shop-web",
        chart: {
          repository: "https://charts.example.com",
          name: "web",
          version: "1.4.2",
          secretRef: { name: "login" },
        },
      },
    });
    const ofOci = convert([
      kustomization(),
      oci,
      release({ chart: undefined, chartRef: { kind: "OCIRepository", name: "web" } }, more),
    ]);
    expect((ofOci.manifests.at(-1)?.spec.source as { helm: { chart: unknown } } | undefined)?.helm.chart).to.deep.equal(
      {
        ...{ repository: "oci://registry.example.com/charts", name: "web", version: "2.0.1" },
      },
    );
  });

  it("gives a HelmRelease another name than the Kustomization beside it", () => {
    const { manifests } = convert([kustomization({}, "web"), release({ targetNamespace: undefined })]);
    expect(manifests.map(({ metadata }) => metadata.name)).to.deep.equal(["fleet", "web", "web-chart"]);
  });

  const BLOCKED: readonly (readonly [string, InputObject, string])[] = [
    [
      "manifests of a registry",
      kustomization({ sourceRef: { kind: "OCIRepository", name: "x" } }),
      "spec.sourceRef.kind",
    ],
    [
      "a repository that is not there",
      kustomization({ sourceRef: { kind: "GitRepository", name: "x" } }),
      "spec.sourceRef",
    ],
    ["keys of a cloud", kustomization({ decryption: { provider: "sops" } }), "spec.decryption.secretRef"],
    [
      "access by a cloud's identity",
      kustomization({ kubeConfig: { configMapRef: { name: "x" } } }),
      "spec.kubeConfig.configMapRef",
    ],
    ["an unknown field", kustomization({ fancy: 1 }), "spec.fancy"],
    ["another type", kustomization({ prune: "yes" }), "spec.prune"],
    [
      "a list index in values",
      release({ valuesFrom: [{ kind: "Secret", name: "x", targetPath: "a[0]" }] }),
      "spec.valuesFrom[0].targetPath",
    ],
    [
      "images after rendering",
      release({ postRenderers: [{ kustomize: { images: [{ name: "x" }] } }] }),
      "spec.postRenderers[0].kustomize.images[0]",
    ],
    ["no chart", release({ chart: undefined }), "spec.chart"],
    [
      "a bucket",
      release({ chart: { spec: { chart: "x", sourceRef: { kind: "Bucket", name: "x" } } } }),
      "spec.chart.spec.sourceRef",
    ],
  ];
  for (const [what, object, field] of BLOCKED)
    it(`refuses ${what}, and names the field`, () => {
      const { manifests, conversions } = convert([object]);
      const blocked = conversions.at(-1)?.findings.filter(({ level }) => level === "blocked");
      expect(blocked?.map((finding) => finding.field)).to.include(field);
      expect(manifests.some(({ kind }) => kind === "OverseerApp")).to.equal(false);
    });
});

describe("credentials in URLs of Flux", () => {
  it("are not written, and the report says which Secret to make", () => {
    const url = (host: string): string => `https://mallory:hunter2@${host}`;
    const repository = flux("GitRepository", "apps", { url: url("git.example.com/apps"), ref: { branch: "main" } });
    const charts = flux("HelmRepository", "charts", { url: url("charts.example.com") });
    const oci = flux("OCIRepository", "web", {
      url: "oci://mallory:hunter2@registry.example.com/charts/web",
      ref: { tag: "2.0.1" },
    });
    const chart = {
      spec: { chart: "web", version: "1.2.3", sourceRef: { kind: "HelmRepository", name: "charts" } },
    };
    const options = { repository: { namespace: "flux-system", name: "fleet" } };
    const ofOci = { chart: undefined, chartRef: { kind: "OCIRepository", name: "web" } };
    for (const objects of [
      [repository, kustomization({ sourceRef: { kind: "GitRepository", name: "apps" } })],
      [charts, release({ chart })],
      [oci, release(ofOci)],
    ]) {
      const result = convert(objects, options);
      expect(JSON.stringify(result)).to.not.include("hunter2").and.not.include("mallory");
      const findings = result.conversions.flatMap((conversion) => conversion.findings);
      expect(
        findings.filter(({ level, message }) => level === "manual" && /user name or password/.test(message)),
      ).to.have.length(1);
    }
  });

  it("reports image automation, and ignores objects of unknown kinds, whatever their names", () => {
    const automation = {
      ...flux("X", "tags", {}),
      apiVersion: "image.toolkit.fluxcd.io/v1",
      kind: "ImageUpdateAutomation",
    };
    const { conversions } = convert([automation, { ...flux("X", "other", {}), kind: "constructor" }]);
    const reported = conversions.filter(({ name }) => name === "tags" || name === "other");
    expect(reported).to.have.length(1);
    expect(reported[0]?.findings[0]).to.deep.include({ level: "manual", field: "" });
    expect(reported[0]?.findings[0]?.message).to.match(/^writes image tags to Git, which has no counterpart/);
  });
});
