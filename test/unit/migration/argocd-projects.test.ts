import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { projectFileIn } from "../../../src/cli/verbs/import/file-names.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import { globMatches } from "../../../src/migration/argocd/project-windows.js";
import type { ImportResult, InputObject, ProjectManifest } from "../../../src/migration/conversion.js";
import { application } from "./support/fixtures.js";

const LOCAL = "https://kubernetes.default.svc";

function project(name: string, spec: object, namespace = "argocd"): InputObject {
  return { apiVersion: "argoproj.io/v1alpha1", kind: "AppProject", metadata: { name, namespace }, spec };
}

function convert(...objects: readonly InputObject[]): ImportResult {
  return checkResult(convertArgo(objects, [], { serviceAccount: "deployer" }));
}

function app(name: string, projectName: string, namespace: string, more: object = {}): InputObject {
  const destination = { server: LOCAL, namespace };
  return application({ project: projectName, destination, ...more }, { metadata: { name } });
}

function limitsOf({ projects = [] }: ImportResult): readonly ProjectManifest[] {
  return projects.flatMap(({ manifests }) => manifests);
}

function environmentOf(result: ImportResult): unknown {
  return limitsOf(result).find(({ kind }) => kind === "Environment")?.spec;
}

function findingsOf({ conversions }: ImportResult): string[] {
  const found = conversions.filter(({ kind }) => kind === "AppProject").flatMap(({ findings }) => findings);
  return found.map(({ level, field, message }) => `${level} ${field} ${message}`);
}

/** A project that limits everything that has a counterpart. */
const TEAM = {
  sourceRepos: ["https://git.example.com/team/shop", "https://git.example.com/libs/*"],
  destinations: [
    { server: LOCAL, namespace: "shop" },
    { server: LOCAL, namespace: "shop-*" },
    { server: "https://prod.example.com:6443", namespace: "shop" },
  ],
  namespaceResourceWhitelist: [
    { group: "", kind: "ConfigMap" },
    { group: "apps", kind: "Deployment" },
    { group: "networking.k8s.io", kind: "Ingress" },
    { group: "networking.k8s.io", kind: "NetworkPolicy" },
  ],
  roles: [
    {
      name: "dev",
      policies: [
        "p, proj:team:dev, applications, get, team/*, allow",
        "p, proj:team:dev, applications, sync, team/shop, allow",
        "p, proj:team:dev, applications, action/apps/Deployment/restart, team/*, allow",
      ],
      groups: ["devs"],
    },
  ],
};

describe("the import of an AppProject", () => {
  it("makes an Environment of its namespaces, clusters and repositories, with the URLs as the apps have them", () => {
    const result = convert(project("team", TEAM), app("shop", "team", "shop"), app("next", "team", "shop-next"));
    expect(environmentOf(result)).to.deep.equal({
      namespaces: [{ name: "shop" }, { name: "shop-next" }],
      claims: [{ cluster: "https://prod.example.com:6443", namespaces: ["shop"] }],
      repositories: [
        "https://git.example.com/team/shop",
        "https://git.example.com/libs/*",
        "https://git.example.com/team/shop.git",
      ],
    });
    expect(findingsOf(result).join("\n"))
      .to.include(
        "manual spec.destinations[1] is a pattern: the Environment lists the namespaces of the apps that exist (shop-next)",
      )
      .and.include("manual  apply the Environment once the apps of the project have been taken over")
      .and.include("registries of charts are not limited");
  });

  it("gives the ServiceAccount of the apps the kinds that it permits, and its groups the verbs, in each namespace", () => {
    const result = convert(project("team", TEAM), app("shop", "team", "shop"));
    const rights = limitsOf(result).filter(({ kind }) => kind !== "Environment");
    expect(rights.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).to.deep.equal([
      ...["ServiceAccount shop/deployer", "Role shop/deployer-of-team", "RoleBinding shop/deployer-of-team"],
      ...["Role shop/team-dev", "RoleBinding shop/team-dev"],
    ]);
    const verbs = ["get", "create", "patch", "delete"];
    expect(rights[1]?.rules).to.deep.equal([
      { apiGroups: [""], resources: ["configmaps"], verbs },
      { apiGroups: ["apps"], resources: ["deployments"], verbs },
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"], verbs },
    ]);
    const apiGroups = ["gitops.overseer.io"];
    const read = ["get", "list", "watch"];
    expect(rights[3]?.rules).to.deep.equal([
      { apiGroups, resources: ["overseerapps"], verbs: read },
      { apiGroups, resources: ["changes"], verbs: read },
      { apiGroups, resources: ["overseerapps"], verbs: ["sync", "rollback"], resourceNames: ["shop"] },
      { apiGroups, resources: ["changes"], verbs: [...read, "create"] },
    ]);
    expect(rights[4]?.subjects).to.deep.equal([{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "devs" }]);
    expect(findingsOf(result).join("\n")).to.include("role dev: the action action/apps/Deployment/restart has no");
  });

  it("leaves out namespaces that another project is in, since the limits of both would hold there", () => {
    const both = [app("shop", "team", "shop"), app("other", "second", "shop"), app("own", "team", "own")];
    const result = convert(project("team", TEAM), ...both);
    expect(environmentOf(result)).to.deep.include({ namespaces: [{ name: "own" }] });
    expect(findingsOf(result).join("\n")).to.include("namespace shop is also that of AppProject argocd/second");
    const named = project("second", { destinations: [{ server: LOCAL, namespace: "own" }] });
    expect(environmentOf(convert(project("team", TEAM), named, ...both))).to.equal(undefined);
  });

  it("makes no Environment where nothing is limited, and says what it permits", () => {
    const everything = { sourceRepos: ["*"], destinations: [{ server: "*", namespace: "*" }] };
    const result = convert(project("default", everything), app("shop", "default", "shop"));
    expect(limitsOf(result).map(({ kind }) => kind)).to.deep.equal(["ServiceAccount", "Role", "RoleBinding"]);
    expect(findingsOf(result)).to.have.length(1);
    expect(findingsOf(result)[0]).to.include("permits all kinds of the namespace, as the project does");
  });

  const NO_COUNTERPART: readonly (readonly [string, object, string])[] = [
    [
      "a repository that is denied",
      { sourceRepos: ["!https://git.example.com/x", "https://a.example.com/b"] },
      "spec.sourceRepos[0] denies",
    ],
    [
      "a pattern with more than stars",
      { sourceRepos: ["https://git.example.com/[ab]"] },
      "spec.sourceRepos[0] is a pattern",
    ],
    [
      "a destination that is denied",
      { destinations: [{ server: LOCAL, namespace: "!kube-system" }] },
      "spec.destinations[0] denies",
    ],
    [
      "a cluster by its name",
      { destinations: [{ name: "prod", namespace: "shop" }] },
      "spec.destinations[0] is another cluster",
    ],
    [
      "kinds that are denied",
      { namespaceResourceBlacklist: [{ group: "", kind: "Secret" }] },
      "spec.namespaceResourceBlacklist RBAC has no deny",
    ],
    ["that no kind is permitted", { namespaceResourceWhitelist: [] }, "is empty, so that the project permits no kinds"],
    [
      "kinds without a namespace",
      { clusterResourceWhitelist: [{ group: "*", kind: "*" }] },
      "spec.clusterResourceWhitelist allowed kinds",
    ],
    ["namespaces of Applications", { sourceNamespaces: ["a"] }, "spec.sourceNamespaces"],
    ["signed commits", { signatureKeys: [{ keyID: "4AEE18F83AFDEB23" }] }, "spec.signatureKeys signed commits"],
    ["orphaned resources", { orphanedResources: { warn: true } }, "spec.orphanedResources has no counterpart"],
    [
      "a policy that denies",
      { roles: [{ name: "a", policies: ["p, proj:team:a, applications, *, team/*, deny"] }] },
      "spec.roles[0].policies role a: RBAC has no deny",
    ],
    [
      "names by a pattern",
      { roles: [{ name: "a", policies: ["p, proj:team:a, applications, get, team/x*, allow"] }] },
      "team/x* is a pattern of names",
    ],
    ["tokens", { roles: [{ name: "a", jwtTokens: [{ iat: 1 }] }] }, "spec.roles[0].jwtTokens"],
  ];
  for (const [what, spec, expected] of NO_COUNTERPART)
    it(`reports ${what}, and what to do instead`, () => {
      expect(findingsOf(convert(project("team", spec), app("shop", "team", "shop"))).join("\n")).to.include(expected);
    });

  it("grants nothing of a role or of kinds that it cannot convert as a whole", () => {
    const denied = {
      name: "a",
      policies: [
        "p, proj:team:a, applications, *, team/*, allow",
        "p, proj:team:a, applications, delete, team/*, deny",
      ],
    };
    const result = convert(
      project("team", { roles: [denied], namespaceResourceBlacklist: [{ group: "", kind: "Secret" }] }),
      app("shop", "team", "shop"),
    );
    expect(limitsOf(result)).to.deep.equal([]);
  });

  it("writes no file elsewhere, no password, and nothing for a project with a field that is not known", () => {
    const hostile = [
      project("../../evil", TEAM),
      project("team", TEAM, "../.."),
      project("new", { ...TEAM, fancy: 1 }),
    ];
    for (const one of hostile)
      expect(convert(one, app("shop", "team", "shop")).projects, one.metadata.name).to.equal(undefined);
    const secret = convert(
      project("team", { sourceRepos: ["https://me:hunter2@git.example.com/a"] }),
      app("a", "team", "a"),
    );
    expect(JSON.stringify(secret)).to.not.include("hunter2");
    const file = { namespace: "argocd", name: "team", contents: "rights", manifests: [] } as const;
    expect(projectFileIn("out", file)).to.equal("out/argocd/rights_team.yaml");
  });

  it("finds the project and the credentials of an Application in another namespace than Argo CD", () => {
    const window = { kind: "deny", schedule: "0 22 * * *", duration: "8h", applications: ["*"] };
    const credential = {
      name: "repo-1",
      type: "repository",
      url: "https://git.example.com/team/shop",
      keys: ["password"],
    };
    const { manifests, conversions } = convertArgo(
      [
        project("team", { syncWindows: [window] }),
        application({ project: "team" }, { metadata: { namespace: "team-a" } }),
      ],
      [{ ...credential, namespace: "argocd" }],
      {},
    );
    const [repository, imported] = manifests;
    expect(repository?.metadata).to.deep.equal({ name: "shop", namespace: "argocd" });
    expect(repository?.spec.secretRef).to.deep.equal({ name: "repo-1" });
    expect((imported?.spec.sync as { windows?: object[] } | undefined)?.windows).to.have.lengthOf(1);
    const from = imported?.metadata.annotations?.["gitops.overseer.io/imported-from"];
    expect(from).to.equal("argoproj.io/Application/team-a/shop");
    expect(conversions.map(({ namespace }) => namespace)).to.deep.equal(["argocd", "team-a"]);
  });

  it("compares globs in a time that grows with the text only", () => {
    expect(globMatches("*/shop-?", "a/b/shop-1")).to.equal(true);
    expect(globMatches("shop*", "my-shop")).to.equal(false);
    expect(globMatches("a.c", "abc")).to.equal(false);
    expect(globMatches(`${"*a".repeat(200)}b`, "a".repeat(2_000))).to.equal(false);
  });
});
