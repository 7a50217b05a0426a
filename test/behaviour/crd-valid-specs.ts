import type { BadSpec } from "./crd-cases.js";
import { validAppSet } from "./crd-cases-app-sets.js";

const INPUTS = {
  key: "5df6e0e2761359d30a8275058e299fcc",
  revision: "main@sha1:6f3c1f0a2b4d5e6f708192a3b4c5d6e7f8091a2b",
  commit: "6f3c1f0a2b4d5e6f708192a3b4c5d6e7f8091a2b",
  source: { repositoryRef: { name: "shop" }, path: "deploy" },
};

/** The least that a user has to write of each kind. */
export const validSpecs: Readonly<Record<BadSpec["kind"], BadSpec["set"]>> = {
  GitRepository: { url: "https://git.example.com/team/shop.git" },
  OverseerApp: { source: { repositoryRef: { name: "shop" } }, destination: { kubernetes: {} } },
  Change: { app: { name: "web" }, cause: "Revision", inputs: INPUTS },
  Approval: {
    ...{ app: { name: "web" }, change: { name: "web-1", uid: "u" } },
    ...{ planHash: "1f0a2b4d5e6f708192a3b4c5d6e7f809", decision: "Approve", approver: "bob" },
  },
  Environment: { namespaces: [{ name: "shop-prod" }] },
  NotificationChannel: { slack: { secretRef: { name: "chat" } } },
  OverseerAppSet: validAppSet,
};
