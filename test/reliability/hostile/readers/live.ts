import { OverseerAppStatus } from "../../../../src/api/overseer-app.js";
import { systemClock } from "../../../../src/base/clock.js";
import { provenLedger } from "../../../../src/controllers/overseer-app/status/ledger-signature.js";
import { healthOf } from "../../../../src/destinations/kubernetes/health/rules.js";
import { identifiedApp, parseApplied } from "../../../../src/destinations/kubernetes/ownership/identity.js";
import { isExplained, observe } from "../../../../src/destinations/kubernetes/watch/observed-object.js";
import { ownershipOf } from "../../../../src/destinations/overseer/ownership-record.js";
import { fieldPaths, intersect, union } from "../../../../src/kube/fields/managed-fields.js";
import { readLease } from "../../../../src/kube/lease/lease-record.js";
import { hookAnnotation } from "../../../../src/manifest/hook.js";
import { keepAnnotations, keepRuling } from "../../../../src/manifest/keep-annotations.js";
import { recreatePermission } from "../../../../src/manifest/recreate.js";
import { waveOf } from "../../../../src/manifest/wave.js";
import { parseOwner } from "../../../../src/migration/take-over/owner.js";
import type { HostileReader, ReaderGroup } from "../reader.js";
import { deployment, FIELDS, OWN } from "./live-samples.js";
import { schemas } from "./own-kinds.js";
import { SERVER } from "./server-answers.js";

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
        { digestKey: "0".repeat(32), memories: new Map(), clock: systemClock },
        { metadata: { uid: "u", name: "web", namespace: "shop" } as never, spec: { suspend: false } as never, status },
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

/** Readers of what API servers answer, of live objects, and of our own objects. */
export function liveReaders(): ReaderGroup {
  return { readers: [...LIVE, ...SERVER, ...schemas()] };
}
