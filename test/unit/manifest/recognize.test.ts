import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { recognizeKind } from "../../../src/manifest/recognize.js";
import { parseManifests } from "../../../src/manifest/yaml/parse.js";

const POINTER = new URL("../../../../test/cases/lfs-pointer/cm.yaml", import.meta.url);

function refusalOf(text: string, file = "cm.yaml"): string {
  try {
    parseManifests(text, file);
  } catch (error) {
    if (error instanceof ManifestError) return error.problems.map(({ message }) => message).join("\n");
    throw error;
  }
  return "";
}

const CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const SOPS = "sops:\n  mac: ENC[AES256_GCM,data:x]\n  version: 3.9.0\n";

const ROWS: readonly (readonly [what: string, text: string, said: RegExp, file?: string])[] = [
  [
    "a pointer of Git LFS",
    readFileSync(POINTER, "utf8"),
    /^this is a pointer of Git LFS.*take the manifests out of Git LFS/,
  ],
  ["a pointer with Windows line ends", "version https://git-lfs.github.com/spec/v1\r\noid sha256:1\r\n", /Git LFS/],
  ["a file of git-crypt", "\0GITCRYPT\0\u0001", /git-crypt, which this version does not decrypt/],
  ["a file of age", "age-encryption.org/v1\n-> X25519 x\n", /encrypted with age/],
  ["an armored file of age", "-----BEGIN AGE ENCRYPTED FILE-----\nx\n", /encrypted with age/],
  ["a file of PGP", "-----BEGIN PGP MESSAGE-----\nx\n", /encrypted with PGP/],
  ["a file of Ansible Vault", "$ANSIBLE_VAULT;1.1;AES256\n6132\n", /Ansible Vault/],
  ["a certificate", "-----BEGIN CERTIFICATE-----\nx\n", /a key or certificate/],
  ["an HTML page", "\n<!DOCTYPE html>\n<html></html>\n", /an HTML page.*instead of the raw file/],
  ["XML", '<?xml version="1.0"?>\n<a/>\n', /this is XML/],
  ["a script", "#!/bin/sh\nkubectl apply\n", /a script/],
  [
    "a Secret that SOPS has encrypted",
    `${CONFIG_MAP.replace("ConfigMap", "Secret")}data: {p: "ENC[x]"}\n${SOPS}`,
    /encrypted with SOPS, and source.decryption is not set: set it to the Secret with the key/,
  ],
  ["values that SOPS has encrypted", `password: ENC[x]\n${SOPS}`, /encrypted with SOPS/],
  ["a Compose document", "services:\n  web: {image: nginx}\n", /Compose document: name it in composeFiles of an App/],
  [
    "a Compose document with a name",
    "name: shop\nservices:\n  web:\n    image: nginx\nvolumes: {d: }\n",
    /Compose document/,
  ],
  [
    "the Chart.yaml of a chart",
    "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    /Chart\.yaml of a Helm chart.*folder of the chart/,
  ],
  [
    "a Kustomization",
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
    /Kustomization of Kustomize.*folder of the kustomization/,
  ],
  [
    "a Component of Kustomize",
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
    /Component of Kustomize/,
  ],
  ["a Kustomization without a kind", "resources:\n- a.yaml\n", /this is a Kustomization/],
  [
    "a transformer of Kustomize",
    "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: labels}\nlabels: {a: b}\n",
    /LabelTransformer makes Kustomize change other objects.*would lose these changes/,
  ],
  ["a JSON patch", "- op: replace\n  path: /spec/replicas\n  value: 2\n", /JSON patch of Kustomize/],
  ["a kubeconfig", "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n", /kubeconfig.*do not belong into Git/],
  ["a configuration of kind", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nname: dev\n", /configures a program/],
  ["an OpenAPI document", "openapi: 3.0.0\npaths: {}\n", /OpenAPI/],
  [
    "a template of a chart",
    `${CONFIG_MAP}data:\n  {{- if .Values.x }}\n  a: 1\n  {{- end }}\n`,
    /template of a Helm chart.*folder of the chart/,
  ],
  ["another template", `${CONFIG_MAP}data:\n  {{- range .x }}\n  a: 1\n`, /looks like a template/],
  ["a template of Jinja", `${CONFIG_MAP}data:\n  {% if x %}\n  a: 1\n`, /Jinja/],
  [
    "marks of a merge conflict",
    `${CONFIG_MAP}data:\n<<<<<<< HEAD\n  a: 1\n=======\n  a: 2\n>>>>>>> other\n`,
    /marks of a merge conflict/,
  ],
  ["Jsonnet", "local k = import 'k.libsonnet';\n{\n  a: k.b {}\n}\n", /it is Jsonnet/, "web.jsonnet"],
];

describe("files that are not manifests are identified, with a remedy", () => {
  for (const [what, text, said, file] of ROWS) {
    it(what, () => {
      const message = refusalOf(text, file);
      expect(message).to.match(said);
      expect(message.split("\n"), "said once").to.have.length(1);
    });
  }

  it("and never quotes what it holds", () => {
    expect(refusalOf(`password: ENC[hunter2]\n${SOPS}`)).to.not.contain("hunter2");
  });

  for (const [what, text] of [
    ["a ConfigMap with a template in it", `${CONFIG_MAP}data:\n  t: "{{ .Values.x }}"\n`],
    ["a ConfigMap with a page in it", `${CONFIG_MAP}data:\n  i: |\n    <!DOCTYPE html>\n`],
    ["an object with services", "apiVersion: example.com/v1\nkind: Mesh\nmetadata: {name: m}\nservices: {a: {}}\n"],
    ["an object with a field sops", `${CONFIG_MAP}sops: {enabled: true}\n`],
    ["an object of Flux", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k}\n"],
    ["a file of comments that name the tools", `# {{ }} version https://git-lfs.github.com/spec/v1\n${CONFIG_MAP}`],
  ] as const) {
    it(`but not ${what}`, () => expect(refusalOf(text)).to.equal(""));
  }
});

describe("a file that is not YAML", () => {
  it("is read in linear time, also a megabyte of blank lines", () => {
    expect(refusalOf(`${"  \n".repeat(350_000)}a: [`)).to.match(/unexpected end/);
    expect(refusalOf(`${"  \n".repeat(3)}a: [\n\n  ( import 'a'`)).to.match(/it is Jsonnet/);
  });
});

describe("objects of other tools that are not installed", () => {
  for (const [group, kind, said] of [
    ["argoproj.io", "Application", /OverseerApp with its source and destination/],
    ["argoproj.io", "ApplicationSet", /Argo CD's/],
    ["kustomize.toolkit.fluxcd.io", "Kustomization", /OverseerApp with its path/],
    ["source.toolkit.fluxcd.io", "GitRepository", /gitops\.overseer\.io\/v1alpha1/],
    ["helm.toolkit.fluxcd.io", "HelmRelease", /commit the chart/],
    ["image.toolkit.fluxcd.io", "ImagePolicy", /Flux's/],
  ] as const) {
    it(`${kind} of ${group}`, () => expect(recognizeKind({ group, kind })).to.match(said));
  }

  it("adds no note for other kinds", () => {
    expect(recognizeKind({ group: "argoproj.io", kind: "Rollout" })).to.equal(undefined);
    expect(recognizeKind({ group: "example.com", kind: "Application" })).to.equal(undefined);
  });
});
