import type { KubeStatusError } from "../../../kube/errors.js";

/** What a refusal that is not about single fields means. */
export interface Hint {
  /** Whether the rule is about this refusal, by its status and text; the match gives the names in it. */
  readonly applies: (error: KubeStatusError, text: string) => RegExpMatchArray | boolean | null;
  /** The cause in plain words, where the server's own are none. */
  readonly cause?: (match: readonly string[]) => string;
  /** The one thing to do. */
  readonly remedy: string;
}

const RETRIED = "no change of the source is needed";

/**
 * The refusals of API servers, admission plug-ins, webhooks and policies (as of 1.35), each with the one remedy that fits this
 * cause. The first rule that applies is taken. No code tells most of them apart, so their texts do; a text that no rule knows
 * is passed on without a remedy.
 */
export const HINTS: readonly Hint[] = [
  {
    applies: ({ status }) => status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false,
    remedy: `the object is made when the namespace is gone and there again; ${RETRIED}`,
  },
  {
    applies: (_, text) => /cannot impersonate resource "(\w+)"/.exec(text),
    remedy: "give the operator's own ServiceAccount the verb impersonate on it",
  },
  {
    applies: (_, text) => /is attempting to grant RBAC permissions not currently held/.exec(text),
    remedy:
      "give the app's ServiceAccount these rights, or the verb escalate on roles or bind on the role that is bound",
  },
  {
    applies: (_, text) => /^User "[^"]*" cannot \w+ resource/.exec(text),
    remedy: "give the app's ServiceAccount this right (in a remote cluster: the user of the kubeconfig)",
  },
  {
    applies: (_, text) => /exceeded quota: \S+,/.exec(text),
    remedy: "raise the ResourceQuota, or take less of what it counts",
  },
  {
    applies: (_, text) => /failed quota: \S+: must specify/.exec(text),
    remedy: "set it in the document, or give the namespace a LimitRange with defaults",
  },
  {
    applies: (_, text) => /violates PodSecurity "([^"]+)"/.exec(text),
    remedy: "meet that level, or change the label pod-security.kubernetes.io/enforce of the Namespace",
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
    remedy: "see that the service of the webhook runs, or correct its webhook configuration",
  },
  {
    applies: (_, text) => /conversion webhook for [^:]+ failed/.exec(text),
    remedy: "see that the conversion webhook of the definition answers",
  },
  {
    applies: ({ statusCode, status }) => statusCode === 404 && status.details?.kind === "namespaces",
    remedy: "add a Namespace to the source, or create it",
  },
  {
    applies: (_, text) => /^namespaces "[^"]+" not found/.exec(text),
    remedy: "add a Namespace to the source, or create it",
  },
  {
    applies: ({ statusCode }) => statusCode === 404,
    remedy: "the kind may have gone with its definition: apply the CustomResourceDefinition again",
  },
  {
    applies: (_, text) => /^Operation cannot be fulfilled on /.exec(text),
    cause: () => "it was changed by another writer at the same moment",
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
