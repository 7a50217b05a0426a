/** A source that is rendered, and the bare program that does the same. */
export interface RenderWorkload {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Path of the source. */
  readonly path: string;
  command(programs: { readonly kubectl: string; readonly helm: string }): readonly [string, ...string[]];
}

/** Objects of each workload, about as many as a large app has. */
const OBJECTS = 40;

const deployment = (name: string, image: string): string =>
  [
    "apiVersion: apps/v1",
    "kind: Deployment",
    `metadata: { name: ${name}, labels: { app: ${name} } }`,
    "spec:",
    "  replicas: 2",
    `  selector: { matchLabels: { app: ${name} } }`,
    "  template:",
    `    metadata: { labels: { app: ${name} } }`,
    "    spec:",
    "      containers:",
    `        - { name: web, image: ${image}, resources: { requests: { cpu: 100m, memory: 64Mi } } }`,
    "",
  ].join("\n");

const names = Array.from({ length: OBJECTS }, (_, index) => `web-${index}`);

const kustomize: RenderWorkload = {
  name: `Kustomize, ${OBJECTS} Deployments in a base`,
  files: {
    "k8s/base/kustomization.yaml": `resources: [${names.map((name) => `${name}.yaml`).join(", ")}]\nconfigMapGenerator: [{ name: settings, literals: [a=1] }]\n`,
    ...Object.fromEntries(names.map((name) => [`k8s/base/${name}.yaml`, deployment(name, "registry.example/web:1")])),
    "k8s/overlays/prod/kustomization.yaml":
      "resources: [../../base]\nnamePrefix: prod-\nimages: [{ name: registry.example/web, newTag: '2' }]\n",
  },
  path: "k8s/overlays/prod",
  command: ({ kubectl }) => [kubectl, "kustomize", "k8s/overlays/prod"],
};

const helm: RenderWorkload = {
  name: `Helm, ${OBJECTS} Deployments of a chart`,
  files: {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/values.yaml": "image: registry.example/web:1\n",
    ...Object.fromEntries(
      names.map((name) => [`chart/templates/${name}.yaml`, deployment(name, "{{ .Values.image }}")]),
    ),
  },
  path: "chart",
  command: ({ helm: program }) => [program, "template", "bench", "chart", "--include-crds", "--skip-tests"],
};

/** Sources that are measured. */
export const WORKLOADS: readonly RenderWorkload[] = [kustomize, helm];
