import type { KubeStatusError } from "../../../kube/errors.js";

/** Explains one kind of refusal that is not about single fields. */
export interface Hint {
  /** Matches the refusal by status and text; the match captures the names in it. */
  readonly applies: (error: KubeStatusError, text: string) => RegExpMatchArray | boolean | null;
  /** The cause in plain words, where the server's text is not. */
  readonly cause?: (match: readonly string[]) => string;
  /** What the user should do. */
  readonly remedy: string;
}

const RETRIED = "no change to the source is needed";

/**
 * Refusals of API servers, admission plugins, webhooks and policies (as of 1.35), each with the remedy for its cause. The first
 * matching rule wins. Most refusals have no code of their own, so they are matched by text. A text without a matching rule is
 * passed on without a remedy.
 */
export const HINTS: readonly Hint[] = [
  {
    applies: ({ status }) => status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false,
    remedy: `the object is created once the namespace has been deleted and re-created; ${RETRIED}`,
  },
  {
    applies: (_, text) => /cannot impersonate resource "(\w+)"/.exec(text),
    remedy: "grant the operator's ServiceAccount the verb impersonate on it",
  },
  {
    applies: (_, text) => /is attempting to grant RBAC permissions not currently held/.exec(text),
    remedy:
      "grant the app's ServiceAccount these permissions, or the verb escalate on roles or bind on the referenced role",
  },
  {
    applies: (_, text) => /^User "[^"]*" cannot \w+ resource/.exec(text),
    remedy: "grant the app's ServiceAccount this permission (in a remote cluster: the user of the kubeconfig)",
  },
  {
    applies: (_, text) => /exceeded quota: \S+,/.exec(text),
    remedy: "raise the ResourceQuota, or request less",
  },
  {
    applies: (_, text) => /failed quota: \S+: must specify/.exec(text),
    remedy: "set it in the document, or create a LimitRange with defaults in the namespace",
  },
  {
    applies: (_, text) => /violates PodSecurity "([^"]+)"/.exec(text),
    remedy: "comply with that level, or change the label pod-security.kubernetes.io/enforce of the Namespace",
  },
  {
    applies: (_, text) => /^(?:maximum|minimum) [\w/.-]+ usage per |limit to request ratio per /.exec(text),
    remedy: "change the resources in the document, or the LimitRange of the namespace",
  },
  {
    applies: (_, text) =>
      /error looking up service account ([^/\s]+)\/([^:\s]+): serviceaccount "[^"]*" not found/.exec(text),
    cause: ([, namespace, name]) => `ServiceAccount ${namespace}/${name} does not exist`,
    remedy: "add it to the source, or correct serviceAccountName",
  },
  {
    applies: (_, text) => /no PriorityClass with name (\S+) was found/.exec(text),
    cause: ([, name]) => `PriorityClass ${name} does not exist`,
    remedy: "add it to the source, or correct priorityClassName",
  },
  {
    applies: (_, text) => /RuntimeClass "([^"]+)" not found/.exec(text),
    cause: ([, name]) => `RuntimeClass ${name} does not exist`,
    remedy: "add it to the source, or correct runtimeClassName",
  },
  {
    applies: (_, text) => /^(?:Validating|Mutating)AdmissionPolicy '[^']*'.* denied request/.exec(text),
    remedy: "change the document so that the policy allows it",
  },
  {
    applies: (_, text) => /^admission webhook "[^"]*" denied the request/.exec(text),
    remedy: "change the document so that the webhook allows it",
  },
  {
    applies: (_, text) => /failed calling webhook "([^"]+)"/.exec(text),
    remedy: "make sure that the webhook is running, or correct its webhook configuration",
  },
  {
    applies: (_, text) => /conversion webhook for [^:]+ failed/.exec(text),
    remedy: "make sure that the conversion webhook of the CustomResourceDefinition is running",
  },
  {
    applies: ({ statusCode, status }) => statusCode === 404 && status.details?.kind === "namespaces",
    remedy: "add a Namespace to the source, create it, or set spec.sync.createNamespace",
  },
  {
    applies: (_, text) => /^namespaces "[^"]+" not found/.exec(text),
    remedy: "add a Namespace to the source, create it, or set spec.sync.createNamespace",
  },
  {
    applies: ({ statusCode }) => statusCode === 404,
    remedy:
      "the kind may have been removed with its CustomResourceDefinition: apply the CustomResourceDefinition again",
  },
  {
    applies: (_, text) => /^Operation cannot be fulfilled on /.exec(text),
    cause: () => "another client changed the object at the same time",
    remedy: RETRIED,
  },
  {
    applies: ({ statusCode }, text) =>
      statusCode === 429 || statusCode === 503 || statusCode === 504
        ? true
        : /storage is \(re\)initializing|etcdserver: |request timed out/.exec(text),
    remedy: RETRIED,
  },
];
