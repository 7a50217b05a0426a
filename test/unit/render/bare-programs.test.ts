import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { WorkingTree } from "../../../src/cli/render/working-tree.js";
import { ensureCommandLineBinaries } from "../../../tools/binaries.js";
import { compareWithBare, type Programs } from "../../../tools/parity/compare.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1
          env: [{name: ON, value: "yes"}, {name: SETTING, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}]
          envFrom: [{secretRef: {name: credentials}}]
      volumes: [{name: files, configMap: {name: settings, defaultMode: 0644}}]
`;

/** Each uses what public repositories use, and what YAML readers disagree about. */
const KUSTOMIZE: Readonly<Record<string, string>> = {
  "base/kustomization.yaml": "resources: [web.yaml, service.yaml]\ncommonLabels: {team: shop}\n",
  "base/web.yaml": DEPLOYMENT,
  "base/service.yaml":
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n",
  "parts/scale/kustomization.yaml":
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 3}]\n",
  "prod/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: prod
namePrefix: prod-
nameSuffix: -v1
resources: [../base, surprises.yaml]
components: [../parts/scale]
images: [{name: nginx, newName: registry.example/nginx, digest: "sha256:${"0".repeat(64)}"}]
labels: [{pairs: {tier: front}, includeSelectors: false, includeTemplates: true}]
commonAnnotations: {owner: "0123"}
configMapGenerator:
  - name: settings
    files: [app.properties, text=notes.txt]
    literals: [mode=production, "quoted='yes'"]
secretGenerator:
  - {name: credentials, literals: [password=geheim], type: Opaque}
generatorOptions: {labels: {generated: "true"}}
patches:
  - path: patch.yaml
  - target: {kind: Service}
    patch: |
      - {op: add, path: /spec/ports/0/targetPort, value: 8080}
replacements:
  - source: {kind: Service, name: web, fieldPath: metadata.name}
    targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.*.env.0.value]}]
`,
  "prod/app.properties": "a=1\nb: two\n",
  "prod/notes.txt": "no newline at the end",
  "prod/patch.yaml":
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, env: [{name: MORE, value: '1'}]}, {name: side, image: side:1}]}}}\n",
  "prod/surprises.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: surprises
  annotations: {octal: "0o17", date: "2024-01-01", on: "on"}
data:
  long: >-
    folded
    text
  "off": "~"
  number: "1_000"
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: one}}
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: two}}
`,
};

const HELM: Readonly<Record<string, string>> = {
  "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\ndependencies: [{name: sub, version: 0.1.0}]\n",
  "chart/values.yaml": "replicas: 2\nsub: {enabled: true}\nflags: {on: yes, mode: 0644, big: 12345678901234567890}\n",
  "chart/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
  "chart/charts/sub/templates/cm.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-sub"}\ndata: {enabled: "{{ .Values.enabled }}"}\n',
  "chart/crds/widget.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}, versions: []}\n",
  "chart/files/motd": "hello\n",
  "chart/templates/_helpers.tpl": '{{- define "name" -}}{{ .Release.Name | trunc 5 }}{{- end -}}\n',
  "chart/templates/web.yaml": `${DEPLOYMENT.replace("replicas: 1", "replicas: {{ .Values.replicas }}").replace("name: web, labels", 'name: {{ include "name" . }}, labels')}
---
# A document of comments alone.
---
apiVersion: v1
kind: ConfigMap
metadata: {name: flags}
data:
{{- range $key, $value := .Values.flags }}
  {{ $key | quote }}: {{ $value | quote }}
{{- end }}
  motd: {{ .Files.Get "files/motd" | quote }}
  version: {{ .Capabilities.KubeVersion.Version }}
`,
};

describe("Sources of the bare programs", function () {
  this.timeout(120_000);
  let programs: Programs;
  let folder: TemporaryFolder;
  before(async () => {
    folder = await makeTemporaryFolder("overseer-bare-programs-");
    for (const [name, text] of Object.entries({ ...KUSTOMIZE, ...HELM })) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), text);
    }
    programs = { ...(await ensureCommandLineBinaries()), read: async (text) => text };
  });
  after(() => folder?.remove());

  for (const [file, objects] of [
    ["prod/kustomization.yaml", 7],
    ["chart/Chart.yaml", 4],
  ] as const) {
    it(`render as kubectl kustomize and helm template do: ${file} with prefixes, generators, replacements, hooks and dependencies`, async () => {
      const tree = await WorkingTree.open(folder.path);
      expect(await compareWithBare(tree, join(tree.root, file), programs)).to.deep.equal({
        verdict: "same",
        objects,
        details: [],
      });
    });
  }

  for (const file of [
    "deploy/kustomization.yaml",
    "examples/overseer-gitops/catalog/k8s/overlays/prod/kustomization.yaml",
    "examples/overseer-gitops/charts/reviews/Chart.yaml",
  ]) {
    it(`render as the bare program does: ${file}`, async () => {
      const tree = await WorkingTree.open(repositoryRoot());
      const { verdict, objects, details } = await compareWithBare(tree, join(repositoryRoot(), file), programs);
      expect({ verdict, details }).to.deep.equal({ verdict: "same", details: [] });
      expect(objects).to.be.at.least(1);
    });
  }

  it("differ where an object is changed: the comparison can fail", async () => {
    const tree = await WorkingTree.open(folder.path);
    const changed = { ...programs, read: async (text: string) => text.replace("replicas: 3", "replicas: 4") };
    const { verdict, details } = await compareWithBare(tree, join(tree.root, "prod/kustomization.yaml"), changed);
    expect(verdict).to.equal("differs");
    expect(details).to.have.lengthOf(1);
  });
});
