/** Request headers by lowercase name. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Sender of a webhook according to its headers. Determines the meaning of event names; also a metrics label. */
export type Provider = "bitbucket" | "forgejo" | "generic" | "gitea" | "github" | "gitlab" | "unknown";

/** Kind of a webhook: refs may have changed, a connection test, or an event without effect on refs. */
export type WebhookEvent = "other" | "ping" | "push";

/** Conventions of a Git host: the header with the event, the headers with signatures, and the events that change refs. */
interface Host {
  readonly provider: Exclude<Provider, "unknown">;
  readonly event?: string;
  readonly proofs?: readonly string[];
  readonly pushes?: readonly string[];
}

const GITHUB_PUSHES = ["push", "create", "delete"];
/** In order of detection: Forgejo also sends the headers of Gitea, and both send those of GitHub. */
const HOSTS: readonly Host[] = [
  { provider: "forgejo", event: "x-forgejo-event", proofs: ["x-forgejo-signature"], pushes: GITHUB_PUSHES },
  { provider: "gitea", event: "x-gitea-event", proofs: ["x-gitea-signature"], pushes: GITHUB_PUSHES },
  {
    provider: "gitlab",
    event: "x-gitlab-event",
    proofs: ["x-gitlab-token"],
    // The event of a System Hook is only in its body.
    pushes: ["Push Hook", "Tag Push Hook", "System Hook"],
  },
  {
    provider: "bitbucket",
    event: "x-event-key",
    pushes: ["repo:push", "repo:refs_changed", "mirror:repo_synchronized"],
  },
  { provider: "github", event: "x-github-event", pushes: GITHUB_PUSHES },
  { provider: "generic", proofs: ["x-hub-signature-256", "x-hub-signature", "webhook-signature"] },
];
const PINGS: ReadonlySet<string> = new Set(["ping", "diagnostics:ping"]);

/** Returns the value of a header; undefined if it is missing or repeated. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Returns the apparent sender of a webhook, which is not authenticated. */
export function providerOf(headers: RequestHeaders): Provider {
  return hostOf(headers)?.provider ?? "unknown";
}

/** Returns the kind of a webhook; defaults to a push. Headers are not signed, so the worst case is an unneeded poll. */
export function eventOf(headers: RequestHeaders): WebhookEvent {
  const host = hostOf(headers);
  const event = host?.event === undefined ? undefined : headerText(headers, host.event);
  if (event === undefined) return "push";
  if (PINGS.has(event)) return "ping";
  return host?.pushes?.includes(event) ? "push" : "other";
}

function hostOf(headers: RequestHeaders): Host | undefined {
  return HOSTS.find(({ event, proofs = [] }) =>
    [...proofs, ...(event === undefined ? [] : [event])].some((header) => headers[header] !== undefined),
  );
}
