import { expect } from "chai";
import { condition, health } from "./objects.js";

const of = (...conditions: unknown[]) => ({ conditions });

describe("health of kinds that make Secrets", () => {
  for (const [kind, status, expected] of [
    [
      "bitnami.com/v1alpha1 SealedSecret",
      undefined,
      "Progressing: is waiting for the controller of Sealed Secrets: no condition Synced",
    ],
    ["bitnami.com/v1alpha1 SealedSecret", of(condition("Synced", "True")), "Healthy"],
    [
      "bitnami.com/v1alpha1 SealedSecret",
      of(condition("Synced", "False", "", "no key could decrypt secret")),
      "Degraded: no key could decrypt secret",
    ],
    [
      "external-secrets.io/v1 ExternalSecret",
      undefined,
      "Progressing: is waiting for the controller of External Secrets: no condition Ready",
    ],
    ["external-secrets.io/v1 ExternalSecret", of(condition("Ready", "True", "SecretSynced")), "Healthy"],
    [
      "external-secrets.io/v1 ExternalSecret",
      { ...of(condition("Ready", "True")), syncedResourceVersion: "0-ab" },
      "Progressing: is waiting for its controller to sync the latest generation",
    ],
    [
      "external-secrets.io/v1 ExternalSecret",
      { ...of(condition("Ready", "True")), syncedResourceVersion: 7 },
      "Healthy",
    ],
    [
      "external-secrets.io/v1 ExternalSecret",
      of(condition("Ready", "False", "SecretSyncedError", "no such key")),
      "Degraded: SecretSyncedError: no such key",
    ],
    [
      "external-secrets.io/v1 ClusterSecretStore",
      undefined,
      "Progressing: is waiting for the controller of External Secrets: no condition Ready",
    ],
    [
      "external-secrets.io/v1 SecretStore",
      of(condition("Ready", "False", "InvalidProviderConfig", "x")),
      "Degraded: InvalidProviderConfig: x",
    ],
  ] as const) {
    it(`${kind} with ${JSON.stringify(status)} is ${expected}`, () => {
      expect(health(kind, status)).to.equal(expected);
    });
  }
});
