/** Senders of webhooks, as labels of metrics. Bitbucket Cloud and Data Center differ only in their events. */
export type WebhookSender = "azure-devops" | "bitbucket" | "forgejo" | "generic" | "gitea" | "github" | "gitlab";

/** Conventions of a host's webhooks: the header with the event, the headers that prove the sender, and the events that change refs. */
export interface WebhookConventions {
  readonly sender: WebhookSender;
  readonly event?: string;
  readonly proofs?: readonly string[];
  readonly pushes?: readonly string[];
}

const GITHUB_PUSHES = ["push", "create", "delete"];

/** In order of detection: Forgejo also sends the headers of Gitea, and both send those of GitHub. Names of headers are in lower case. */
export const WEBHOOK_CONVENTIONS: readonly WebhookConventions[] = [
  { sender: "forgejo", event: "x-forgejo-event", proofs: ["x-forgejo-signature"], pushes: GITHUB_PUSHES },
  { sender: "gitea", event: "x-gitea-event", proofs: ["x-gitea-signature"], pushes: GITHUB_PUSHES },
  {
    sender: "gitlab",
    event: "x-gitlab-event",
    proofs: ["x-gitlab-token"],
    // The event of a System Hook is only in its body.
    pushes: ["Push Hook", "Tag Push Hook", "System Hook"],
  },
  {
    sender: "bitbucket",
    event: "x-event-key",
    pushes: ["repo:push", "repo:refs_changed", "mirror:repo_synchronized"],
  },
  { sender: "github", event: "x-github-event", pushes: GITHUB_PUSHES },
  { sender: "generic", proofs: ["x-hub-signature-256", "x-hub-signature", "webhook-signature"] },
  // Signs nothing, and has the event only in its body. Last, since a proxy may add the header to the webhooks of others.
  { sender: "azure-devops", proofs: ["authorization"] },
];
