import { HostRules } from "../../../../src/base/host-rules.js";
import type { AppServices } from "../../../../src/controllers/overseer-app/app-services.js";
import { unreachable } from "./resources.js";

/** What the reconciler of apps calls, and tests in memory do not look at: nothing external is found, and everything is permitted. */
export const IDLE_SERVICES = {
  hosts: { pullRequestsOf: unreachable, checksOf: unreachable } as unknown as AppServices["hosts"],
  relatedRules: { allowedHosts: new HostRules([]), digestKey: "" },
  remoteBases: { hosts: new HostRules([]), tags: { get: async () => undefined, put: async () => {} } },
  values: { use: () => {}, read: async () => undefined, forget: () => {} },
  accountTokens: { create: async () => "" },
  observer: new Proxy({} as AppServices["observer"], { get: () => () => {} }),
  signers: { keyOf: async () => undefined },
  trustedNamespaces: new Set(["shop", "dev", "staging", "prod"]),
  proof: { problem: async () => undefined, ownPolicies: async () => new Set<string>() },
  permissions: { has: async () => true },
  onApplied: () => {},
  onCommitReport: () => {},
  pollNow: () => {},
} satisfies Partial<AppServices>;
