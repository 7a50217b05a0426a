import { OverseerAppStatus } from "../../../../src/api/overseer-app.js";
import { RESOURCES } from "../../../../src/api/resources.js";
import { provenLedger } from "../../../../src/controllers/overseer-app/status/ledger-signature.js";
import { healthOf } from "../../../../src/destinations/kubernetes/health/rules.js";
import { identifiedApp, parseApplied } from "../../../../src/destinations/kubernetes/ownership/identity.js";
import { isExplained, observe } from "../../../../src/destinations/kubernetes/watch/observed-object.js";
import { ownershipOf } from "../../../../src/destinations/overseer/ownership-record.js";
import { readRemoteKubeconfig } from "../../../../src/kube/client/remote-kubeconfig.js";
import { KubeStatusError, readStatus } from "../../../../src/kube/errors.js";
import { fieldPaths, intersect, union } from "../../../../src/kube/fields/managed-fields.js";
import { readLease } from "../../../../src/kube/lease/lease-record.js";
import { fieldFaults } from "../../../../src/kube/refusal-text/field-faults.js";
import { plainText } from "../../../../src/kube/refusal-text/plain-text.js";
import { withoutSecretValues } from "../../../../src/kube/refusal-text/secret-answer.js";
import { endsList, parseWatchEvent } from "../../../../src/kube/watch/watch-event.js";
import { compile, variablesOf } from "../../../../src/manifest/expressions/expression.js";
import { hookAnnotation } from "../../../../src/manifest/hook.js";
import { keepAnnotations, keepRuling } from "../../../../src/manifest/keep-annotations.js";
import { recreatePermission } from "../../../../src/manifest/recreate.js";
import { waveOf } from "../../../../src/manifest/wave.js";
import { parseOwner } from "../../../../src/migration/take-over/owner.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";

const FIELDS = {
  "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
  "f:spec": {
    "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } },
    "f:finalizers": { 'v:"a"': {} },
  },
};
const OWN = {
  labels: { "gitops.overseer.io/app": "web", "gitops.overseer.io/app-namespace": "shop" },
  annotations: {
    "gitops.overseer.io/applied": "abc.def.prune=disabled,x",
    "gitops.overseer.io/identity": "uid/apps/Deployment/shop/web#00",
    "gitops.overseer.io/wave": "3",
    "gitops.overseer.io/hook": "PreSync",
    "gitops.overseer.io/hook-run": "uid PreSync",
  },
};
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u",
    resourceVersion: "1",
    generation: 2,
    ...OWN,
    managedFields: [
      {
        manager: "overseer:shop/web",
        operation: "Apply",
        apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: FIELDS,
      },
    ],
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { spec: { containers: [{ name: "web", image: "x:1" }] } },
  },
  status: {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    conditions: [{ type: "Available", status: "True", reason: "Ok", message: "fine" }],
  },
};
const KINDS: readonly (readonly [group: string, version: string, kind: string])[] = [
  ["apps", "v1", "Deployment"],
  ["apps", "v1", "StatefulSet"],
  ["apps", "v1", "DaemonSet"],
  ["batch", "v1", "Job"],
  ["", "v1", "Pod"],
  ["", "v1", "Service"],
  ["", "v1", "PersistentVolumeClaim"],
  ["networking.k8s.io", "v1", "Ingress"],
  ["apiextensions.k8s.io", "v1", "CustomResourceDefinition"],
  ["cert-manager.io", "v1", "Certificate"],
  ["argoproj.io", "v1alpha1", "Rollout"],
  ["tekton.dev", "v1", "PipelineRun"],
  ["gateway.networking.k8s.io", "v1", "HTTPRoute"],
  ["keda.sh", "v1alpha1", "ScaledObject"],
  ["bitnami.com", "v1alpha1", "SealedSecret"],
  ["policy", "v1", "PodDisruptionBudget"],
  ["example.com", "v1", "Widget"],
];

const KIND = { group: "apps", version: "v1", kind: "Deployment" };

type Live = Parameters<typeof observe>[0];

/** An API server checks types of metadata: only texts differ there. */
function withTypedMetadata(value: unknown): Live {
  const { spec, status } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { metadata } = deployment;
  return { ...deployment, metadata, spec, status } as unknown as Live;
}

/** An API server checks that a set of fields holds nothing but sets of fields. */
function fieldSet(value: unknown, depth = 0): never {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return (
    depth > 3_000 ? {} : Object.fromEntries(entries.map(([key, one]) => [key, fieldSet(one, depth + 1)]))
  ) as never;
}

const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(value) as object).map(([key, one]) => [
      key,
      typeof one === "string" ? one : (JSON.stringify(one) ?? ""),
    ]),
  );

const LIVE: readonly HostileReader[] = [
  {
    name: "live-health",
    samples: [
      { spec: deployment.spec, status: deployment.status },
      {
        spec: { type: "LoadBalancer", suspend: true },
        status: {
          phase: "Running",
          loadBalancer: { ingress: [{ ip: "10.0.0.1" }] },
          containerStatuses: [{ name: "web", state: { waiting: { reason: "CrashLoopBackOff", message: "x" } } }],
        },
      },
    ],
    words: ["True", "False", "Unknown", "conditions", "phase"],
    read: (value: unknown, random) => {
      const [group, version, kind] = random.pick(KINDS);
      return healthOf({ ...withTypedMetadata(value), kind } as never, { group, version, kind });
    },
  },
  {
    name: "live-annotations",
    samples: [
      OWN.annotations,
      {
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=confirm",
        "argocd.argoproj.io/sync-wave": "-5",
        "helm.sh/resource-policy": "keep",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
        "gitops.overseer.io/recreate": "allowed",
        "argocd.argoproj.io/hook": "PreSync,Sync",
        "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web",
        "meta.helm.sh/release-name": "web",
      },
    ],
    words: ["confirm", "disabled", "Prune=false", ",", "#", ".", "9".repeat(30), "PreSync"],
    read: (value: unknown) => {
      const annotations = texts(value);
      const metadata = { ...deployment.metadata, annotations } as unknown as Live["metadata"];
      keepRuling(keepAnnotations(metadata as never), "prune");
      hookAnnotation(metadata as never);
      waveOf(metadata as never);
      recreatePermission(metadata as never);
      for (const one of Object.values(annotations)) {
        parseApplied(one);
        parseOwner(one);
        identifiedApp({ digestKey: "0".repeat(32) }, one, "apps/Deployment/shop/web" as never);
      }
      const raw = { ...deployment, metadata } as unknown as Live;
      const [one, other] = [
        observe(raw, KIND, { status: "Healthy" }),
        observe(deployment as unknown as Live, KIND, { status: "Healthy" }),
      ];
      isExplained(one, other);
    },
  },
  {
    name: "managed-fields",
    samples: [FIELDS],
    words: ["f:", "k:{", 'k:{"port":80}', "v:", "i:0", "."],
    read: (value: unknown) => {
      const [managed] = deployment.metadata.managedFields;
      const metadata = { ...deployment.metadata, managedFields: [{ ...managed, fieldsV1: fieldSet(value) }] };
      const seen = observe({ ...deployment, metadata } as never, KIND, { status: "Healthy" });
      if (seen.entryHash === undefined) return;
      fieldPaths(fieldSet(value), 50);
      union(fieldSet(value), FIELDS);
      intersect(FIELDS, fieldSet(value));
    },
  },
  {
    name: "ledger",
    samples: [
      {
        ledger: [
          {
            commit: "c",
            key: "k",
            revision: "main@sha1:c",
            versions: [{ name: "web", version: "x:1" }],
            first: "2026-01-01T00:00:00Z",
            ended: "2026-01-01T01:00:00Z",
            how: "Failed",
          },
        ],
        ledgerSignature: "00",
      },
    ],
    read: (value: unknown) => {
      const status = OverseerAppStatus.safeParse(value).data ?? {};
      return provenLedger(
        { digestKey: "0".repeat(32), memories: new Map() },
        { metadata: { uid: "u", name: "web", namespace: "shop" } as never, status },
      );
    },
  },
  {
    name: "core-ownership-record",
    samples: [{ "overseer-gitops": { app: "shop/web", instance: "i", document: "d", content: "c", refs: { a: "b" } } }],
    words: ["overseer-gitops", "keepAnnotations"],
    read: (value: unknown) => ownershipOf(Object(value) as never),
  },
  {
    name: "lease",
    samples: [
      {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "l", namespace: "n", resourceVersion: "1", uid: "u" },
        spec: {
          holderIdentity: "a",
          leaseDurationSeconds: 15,
          leaseTransitions: 1,
          acquireTime: "2026-01-01T00:00:00.000000Z",
          renewTime: "2026-01-01T00:00:00.000000Z",
        },
      },
    ],
    read: (value: unknown) => readLease({ metadata: deployment.metadata, ...(Object(value) as object) } as never),
  },
];

const SERVER: readonly HostileReader[] = [
  {
    name: "watch-events",
    samples: [
      JSON.stringify({ type: "MODIFIED", object: deployment }),
      JSON.stringify({
        type: "BOOKMARK",
        object: { metadata: { resourceVersion: "5", annotations: { "k8s.io/initial-events-end": "true" } } },
      }),
      JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }),
    ],
    words: ['"type":"ERROR"', '"object":null', '"metadata":{}'],
    read: (line: string) => {
      const event = parseWatchEvent(line, "/api/v1/pods", undefined);
      if (event.type !== "ERROR") endsList(event);
    },
  },
  {
    name: "refusals",
    samples: [
      {
        kind: "Status",
        code: 422,
        reason: "Invalid",
        message:
          'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        details: {
          kind: "Deployment",
          name: "web",
          causes: [{ reason: "FieldValueInvalid", message: "Invalid value: -1: must be >= 0", field: "spec.replicas" }],
        },
      },
      {
        kind: "Status",
        code: 500,
        message:
          "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): errors:\n  .spec.replica: field not declared in schema\n  .spec.ports[0].port: expected numeric (int or float), got string",
      },
      {
        kind: "Status",
        code: 400,
        message:
          'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
      },
    ],
    words: ["errors:\n  .", "[0]", '[name="a"]', "Invalid value: ", "<nil>", "map[string]"],
    read: (value: unknown) => {
      const status = readStatus(value);
      fieldFaults(status, deployment);
      plainText(status.message ?? "");
      return new KubeStatusError(422, status, "/apis/apps/v1/namespaces/shop/deployments/web");
    },
  },
  {
    name: "refusals-of-secrets",
    secret: true,
    samples: [
      `Secret "db" is invalid: data[password]: Invalid value: "${CANARY}": must be base64`,
      `admission webhook "x.example.com" denied the request: the password "${CANARY}" is weak`,
      `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4: ${CANARY}`,
    ],
    words: ["Invalid value: ", "denied the request: ", "\n", '"'],
    read: (message: string) => {
      const status = withoutSecretValues(
        {
          kind: "Status",
          reason: "Invalid",
          message,
          details: { causes: [{ message, field: "data[password]", reason: "FieldValueInvalid" }] },
        } as never,
        422,
        { method: "PATCH", path: "/api/v1/namespaces/shop/secrets/db" } as never,
      );
      throw new KubeStatusError(422, status, "/api/v1/namespaces/shop/secrets/db");
    },
  },
  {
    name: "kubeconfig",
    secret: true,
    samples: [
      `apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: "https://10.0.0.1:6443"}\nusers:\n- name: u\n  user: {token: ${CANARY}}\n`,
    ],
    words: ["exec:", "insecure-skip-tls-verify: true", "tokenFile: /x", "certificate-authority: /x", "auth-provider:"],
    read: (text: string) => readRemoteKubeconfig(text, "Secret shop/cluster"),
  },
  {
    name: "health-expressions",
    samples: [
      "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
      "status.replicas == spec.replicas ? true : false",
      "[1,2].map(x, x * 2).size() > 1",
    ],
    words: [".map(x, ", ".filter(y, ", ".all(z, ", "matches('", "+ ", "status", "spec.template", "'a'*", "has("],
    read: (text: string) => compile(text).evaluate(variablesOf(deployment)),
  },
];

/** Specs and statuses of our own kinds, through their schemas. */
function schemas(): HostileReader[] {
  return RESOURCES.flatMap(({ kind, spec, status }) => [
    {
      name: `spec-${kind}`,
      weight: 0.5,
      samples: SPECS[kind] ?? [{}],
      words: SPEC_WORDS,
      read: (value: unknown) => void spec.safeParse(value),
    },
    {
      name: `status-${kind}`,
      weight: 0.25,
      samples: [
        {
          conditions: [
            {
              type: "Ready",
              status: "True",
              reason: "Applied",
              message: "m",
              lastTransitionTime: "2026-01-01T00:00:00Z",
            },
          ],
          observedGeneration: 1,
        },
      ],
      read: (value: unknown) => void status.safeParse(value),
    },
  ]);
}

const SPEC_WORDS = ["1h", "99999999h", "* * * * *", "0 99 * * *", "Europe/Berlin", "a/b", "*", "CEL", "{{name}}"];
const SPECS: Readonly<Record<string, readonly unknown[]>> = {
  GitRepository: [
    {
      url: "https://git.example.com/shop.git",
      interval: "5m",
      ref: { branch: "main" },
      secretRef: { name: "git" },
      verify: { mode: "Commit", secretRef: { name: "keys" } },
    },
  ],
  OverseerApp: [
    {
      source: {
        repositoryRef: { name: "repo" },
        path: "deploy",
        helm: { values: { a: 1 } },
        kustomize: { images: [{ name: "a", newTag: "1" }] },
      },
      destination: { kubernetes: { namespace: "shop" } },
      sync: { prune: true, selfHeal: true, mode: "Manual" },
      health: { timeout: "5m" },
      dependsOn: [{ name: "db" }],
    },
  ],
  Environment: [
    {
      order: 1,
      places: [{ namespaces: ["prod"] }],
      windows: [{ schedule: "0 22 * * *", duration: "1h", timeZone: "Europe/Berlin" }],
      approvals: [{ group: "ops", count: 2 }],
    },
  ],
  OverseerAppSet: [
    {
      generators: [
        { list: { items: [{ name: "a" }] } },
        { git: { repositoryRef: { name: "repo" }, directories: ["apps/*"] } },
      ],
      template: { metadata: { name: "{{name}}" }, spec: {} },
    },
  ],
  NotificationChannel: [{ provider: { slack: { secretRef: { name: "s" } } }, events: ["Failed"] }],
  Change: [{ app: { name: "web" }, cause: "Sync", requester: "jane" }],
  Approval: [{ change: { name: "web-1", uid: "u" }, planHash: "h", decision: "Approve" }],
};

/** Readers of what API servers answer, of live objects, and of our own objects. */
export function liveReaders(): ReaderGroup {
  return { readers: [...LIVE, ...SERVER, ...schemas()] };
}
