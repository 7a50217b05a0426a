import { createHash } from "node:crypto";

/** A ConfigMap as the bench sends and compares it. */
export interface ConfigMap {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}

/** Name of the nth app. */
export function appName(app: number): string {
  return `app-${String(app).padStart(3, "0")}`;
}

/** Name of the nth ConfigMap of an app. */
export function objectName(app: number, object: number): string {
  return `${appName(app)}-cm-${String(object).padStart(2, "0")}`;
}

/** The values of a ConfigMap: five keys, together some 330 bytes, other ones for each object and version. */
export function dataOf(name: string, version = 0): Record<string, string> {
  const noise = createHash("sha512").update(`${name}/${version}`).digest("hex");
  return {
    colour: noise.slice(0, 16),
    endpoint: `https://${name}.shop.example/${noise.slice(16, 48)}`,
    greeting: `Hello from ${name}`,
    settings: noise,
    version: String(version),
  };
}

/** The file of a ConfigMap, about 500 bytes. */
export function manifest(name: string, version = 0): string {
  const data = Object.entries(dataOf(name, version)).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  labels:\n    app.kubernetes.io/part-of: bench\ndata:\n${data.join("")}`;
}

/** Path of the file of a ConfigMap: one folder per app. */
export function manifestPath(app: number, object: number): string {
  return `apps/${appName(app)}/${objectName(app, object)}.yaml`;
}

/** All files of the repository. */
export function repositoryFiles(apps: number, objectsPerApp: number): Record<string, string> {
  const files: Record<string, string> = { "README.md": "The repository of the benchmark.\n" };
  for (let app = 0; app < apps; app++) {
    for (let object = 0; object < objectsPerApp; object++)
      files[manifestPath(app, object)] = manifest(objectName(app, object));
  }
  return files;
}

/** All files of a repository of apps of one Deployment with one replica each. `version` is in the pod template. */
export function deploymentFiles(apps: number): Record<string, string> {
  const files: Record<string, string> = { "README.md": "The repository of the benchmark.\n" };
  for (let app = 0; app < apps; app++) files[deploymentPath(app)] = deployment(app);
  return files;
}

/** Path of the file of an app's Deployment. */
export function deploymentPath(app: number): string {
  return `apps/${appName(app)}/deployment.yaml`;
}

/** The file of an app's Deployment, about 500 bytes. The simulated node has room for 1,000 pods, so that an update adds none. */
export function deployment(app: number, version = 0): string {
  const name = appName(app);
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: { app: ${name}, app.kubernetes.io/part-of: bench }
spec:
  replicas: 1
  strategy: { type: Recreate }
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
      annotations: { bench.overseer.io/version: "${version}" }
    spec:
      containers:
        - name: main
          image: registry.example/${name}:1.0.0
          ports: [{ containerPort: 8080 }]
          resources: { requests: { cpu: 10m, memory: 16Mi } }
`;
}

/**
 * The same objects as the bare client sends them: with labels and annotations as large as those that the operator adds,
 * so that the API server has the same work with each.
 */
export function bareObjects(namespace: string, apps: number, objectsPerApp: number): ConfigMap[] {
  const objects: ConfigMap[] = [];
  for (let app = 0; app < apps; app++) {
    for (let object = 0; object < objectsPerApp; object++) {
      const name = objectName(app, object);
      objects.push({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace, ...bareMetadata(namespace, app, "ConfigMap", name) },
        data: dataOf(name),
      });
    }
  }
  return objects;
}

/** Labels and annotations as large as those that the operator adds to an object of an app. */
export function bareMetadata(namespace: string, app: number, kind: string, name = appName(app)) {
  const uid = "00000000-0000-4000-8000-000000000000";
  return {
    labels: {
      "app.kubernetes.io/part-of": "bench",
      "bench.overseer.io/app": appName(app),
      "bench.overseer.io/app-namespace": namespace,
      "bench.overseer.io/instance": uid,
    },
    annotations: {
      "bench.overseer.io/identity": `${uid}/${kind}/${namespace}/${name}`,
      "bench.overseer.io/applied": "0123456789abcdef0123456789abcdef.0123456789abcdef",
    },
  };
}
