import type { ReasonText } from "./reason-text.js";

/** Reasons of errors that end a process or a request. No resource has them. */
export const PROCESS_REASONS = {
  LeadershipLost: { meaning: "Another process became the leader." },
  InvalidConfiguration: { meaning: "A flag or environment variable is invalid.", remedy: "Correct it." },
  NoClusterConfig: { meaning: "No configuration of a cluster was found.", remedy: "Set --kubeconfig." },
  DefinitionsMissing: { meaning: "The CustomResourceDefinitions are not installed.", remedy: "Install them." },
  InvalidKeySecret: { meaning: "The Secret with the digest key has no key.", remedy: "Delete the Secret." },
  InstallationsOverlap: {
    meaning: "Another installation watches the same namespaces.",
    remedy: "Set other namespaces in --watch-namespaces.",
  },
  AddressUnavailable: { meaning: "The process cannot listen at an address.", remedy: "Choose another address." },
  AuditUnavailable: { meaning: "Audit records cannot be written.", remedy: "Set another --audit-dir." },
  AuditBroken: { meaning: "The last audit record was changed.", remedy: "Move the audit files away." },
  TokenUnavailable: { meaning: "The token of a webhook cannot be read." },
  KeyWrong: { meaning: "The encryption key of the Core does not fit its data.", remedy: "Use the right key." },
  FlagInvalid: { meaning: "A flag of the Core or agent is invalid.", remedy: "Correct it." },
  DataLocked: { meaning: "Another process uses the data of the Core.", remedy: "Stop it." },
  DataUnreadable: { meaning: "The data of the Core is damaged.", remedy: "Restore a backup." },
  CopyFailed: { meaning: "The Core could not copy its database.", remedy: "Correct what the message names." },
  DataNewer: { meaning: "A newer version has written the data of the Core.", remedy: "Use that version." },
} as const satisfies Readonly<Record<string, ReasonText>>;
