import type { ReasonText } from "./reason-text.js";

/** Reasons of OverseerApps whose destination has the problem. */
export const DESTINATION_REASONS = {
  KindNotFound: {
    meaning: "The destination does not serve the kind of a document; its CustomResourceDefinition may be missing.",
    remedy: "Install the definition of the kind.",
  },
  ApiServerUnreachable: { meaning: "The API server does not respond." },
  ApiServerError: { meaning: "The API server returned an error without a cause." },
  CoreAddressInvalid: {
    meaning: "The URL of the Core cannot be used; the message has the cause.",
    remedy: "Correct destination.overseer.url.",
  },
  CoreSecretInvalid: {
    meaning: "The Secret for the Core lacks a key or has an invalid value; the message names the key.",
    remedy: "Correct the Secret.",
  },
  CoreUnreachable: { meaning: "The connection to the Core failed." },
  CoreTimeout: { meaning: "The Core did not respond in time." },
  CoreInvalidResponse: { meaning: "The response of the Core is incomplete or does not match its API." },
  CoreAuthenticationFailed: { meaning: "The Core rejected the token.", remedy: "Renew the token in the Secret." },
  CoreForbidden: {
    meaning: "The token does not have permission for the request.",
    remedy: "Use a token with the permission.",
  },
  CoreNotFound: {
    meaning: "The Core does not have the requested path. Check destination.overseer.url.",
    remedy: "Correct destination.overseer.url.",
  },
  CoreConflict: { meaning: "The Core rejected a write because of a conflict; retrying." },
  CoreRefused: {
    meaning: "The Core rejected a request; the message has the cause.",
    remedy: "Correct what the message names.",
  },
  CoreFailed: { meaning: "The Core returned a server error; retrying." },
  NoCurrentBackup: {
    meaning: "The last backup of an app on the Core failed, or did not start; the message has the cause.",
    remedy: "Correct what the message names, see docs/app-backups.md. Backups are repeated every hour.",
  },
  CoreLacks: {
    meaning: "The Core lacks a feature; the message says what the operator does instead.",
    remedy: "Upgrade the Core.",
  },
  InvalidKubeconfig: {
    meaning: "The kubeconfig of the remote cluster is rejected; the message has the cause and the remedy.",
    remedy: "Correct the kubeconfig.",
  },
  ClusterUnreachable: {
    meaning: "The remote cluster does not respond, or the connection to it failed.",
    remedy: "Check the address and the network policy.",
  },
  ClusterAuthenticationFailed: {
    meaning: "The remote cluster rejected the credentials of the kubeconfig.",
    remedy: "Renew the credentials in the kubeconfig.",
  },
  ClusterFailed: {
    meaning: "The remote address returns errors, or is not a Kubernetes API server.",
    remedy: "Correct the address in the kubeconfig.",
  },
} as const satisfies Readonly<Record<string, ReasonText>>;
