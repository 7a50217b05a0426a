import { readValue } from "../../../../src/manifest/yaml/read-value.js";
import { textNodes } from "../../../../src/manifest/yaml/text-nodes.js";
import { KUBERNETES_SCHEMA } from "../../../../src/manifest/yaml/yaml-schema.js";
import { convertArgo } from "../../../../src/migration/argocd/convert.js";
import { convertFlux } from "../../../../src/migration/flux/convert.js";
import { formatReport } from "../../../../src/migration/report.js";
import { readEnvFile } from "../../../../src/render/compose/env-file.js";
import { readChartFile } from "../../../../src/render/helm/chart.js";
import { readChartValues, valuesAt } from "../../../../src/render/helm/values.js";
import { KustomizeClosure } from "../../../../src/render/kustomize/closure.js";
import { parseRemoteBase } from "../../../../src/render/kustomize/remote-address.js";
import { parseRemoteFile } from "../../../../src/render/kustomize/remote-file.js";
import type { RepositoryPath } from "../../../../src/render/repository-path.js";
import { expand } from "../../../../src/render/substitute/expand.js";
import { application, FULL_APPLICATION, flux, REPOSITORY } from "../../../unit/migration/support/fixtures.js";
import { compileFiles } from "../../../unit/render/compose/support/compile.js";
import { app, expandFiles, expandText } from "../../../unit/render/overseer/support/expand.js";
import { renderFiles, request } from "../../../unit/render/support/harness.js";
import { MemorySnapshot } from "../../../unit/render/support/memory-snapshot.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";
import { encrypted, SECRET } from "./encrypted.js";

const ROOT = "" as RepositoryPath;
const MANIFESTS = [
  "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n      - name: web\n        image: x:1\n        args: [a, 'b', \"c\\n\"]\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {v: '1'}}\n",
  "a: &a [1, 2]\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, annotations: {gitops.overseer.io/wave: '1'}}\ndata:\n  x: |\n    text\n  y: >-\n    more\n  z: *a\n",
  '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}',
];
const KUSTOMIZATION =
  "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml, ./base]\ncomponents: [c]\nconfigMapGenerator:\n- name: m\n  files: [x=a.yaml]\n  envs: [a.env]\npatches:\n- path: p.yaml\n- patch: 'a: 1'\n  target: {kind: X}\nhelmCharts: [{name: c}]\nreplacements: [{path: r.yaml}]\nimages: [{name: a, newTag: '1'}]\n";
const COMPOSE = `services:\n  web:\n    image: nginx:1\n    ports: ["80:80", {target: 443, published: "8443"}]\n    environment: {A: "$\{A:-b}", P: "${CANARY}"}\n    depends_on: {db: {condition: service_started}}\n    volumes: ["data:/d", "/srv/x:/y:ro"]\n    healthcheck: {test: ["CMD", "true"], interval: 10s}\n    deploy: {resources: {limits: {memory: 1g, cpus: "0.5"}}, replicas: 2}\n  db:\n    image: postgres:16\n    env_file: [a.env]\n    extends: {service: base}\n  base: {image: 'x:1'}\nvolumes: {data: {}}\nnetworks: {front: {driver: bridge}}\nconfigs: {c: {content: x}}\n`;
const COMPOSE_WORDS = [
  "$" + "{SECRET:x}",
  "$" + "{",
  "$$",
  "!reset null",
  "!override",
  "<<: *x",
  "x-a: &x",
  "include: [a.yaml]",
  "profiles: [a]",
  "network_mode: service:web",
  "/var/run/docker.sock:/s",
  "privileged: true",
  "extends: web",
];
const env = { A: "a" };

const RENDERED: readonly HostileReader[] = [
  {
    name: "manifests",
    weight: 3,
    samples: MANIFESTS,
    words: [
      "apiVersion: v1",
      "kind: Secret",
      "kind: List",
      "!!set",
      "? a",
      "%YAML 1.1",
      "\t",
      "=",
      "0o17",
      "1_000",
      "y",
      "2001-01-01",
    ],
    read: (text: string) => renderFiles({ "a.yaml": text }, request("")),
  },
  {
    name: "manifests-of-secrets",
    weight: 2,
    secret: true,
    samples: [SECRET],
    words: ["\t", ": :", "\n  ", '"', "'", "@"],
    read: (text: string) => renderFiles({ "a.yaml": text }, request("")),
  },
  { name: "manifest-texts", samples: MANIFESTS, read: (text: string) => textNodes(text) },
  {
    name: "kustomizations",
    samples: [KUSTOMIZATION],
    words: [
      "../",
      "https://x/y?ref=a",
      "git::",
      "bases:",
      "generators: [g.yaml]",
      "transformers:",
      "!!",
      "openapi: {path: x}",
      "configurations:",
    ],
    read: async (text: string) => {
      const files = {
        "kustomization.yaml": text,
        "a.yaml": MANIFESTS[2] ?? "",
        "base/kustomization.yaml": text,
        "c/kustomization.yaml": "kind: Component\n",
        "p.yaml": "{}",
        "a.env": "A=1",
      };
      await KustomizeClosure.of(new MemorySnapshot(files), ROOT, { allowRemoteBases: true });
    },
  },
  {
    name: "remote-bases",
    samples: [
      "https://github.com/a/b//deploy?ref=v1&timeout=1m",
      "git@github.com:a/b.git//x?ref=main",
      "https://raw.githubusercontent.com/a/b/v1/x.yaml",
    ],
    words: ["//", "?ref=", "git::", "file://", "@", "%2e%2e"],
    read: (text: string) => [parseRemoteBase(text), parseRemoteFile(text)],
  },
  {
    name: "charts",
    samples: [
      "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n- name: db\n  version: ~1\n  repository: file://../db\n  condition: db.enabled\n",
    ],
    words: ["oci://", "alias:", "version: '*'", "type: library"],
    read: (text: string) => readChartFile(text, "Chart.yaml" as RepositoryPath),
  },
  {
    name: "chart-values",
    samples: ["a: {b: [1, {c: d}]}\ne: 'f'\n"],
    words: ["a.b[0]", "a.b\\.c", "[999999]", "=", ",", "null"],
    read: (text: string) => [readChartValues({ text }), valuesAt(text.slice(0, 40), text)],
  },
  { name: "values-as-yaml", samples: MANIFESTS, read: (text: string) => readValue(text, "a.yaml", KUBERNETES_SCHEMA) },
  {
    name: "variables",
    samples: ["a$" + "{A:-b}c$" + "{B:=d}$" + "{C/x/y}$$" + "{D}", "$" + "{A:0:3}$" + "{#A}"],
    words: ["$" + "{", "}", ":-", ":+", "//", "%%", "##", "^^"],
    read: (text: string) => expand(text, new Map([["A", { value: "a", secret: false }]]) as never),
  },
];

const COMPOSED: readonly HostileReader[] = [
  {
    name: "compose-for-nodes",
    weight: 2,
    samples: [app(COMPOSE)],
    words: COMPOSE_WORDS,
    read: (text: string) => expandText(text, { env }),
  },
  {
    name: "compose-files",
    samples: [COMPOSE],
    words: COMPOSE_WORDS,
    read: (text: string) =>
      expandFiles(
        {
          "compose.yaml": text,
          "a.env": "A=1\n",
          "app.yaml": app("services: {}").replace(/ {2}compose:[\s\S]*/, "  composeFiles: [compose.yaml]\n"),
        },
        { env },
      ),
  },
  {
    name: "compose-for-kubernetes",
    weight: 2,
    samples: [app(COMPOSE)],
    words: COMPOSE_WORDS,
    read: (text: string) => compileFiles({ "app.yaml": text, "a.env": "A=1\n", x: "x" }, { env }),
  },
  {
    name: "env-files",
    secret: true,
    samples: [`A=1\n# c\nexport B='x y'\nC="$\{A}\\n"\nP=${CANARY}\n`],
    words: ["'", '"', "\\", "=", "$(x)", "`", "\\x"],
    read: (text: string) => readEnvFile(text, (name) => (name === "A" ? "1" : undefined)),
  },
];

const IMPORTS: readonly HostileReader[] = [
  {
    name: "import-argocd",
    weight: 2,
    samples: [
      FULL_APPLICATION,
      application(),
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AppProject",
        metadata: { name: "p", namespace: "argocd" },
        spec: {
          sourceRepos: ["*"],
          destinations: [{ server: "*", namespace: "a" }],
          roles: [{ name: "r", policies: ["p, proj:p:r, applications, sync, p/*, allow"] }],
          syncWindows: [{ kind: "deny", schedule: "0 22 * * *", duration: "1h", applications: ["*"] }],
        },
      },
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "ApplicationSet",
        metadata: { name: "s", namespace: "argocd" },
        spec: {
          goTemplate: true,
          generators: [
            { list: { elements: [{ name: "a" }] } },
            { git: { repoURL: "https://git.example.com/a.git", directories: [{ path: "apps/*" }] } },
            { matrix: { generators: [{ clusters: {} }, { list: { elements: [] } }] } },
          ],
          template: {
            metadata: { name: "{{.name}}" },
            spec: {
              project: "p",
              source: { repoURL: "https://git.example.com/a.git", path: "{{.path}}" },
              destination: { namespace: "x" },
            },
          },
        },
      },
    ],
    words: ["{{.path.basename}}", "HEAD", "*", "$values/x"],
    read: (value: unknown) => formatReport(convertArgo(objectsOf(value), [], {}), "Argo CD"),
  },
  {
    name: "import-flux",
    weight: 2,
    samples: [
      REPOSITORY,
      flux("Kustomization", "shop", {
        path: "./shop",
        sourceRef: { kind: "GitRepository", name: "fleet" },
        prune: true,
        interval: "5m",
        postBuild: { substitute: { A: "b" }, substituteFrom: [{ kind: "Secret", name: "s" }] },
        dependsOn: [{ name: "x" }],
        healthChecks: [{ kind: "Deployment", name: "a", namespace: "b" }],
        decryption: { provider: "sops", secretRef: { name: "k" } },
      }),
      flux("HelmRelease", "web", {
        chart: { spec: { chart: "web", version: ">=1", sourceRef: { kind: "HelmRepository", name: "r" } } },
        values: { a: 1 },
        valuesFrom: [{ kind: "ConfigMap", name: "v" }],
        install: { crds: "Skip" },
      }),
    ],
    read: (value: unknown) => formatReport(convertFlux([REPOSITORY, ...objectsOf(value)], {}), "Flux"),
  },
];

/** What an API server guarantees of any object: a kind and a name that are texts. */
function objectsOf(value: unknown): readonly never[] {
  const one = Object(value) as Record<string, unknown>;
  const metadata = Object(one.metadata) as Record<string, unknown>;
  const kind = typeof one.kind === "string" ? one.kind : "Application";
  const apiVersion = typeof one.apiVersion === "string" ? one.apiVersion : "v1";
  return [{ ...one, apiVersion, kind, metadata: { ...metadata, name: "x", namespace: "argocd" } } as never];
}

/** Readers of files of repositories, and of objects of other tools. */
export async function documentReaders(): Promise<ReaderGroup> {
  return { readers: [...RENDERED, ...COMPOSED, ...IMPORTS, ...(await encrypted())] };
}
