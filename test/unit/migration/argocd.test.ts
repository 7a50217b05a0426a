import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { filesIn } from "../../../src/cli/verbs/import/file-names.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import { globsOf } from "../../../src/migration/argocd/globs.js";
import { imageOf } from "../../../src/migration/argocd/kustomize.js";
import { type ArgoCredential, credentialFor } from "../../../src/migration/argocd/secrets.js";
import { pointerOf } from "../../../src/migration/argocd/sync.js";
import type { ImportOptions, InputObject, OutputManifest } from "../../../src/migration/conversion.js";
import { application } from "./support/fixtures.js";

const PASSWORD = "hunter2";
const SAFE = { mode: "Manual", adopt: "Always", prune: false, selfHeal: false };

function convert(
  objects: readonly InputObject[],
  options: ImportOptions = {},
  credentials: readonly ArgoCredential[] = [],
) {
  return checkResult(convertArgo(objects, credentials, { serviceAccount: "deployer", ...options }));
}

function appOf(object: InputObject, options: ImportOptions = {}): OutputManifest {
  const { manifests, conversions } = convert([object], options);
  const app = manifests.find(({ kind }) => kind === "OverseerApp");
  if (app === undefined) throw new Error(JSON.stringify(conversions[0]?.findings));
  return app;
}

function findingsOf(object: InputObject): string[] {
  const { conversions } = convert([object]);
  return (conversions[0]?.findings ?? []).map(({ level, field, message }) => `${level} ${field} ${message}`);
}

const source = (more: object): Record<string, unknown> => ({
  source: { repoURL: "https://git.example.com/team/shop.git", path: "deploy", ...more },
});

describe("the import of an Application", () => {
  it("makes an app that plans and changes nothing, in the namespace that it deploys to, and keeps the final policy aside", () => {
    const object = application(
      { syncPolicy: { automated: { prune: true } } },
      {
        status: { sourceType: "Directory" },
        metadata: { labels: { team: "shop" }, finalizers: ["resources-finalizer.argocd.argoproj.io"] },
      },
    );
    const { manifests } = convert([object], {}, [
      {
        namespace: "argocd",
        name: "repo-1",
        type: "repository",
        url: "https://git.example.com/team/shop",
        keys: ["password"],
      },
    ]);
    expect(manifests).to.deep.equal([
      {
        apiVersion: "gitops.overseer.io/v1alpha1",
        kind: "GitRepository",
        metadata: { name: "shop", namespace: "argocd" },
        spec: {
          url: "https://git.example.com/team/shop.git",
          secretRef: { name: "repo-1" },
          allowedNamespaces: ["shop"],
        },
      },
      {
        apiVersion: "gitops.overseer.io/v1alpha1",
        kind: "OverseerApp",
        metadata: {
          name: "shop",
          namespace: "shop",
          labels: { team: "shop" },
          annotations: {
            "gitops.overseer.io/imported-from": "argoproj.io/Application/argocd/shop",
            "gitops.overseer.io/imported-policy":
              '{"mode":"Automatic","selfHeal":false,"prune":true,"deletionPolicy":"Delete"}',
          },
        },
        spec: {
          source: { repositoryRef: { name: "shop", namespace: "argocd" }, path: "deploy", plain: { recurse: false } },
          destination: { kubernetes: {} },
          sync: SAFE,
          serviceAccountName: "deployer",
          deletionPolicy: "Orphan",
        },
      },
    ]);
  });

  it("uses one repository for one URL, however it is written, and another name for another URL", () => {
    const from = (name: string, repoURL: string): InputObject =>
      application({ ...source({ repoURL }) }, { metadata: { name, namespace: "argocd" } });
    const { manifests } = convert([
      from("a", "https://git.example.com/team/shop.git"),
      from("b", "https://GIT.example.com/team/shop/"),
      from("c", "https://git.example.com/other/shop"),
      application(source({ plugin: { name: "x" }, repoURL: "https://git.example.com/team/unused" }), {
        metadata: { name: "d", namespace: "argocd" },
      }),
    ]);
    const names = manifests.filter(({ kind }) => kind === "GitRepository").map(({ metadata }) => metadata.name);
    expect(names.length).to.equal(2);
    expect(names[0]).to.equal("shop");
    expect(names[1]).to.match(/^shop-[0-9a-f]{8}$/);
  });

  const REVISIONS: readonly (readonly [unknown, unknown])[] = [
    ["HEAD", undefined],
    [undefined, undefined],
    ["main", { branch: "main" }],
    ["v1.2.3", { tag: "v1.2.3" }],
    ["1.x", { semver: "1.x" }],
    [">=1.0.0 <2.0.0", { semver: ">=1.0.0 <2.0.0" }],
    ["refs/heads/v1.2.3", { name: "refs/heads/v1.2.3" }],
    ["9a2f0f1c3d4e5b6a79880a1b2c3d4e5f60718293", { commit: "9a2f0f1c3d4e5b6a79880a1b2c3d4e5f60718293" }],
  ];
  it("reads revisions as Argo CD resolves them", () => {
    for (const [targetRevision, ref] of REVISIONS)
      expect((appOf(application(source({ targetRevision }))).spec.source as { ref?: unknown }).ref).to.deep.equal(ref);
  });

  it("writes down the defaults of a chart, and converts its values with the same precedence", () => {
    const helm = {
      valueFiles: ["values.yaml", "/env/prod.yaml"],
      values: "replicas: 2\nimage: {tag: '1.10'}\n",
      parameters: [{ name: "image.tag", value: "1.20", forceString: true }],
    };
    const app = appOf(application(source({ path: "charts/web", helm })));
    expect((app.spec.source as { helm: unknown }).helm).to.deep.equal({
      releaseName: "shop",
      valueFiles: ["values.yaml", "../../env/prod.yaml"],
      values: { replicas: 2, image: { tag: "1.10" } },
      parameters: [{ name: "image.tag", value: "1.20", forceString: true }],
    });
    const detected = appOf(application(source({}), { status: { sourceType: "Helm" } }));
    expect((detected.spec.source as { helm: unknown }).helm).to.deep.equal({ releaseName: "shop" });
  });

  it("takes a chart of a registry with values of a second source, and a range at the version in use", () => {
    const sources = [
      {
        repoURL: "https://charts.example.com",
        chart: "web",
        targetRevision: "1.x",
        helm: { valueFiles: ["$values/web/prod.yaml"] },
      },
      { repoURL: "https://git.example.com/team/values.git", targetRevision: "main", ref: "values" },
    ];
    const app = appOf(application({ source: undefined, sources }, { status: { sync: { revision: "1.4.2" } } }));
    expect(app.spec.source).to.deep.equal({
      repositoryRef: { name: "values", namespace: "argocd" },
      path: ".",
      ref: { branch: "main" },
      helm: {
        releaseName: "shop",
        valueFiles: ["web/prod.yaml"],
        chart: { repository: "https://charts.example.com", name: "web", version: "1.4.2" },
      },
    });
    const chart = { repoURL: "registry.example.com/charts", chart: "web", targetRevision: "1.4.2", path: undefined };
    const alone = appOf(application({ source: chart }), { repository: { namespace: "shop", name: "values" } });
    expect(alone.spec.source).to.deep.include({
      repositoryRef: { name: "values" },
      helm: {
        releaseName: "shop",
        chart: { repository: "oci://registry.example.com/charts", name: "web", version: "1.4.2" },
      },
    });
  });

  it("makes one app for each of several sources", () => {
    const sources = [
      { repoURL: "https://git.example.com/team/shop.git", path: "a" },
      { repoURL: "https://git.example.com/team/shop.git", path: "b", name: "extra" },
    ];
    const { manifests } = convert([application({ source: undefined, sources })]);
    expect(manifests.map(({ metadata }) => metadata.name)).to.deep.equal(["shop", "shop-1", "shop-extra"]);
  });

  it("keeps the release name of each of several sources that Argo CD has found to be a chart", () => {
    const repoURL = "https://git.example.com/team/shop.git";
    const sources = [
      { repoURL, ref: "values" },
      { repoURL, path: "plain" },
      { repoURL, path: "chart" },
    ];
    for (const sourceTypes of [
      ["Directory", "Directory", "Helm"],
      ["Directory", "Helm"],
    ]) {
      const { manifests } = convert([application({ source: undefined, sources }, { status: { sourceTypes } })]);
      const found = manifests.flatMap(({ kind, spec }) => (kind === "OverseerApp" ? [spec.source as object] : []));
      expect(found[0]).to.have.property("plain");
      expect(found[1]).to.deep.include({ helm: { releaseName: "shop" } });
    }
  });

  it("does not copy the label by which a parent Application tracks it", () => {
    const labels = { "app.kubernetes.io/instance": "root", team: "shop" };
    const app = appOf(application({}, { metadata: { name: "shop", namespace: "argocd", labels } }));
    expect(app.metadata.labels).to.deep.equal({ team: "shop" });
  });

  it("converts how it syncs, and fields that others own", () => {
    const app = appOf(
      application({
        syncPolicy: {
          syncOptions: ["PrunePropagationPolicy=foreground", "ServerSideApply=true"],
          retry: { backoff: { duration: "10", maxDuration: "3m" } },
        },
        ignoreDifferences: [
          {
            group: "",
            kind: "Secret",
            jqPathExpressions: ['.data["a.b/c"]', ".list[].x"],
            managedFieldsManagers: ["m"],
          },
        ],
        revisionHistoryLimit: 0,
      }),
    );
    expect(app.spec.sync).to.deep.equal({
      ...SAFE,
      deletePropagation: "Foreground",
      retry: { base: "10s", max: "3m" },
      ignoreDifferences: [{ group: "", kind: "Secret", jsonPointers: ["/data/a.b~1c", "/list/*/x"], managers: ["m"] }],
    });
    expect(app.spec.historyLimit).to.equal(1);
    expect(app.metadata.annotations?.["gitops.overseer.io/imported-policy"]).to.include('"mode":"Manual"');
  });

  it("creates a namespace of another cluster, and sets its labels", () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const policy = { syncPolicy: { syncOptions: ["CreateNamespace=true"], managedNamespaceMetadata: { labels } } };
    const remote = { server: "https://prod.example.com", namespace: "shop" };
    expect(appOf(application({ ...policy, destination: remote })).spec.sync).to.deep.include({
      createNamespace: { labels },
    });
    expect(appOf(application(policy)).spec.sync).to.deep.include({ createNamespace: { labels } });
    const plain = { syncPolicy: { syncOptions: ["CreateNamespace=true"] } };
    expect(appOf(application({ ...plain, destination: remote })).spec.sync).to.deep.include({ createNamespace: {} });
    expect(appOf(application(plain)).spec.sync).to.deep.equal(SAFE);
  });

  it("writes the windows of its project into the apps that they select", () => {
    const project: InputObject = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AppProject",
      metadata: { name: "team", namespace: "argocd" },
      spec: {
        sourceRepos: ["*"],
        syncWindows: [
          { kind: "deny", schedule: "0 22 * * *", duration: "8h", timeZone: "Europe/Berlin", applications: ["sh*"] },
          { kind: "allow", schedule: "0 8 * * *", duration: "1h", namespaces: ["other"] },
        ],
        roles: [{ name: "dev", policies: ["p, proj:team:dev, applications, sync, team/*, allow"], groups: ["devs"] }],
      },
    };
    const { manifests, conversions } = convert([project, application({ project: "team" })]);
    expect((manifests[1]?.spec.sync as { windows: unknown } | undefined)?.windows).to.deep.equal([
      { kind: "Deny", schedule: "0 22 * * *", duration: "8h", timeZone: "Europe/Berlin" },
    ]);
    const fields = conversions[0]?.findings.map(({ field }) => field);
    expect(fields).to.deep.equal(["spec.namespaceResourceWhitelist", "spec.roles[0].groups"]);
  });

  it("goes to another cluster by a kubeconfig that is to be made", () => {
    const object = application({ destination: { server: "https://prod.example.com:6443", namespace: "shop" } });
    expect(appOf(object).spec.destination).to.deep.equal({
      kubernetes: { kubeConfigSecretRef: { name: "cluster-prod-example-com-6443" } },
    });
    expect(findingsOf(object).join()).to.include(
      "make the Secret shop/cluster-prod-example-com-6443 with a kubeconfig",
    );
  });

  const BLOCKED: readonly (readonly [string, object, string])[] = [
    ["a plugin", source({ plugin: { name: "x" } }), "spec.source.plugin"],
    ["Jsonnet", source({ directory: { jsonnet: { tlas: [{ name: "a" }] } } }), "spec.source.directory.jsonnet.tlas"],
    ["labels in selectors", source({ kustomize: { commonLabels: { a: "b" } } }), "spec.source.kustomize.commonLabels"],
    [
      "annotations in templates",
      source({ kustomize: { commonAnnotations: { a: "b" } } }),
      "spec.source.kustomize.commonAnnotations",
    ],
    [
      "values from files",
      source({ helm: { fileParameters: [{ name: "a", path: "b" }] } }),
      "spec.source.helm.fileParameters",
    ],
    [
      "values of another repository",
      source({ helm: { valueFiles: ["$other/a.yaml"] } }),
      "spec.source.helm.valueFiles[0]",
    ],
    ["values that are no YAML", source({ helm: { values: "a: [" } }), "spec.source.helm.values"],
    ["another namespace for a chart", source({ helm: { namespace: "x" } }), "spec.source.helm.namespace"],
    ["manifests of a registry", source({ repoURL: "oci://registry.example.com/x" }), "spec.source.repoURL"],
    [
      "a chart without a repository",
      { source: { repoURL: "https://c.example.com", chart: "x", targetRevision: "1.0.0" } },
      "spec.source.chart",
    ],
    [
      "a chart with a range",
      { source: { repoURL: "https://c.example.com", chart: "x", targetRevision: "1.x" } },
      "spec.source.targetRevision",
    ],
    ["hydrated sources", { source: undefined, sourceHydrator: { drySource: {} } }, "spec.sourceHydrator"],
    ["an unknown option", { syncPolicy: { syncOptions: ["Fancy=true"] } }, "spec.syncPolicy.syncOptions[0]"],
    ["an unknown field", { fancy: true }, "spec.fancy"],
    ["no source", { source: undefined }, "spec.source"],
  ];
  for (const [what, spec, field] of BLOCKED)
    it(`refuses ${what}, and names the field`, () => {
      const { manifests, conversions } = convert([application(spec as Record<string, unknown>)]);
      const blocked = conversions[0]?.findings.filter(({ level }) => level === "blocked");
      expect(blocked?.map((finding) => finding.field)).to.include(field);
      expect(manifests).to.deep.equal([]);
    });

  it("refuses two Applications that would become the same app, and results that the schemas reject", () => {
    const other = application({}, { metadata: { name: "shop", namespace: "team-a" } });
    const twice = convert([application(), other]);
    expect(twice.manifests.filter(({ kind }) => kind === "OverseerApp")).to.deep.equal([]);
    expect(twice.conversions.every(({ findings }) => findings.some(({ level }) => level === "blocked"))).to.equal(true);
    const invalid = convert([application({ syncPolicy: { retry: { backoff: { duration: "soon" } } } })]);
    expect(invalid.manifests.some(({ kind }) => kind === "OverseerApp")).to.equal(false);
    expect(invalid.conversions[0]?.findings.at(-1)?.message).to.include("spec.sync.retry.base");
  });
});

describe("details of Argo CD", () => {
  it("images are those of kustomize edit set image", () => {
    expect(imageOf("nginx:1.2")).to.deep.equal({ name: "nginx", newTag: "1.2" });
    expect(imageOf("nginx=registry:5000/nginx")).to.deep.equal({ name: "nginx", newName: "registry:5000/nginx" });
    expect(imageOf("a=b@sha256:0")).to.deep.equal({ name: "a", newName: "b", digest: "sha256:0" });
    expect(imageOf("a=*:v2")).to.deep.equal({ name: "a", newName: "*", newTag: "v2" });
  });

  it("globs cross directories only where subdirectories are read", () => {
    expect(globsOf("*.yaml", true)).to.deep.equal(["*.yaml", "**/*.yaml"]);
    expect(globsOf("*.yaml", false)).to.deep.equal(["*.yaml"]);
    expect(globsOf("{a.yaml,env/x*}", true)).to.deep.equal(["a.yaml", "env/x*", "env/x*/**/*"]);
    expect(globsOf("a*b*c", true)).to.equal(undefined);
  });

  it("paths of jq become pointers if they are no more than paths", () => {
    expect(pointerOf(".spec.template.spec.containers[].env[0]")).to.equal("/spec/template/spec/containers/*/env/0");
    for (const more of [".a | .b", ".a[] | select(.x)", "a", ".a[1:2]", "..", ""])
      expect(pointerOf(more), more).to.equal(undefined);
  });

  it("credentials are those of the repository, or of the longest prefix, in the namespace of the Application", () => {
    const credential = (name: string, type: string, url: string, keys = ["password"]): ArgoCredential => ({
      ...{ namespace: "argocd", name, type, url, keys },
    });
    const all = [
      credential("host", "repo-creds", "https://git.example.com"),
      credential("team", "repo-creds", "https://git.example.com/team"),
      credential("named", "repository", "https://git.example.com/team/web", ["url"]),
      credential("own", "repository", "https://git.example.com/team/shop.git"),
    ];
    const found = (url: string): string | undefined => credentialFor(url, "argocd", all);
    expect(found("https://git.example.com/team/shop")).to.equal("own");
    expect(found("https://git.example.com/team/web.git")).to.equal("team");
    expect(found("https://git.example.com/x/y")).to.equal("host");
    expect(found("https://elsewhere.example.com/x")).to.equal(undefined);
    expect(credentialFor("https://git.example.com/x/y", "other", all)).to.equal(undefined);
  });
});

describe("credentials in URLs of Applications", () => {
  const sources: readonly (readonly [object, string])[] = [
    [
      { repoURL: `https://mallory:${PASSWORD}@git.example.com/team/shop.git`, path: "." },
      "https://git.example.com/team/shop.git",
    ],
    [
      { repoURL: `ssh://git:${PASSWORD}@git.example.com/team/shop.git`, path: "." },
      "ssh://git@git.example.com/team/shop.git",
    ],
    [
      { repoURL: `https://mallory:${PASSWORD}@charts.example.com`, chart: "web", targetRevision: "1.2.3" },
      "https://charts.example.com",
    ],
    [
      { repoURL: `mallory:${PASSWORD}@registry.example.com/charts`, chart: "web", targetRevision: "1.2.3" },
      "oci://registry.example.com/charts",
    ],
  ];

  it("are not written, and the report says which Secret to make", () => {
    for (const [one, url] of sources) {
      const result = convert([application({ source: one })], { repository: { namespace: "argocd", name: "values" } }, [
        {
          namespace: "argocd",
          name: "repo-1",
          type: "repository",
          url: "ssh://git@git.example.com/team/shop",
          keys: ["password"],
        },
      ]);
      expect(JSON.stringify(result)).to.not.include(PASSWORD).and.not.include("mallory");
      expect(JSON.stringify(result.manifests)).to.include(url);
      const [finding] =
        result.conversions[0]?.findings.filter(({ message }) => /user name or password/.test(message)) ?? [];
      expect(finding).to.include({ level: "manual", field: "spec.source.repoURL" });
    }
  });

  it("that hide behind an invalid host block the app, and do not become names of Secrets", () => {
    const broken = convert([
      application(source({ repoURL: `https://mallory:${PASSWORD}/x@git.example.com/shop.git` })),
    ]);
    expect(broken.manifests).to.deep.equal([]);
    expect(JSON.stringify(broken)).to.include("is no valid URL").and.not.include(PASSWORD);
    const server = `https://mallory:${PASSWORD}@api.example.com:6443`;
    const remote = convert([application({ destination: { server, namespace: "shop" } })]);
    expect(JSON.stringify(remote)).to.not.include(PASSWORD);
  });
});

describe("names that an import writes", () => {
  it("are names of Kubernetes, so that no file is written outside of the output directory", () => {
    const server = "https://kubernetes.default.svc";
    for (const object of [
      application({ destination: { server, namespace: "../../evil" } }),
      application({}, { metadata: { namespace: "../.." } }),
    ]) {
      const { manifests, conversions } = convert([object]);
      expect(manifests).to.deep.equal([]);
      expect(conversions[0]?.findings.map(({ message }) => message).join()).to.include("is no namespace");
    }
  });

  it("never share a file", () => {
    const manifest = (kind: OutputManifest["kind"], name: string, namespace = "shop"): OutputManifest => ({
      ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind, metadata: { namespace, name }, spec: {} },
    });
    const all = [
      manifest("GitRepository", "web"),
      manifest("OverseerApp", "repository-web"),
      manifest("OverseerApp", "web"),
    ];
    expect([...filesIn("out", all).keys()]).to.deep.equal([
      "out/shop/repository-web.yaml",
      "out/shop/app_repository-web.yaml",
      "out/shop/web.yaml",
    ]);
    for (const bad of [[manifest("OverseerApp", "x", "../..")], [manifest("OverseerApp", "../x")], [...all, ...all]])
      expect(() => filesIn("out", bad)).to.throw("has no file of its own in out: nothing was written");
  });
});
