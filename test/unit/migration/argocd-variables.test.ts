import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { BuildEnvironment } from "../../../src/migration/argocd/build-environment.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import type { InputObject } from "../../../src/migration/conversion.js";
import { Findings } from "../../../src/migration/finding.js";
import { application } from "./support/fixtures.js";

const ENVIRONMENT = {
  applicationName: "shop",
  namespace: "prod",
  project: "team",
  repoUrl: "https://git.example.com/team/shop.git",
  path: "deploy",
  targetRevision: "main",
};

/** A text with its variables replaced, and what is reported about it. */
function expanded(text: string): { readonly text: string; readonly reports: readonly string[] } {
  const findings = new Findings();
  const found = new BuildEnvironment(ENVIRONMENT).expand(text, "field", findings);
  return { text: found, reports: findings.all.map(({ level, message }) => `${level} ${message}`) };
}

const PROJECT: InputObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AppProject",
  metadata: { name: "default", namespace: "argocd" },
  spec: {},
};

/** The source of the app, and the messages about it. */
function imported(source: object, metadata: object = {}) {
  const object = application(
    {
      source: { repoURL: ENVIRONMENT.repoUrl, path: "deploy", targetRevision: "main", ...source },
      destination: { server: "https://kubernetes.default.svc", namespace: "prod" },
      project: "default",
    },
    { metadata },
  );
  const { manifests, conversions } = checkResult(convertArgo([PROJECT, object], [], { serviceAccount: "deployer" }));
  const findings = conversions.flatMap((one) => (one.kind === "Application" ? one.findings : []));
  return {
    source: manifests.find(({ kind }) => kind === "OverseerApp")?.spec.source as
      | { helm?: Record<string, unknown>; kustomize?: Record<string, unknown> }
      | undefined,
    blocked: findings.filter(({ level }) => level === "blocked").map(({ field, message }) => `${field} ${message}`),
    messages: findings.map(({ field, message }) => `${field} ${message}`).join("\n"),
  };
}

describe("build variables of Argo CD", () => {
  const STATIC: readonly (readonly [string, string])[] = [
    ["$ARGOCD_APP_NAME", "shop"],
    ["${ARGOCD_APP_NAME}-${ARGOCD_APP_NAMESPACE}", "shop-prod"],
    ["$ARGOCD_APP_PROJECT_NAME.example.com", "team.example.com"],
    ["$ARGOCD_APP_SOURCE_PATH@$ARGOCD_APP_SOURCE_TARGET_REVISION", "deploy@main"],
    ["$ARGOCD_APP_SOURCE_REPO_URL", "https://git.example.com/team/shop.git"],
    ["costs 5$$, not $$ARGOCD_APP_NAME", "costs 5$, not $ARGOCD_APP_NAME"],
    ["ends with $", "ends with $"],
    ["a $ b", "a $ b"],
    ["no variable", "no variable"],
  ];
  for (const [text, value] of STATIC)
    it(`replaces those of ${JSON.stringify(text)}, without a remark`, () => {
      expect(expanded(text)).to.deep.equal({ text: value, reports: [] });
    });

  const UNKNOWN: readonly (readonly [string, string, string])[] = [
    ["pa$word", "pa", "$word"],
    ["${MISSING}x", "x", "$MISSING"],
    ["x$1y", "xy", "$1"],
    ["${}x", "x", "${}"],
    ["${open", "open", "${"],
  ];
  for (const [text, value, name] of UNKNOWN)
    it(`reads ${JSON.stringify(text)} as Argo CD does, and says so`, () => {
      const found = expanded(text);
      expect(found.text).to.equal(value);
      expect(found.reports.join())
        .to.match(/^difference /)
        .and.include(name);
    });

  for (const name of ["ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8"])
    it(`refuses $${name}, which changes with each commit, and says what to do`, () => {
      expect(expanded(`v-\${${name}}`).reports.join())
        .to.match(/^blocked /)
        .and.include(`$${name} changes with each commit`)
        .and.include("let the CI");
    });

  it("refuses what depends on the cluster", () => {
    expect(expanded("$KUBE_VERSION").reports.join()).to.match(/^blocked .*\$KUBE_VERSION/);
  });
});

describe("the import of an Application with build variables", () => {
  it("replaces them in parameters, value files, images and labels", () => {
    const helm = {
      parameters: [{ name: "host", value: "$ARGOCD_APP_NAME.example.com" }],
      valueFiles: ["envs/$ARGOCD_APP_NAMESPACE.yaml", "$ARGOCD_APP_NAME/values.yaml"],
      values: "kept: $ARGOCD_APP_NAME",
    };
    const { source, blocked } = imported({ helm });
    expect(blocked).to.deep.equal([]);
    expect(source?.helm).to.deep.include({
      parameters: [{ name: "host", value: "shop.example.com" }],
      valueFiles: ["envs/prod.yaml", "shop/values.yaml"],
      values: { kept: "$ARGOCD_APP_NAME" },
    });
    const kustomize = {
      images: ["web=registry.example.com/$ARGOCD_APP_NAME:1"],
      commonLabels: { app: "$ARGOCD_APP_NAME" },
      labelWithoutSelector: true,
    };
    expect(imported({ kustomize }).source?.kustomize).to.deep.equal({
      images: [{ name: "web", newName: "registry.example.com/shop", newTag: "1" }],
      labels: { app: "shop" },
    });
  });

  it("names the field, the variable and the way out where there is no value", () => {
    const helm = { parameters: [{ name: "tag", value: "$ARGOCD_APP_REVISION_SHORT" }] };
    const { source, blocked } = imported({ helm });
    expect(source).to.equal(undefined);
    expect(blocked.join()).to.match(
      /^spec\.source\.helm\.parameters\[0\]\.value .*\$ARGOCD_APP_REVISION_SHORT changes with each commit/,
    );
  });

  it("names the annotations as Argo CD has set them", () => {
    const kustomize = { commonAnnotations: { owner: "$ARGOCD_APP_NAME" }, commonAnnotationsEnvsubst: true };
    expect(imported({ kustomize }).messages).to.include('commonAnnotations: {"owner":"shop"}');
    const plain = { commonAnnotations: { owner: "$ARGOCD_APP_NAME" } };
    expect(imported({ kustomize: plain }).messages).to.include('commonAnnotations: {"owner":"$ARGOCD_APP_NAME"}');
  });

  it("uses the name with the namespace outside of the namespace of Argo CD", () => {
    const helm = { parameters: [{ name: "id", value: "$ARGOCD_APP_NAME" }] };
    const value = (metadata: object): unknown =>
      (imported({ helm }, metadata).source?.helm?.parameters as { value: string }[] | undefined)?.[0]?.value;
    expect(value({ name: "shop", namespace: "argocd" })).to.equal("shop");
    expect(value({ name: "shop", namespace: "team-a" })).to.equal("team-a_shop");
  });
});

describe("value files of an Application", () => {
  const repoURL = ENVIRONMENT.repoUrl;
  const chart = (valueFiles: readonly string[], more: object = {}) => ({
    ...{ repoURL, path: "charts/web", targetRevision: "main" },
    helm: { valueFiles, ...more },
  });
  const values = (more: object = {}) => ({ repoURL, targetRevision: "main", ref: "values", ...more });
  /** Value files of the app of a chart with a second source, or why there is none. */
  const filesOf = (first: object, second: object): unknown => {
    const object = application({ source: undefined, sources: [first, second] });
    const { manifests, conversions } = checkResult(convertArgo([object], [], { serviceAccount: "deployer" }));
    const app = manifests.find(({ kind }) => kind === "OverseerApp");
    const blocked = conversions[0]?.findings.filter(({ level }) => level === "blocked") ?? [];
    return app === undefined
      ? blocked.map(({ field, message }) => `${field} ${message}`).join("\n")
      : (app.spec.source as { helm?: object }).helm;
  };

  it("of a second source in the same repository are relative to the chart, each once", () => {
    const files = ["values.yaml", "$values/envs/$ARGOCD_APP_NAME.yaml", "values.yaml"];
    expect(filesOf(chart(files, { ignoreMissingValueFiles: true }), values())).to.deep.equal({
      releaseName: "shop",
      valueFiles: ["values.yaml", "../../envs/shop.yaml"],
      ignoreMissingValueFiles: true,
    });
  });

  const REFUSED: readonly (readonly [string, object, string])[] = [
    [
      "$values/a.yaml",
      values({ repoURL: "https://git.example.com/team/values.git" }),
      "is in source $values, which is",
    ],
    ["$values/a.yaml", values({ targetRevision: "v1" }), "another repository or revision than the app"],
    ["$valeus/a.yaml", values(), "no source of the Application has ref: valeus"],
    ["envs/*.yaml", values(), "is a pattern: list the files in alphabetical order"],
    ["$values/**/prod.yaml", values(), "is a pattern"],
    ["https://git.example.com/values.yaml", values(), "is a URL: commit the file"],
    ["$ARGOCD_APP_REVISION/values.yaml", values(), "$ARGOCD_APP_REVISION changes with each commit"],
  ];
  for (const [file, second, reason] of REFUSED)
    it(`are refused with a way out: ${file} because it ${reason}`, () => {
      expect(filesOf(chart([file]), second))
        .to.include(`spec.sources[0].helm.valueFiles[0] `)
        .and.include(reason);
    });
});
