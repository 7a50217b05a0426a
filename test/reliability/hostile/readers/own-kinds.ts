import { RESOURCES } from "../../../../src/api/resources.js";
import type { HostileReader } from "../reader.js";

/** Specs and statuses of our own kinds, through their schemas. */
export function schemas(): HostileReader[] {
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
