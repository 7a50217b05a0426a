import { KubeStatusError } from "../../../kube/errors.js";
import { isTooLarge } from "./refusal.js";

/** How the API server says that a field keeps its first value: no code tells it, and it only decides over a hint. */
const UNCHANGEABLE = /immutable|cannot change|may not change|fields other than/;

/** What the API server said, with the remedy where there is one. */
export function explainRefusal(error: unknown): string {
  if (!(error instanceof KubeStatusError)) return error instanceof Error ? error.message : String(error);
  const text = error.message;
  if (
    error.statusCode === 403 &&
    error.status.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating")
  ) {
    return `${text}: it is tried again when the namespace is gone`;
  }
  if (error.statusCode === 403 && error.status.reason === "Forbidden")
    return `${text}: give the app's ServiceAccount this right (in a remote cluster: the user of the kubeconfig), or have an admission policy changed`;
  if (error.statusCode === 404 && error.status.details?.kind === "namespaces")
    return `${text}: add a Namespace to the source, or make it`;
  if (isTooLarge(error))
    return `${text}: split the object, or take parts of it out of Git (etcd takes at most 1.5 MiB unless told otherwise)`;
  if (error.statusCode === 422 && UNCHANGEABLE.test(text))
    return `${text}: delete the live object, or give the new one another name`;
  return text;
}
