/** A ConfigMap document; `data` in YAML flow style. */
export function settings(name: string, data = "{ a: one, b: two }", metadata = ""): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${metadata} }\ndata: ${data}\n`;
}

/** A Deployment without pods. `container` and `pod` are more fields, in YAML flow style. */
export function workload(name: string, container = "", pod = "", spec = "replicas: 0"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { tier: back } }
spec:
  ${spec}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: web, image: registry.example/web:1${container} }]${pod} }
`;
}

/** A Service document; `ports` in YAML flow style. */
export function service(name: string, ports = "[{ port: 80 }]", spec = ""): string {
  return `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: ${name} }, ports: ${ports}${spec} }\n`;
}

/** A document of any kind: `body` holds its fields, in YAML. */
export function document(apiVersion: string, kind: string, name: string, body: string, metadata = ""): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${metadata} }\n${body}\n`;
}

/** A NetworkPolicy document. */
export function policy(name: string, spec: string): string {
  return document("networking.k8s.io/v1", "NetworkPolicy", name, `spec: ${spec}`);
}

/** A webhook configuration that concerns no kind that exists. */
export function webhook(name: string, caBundle = ""): string {
  return document(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    name,
    `webhooks:
  - name: check.fields.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: { url: "https://127.0.0.1:1/check"${caBundle} }
    rules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings] }]`,
  );
}

/** A PersistentVolumeClaim document of a class that nobody provides, bound to no volume. */
export function claim(name: string, spec = "storageClassName: none"): string {
  return document(
    "v1",
    "PersistentVolumeClaim",
    name,
    `spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } }, ${spec} }`,
  );
}

/** A HorizontalPodAutoscaler for a Deployment that is not there. */
export function autoscaler(name: string, version: "v1" | "v2"): string {
  const target = "scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: nobody }";
  const metric =
    version === "v1"
      ? "targetCPUUtilizationPercentage: 50"
      : "metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]";
  return document(
    `autoscaling/${version}`,
    "HorizontalPodAutoscaler",
    name,
    `spec: { ${target}, minReplicas: 2, maxReplicas: 5, ${metric} }`,
  );
}
