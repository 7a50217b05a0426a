/** Headers of a request, by their names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Who sends a webhook, as far as its headers tell: a label of the metrics, and what the names of events mean. */
export type Provider = "bitbucket" | "forgejo" | "generic" | "gitea" | "github" | "gitlab" | "unknown";

/** What a webhook says: refs may have moved, somebody tries the connection, or something that does not concern a fetch. */
export type WebhookEvent = "other" | "ping" | "push";

/** What is known of a host: the header that names the event, those that prove something, and the events after which refs may be others. */
interface Host {
  readonly provider: Exclude<Provider, "unknown">;
  readonly event?: string;
  readonly proofs?: readonly string[];
  readonly pushes?: readonly string[];
}

const GITHUB_PUSHES = ["push", "create", "delete"];
/** In the order in which they are looked for: Forgejo sends the headers of Gitea as well, and both send those of GitHub. */
const HOSTS: readonly Host[] = [
  { provider: "forgejo", event: "x-forgejo-event", proofs: ["x-forgejo-signature"], pushes: GITHUB_PUSHES },
  { provider: "gitea", event: "x-gitea-event", proofs: ["x-gitea-signature"], pushes: GITHUB_PUSHES },
  {
    provider: "gitlab",
    event: "x-gitlab-event",
    proofs: ["x-gitlab-token"],
    // A System Hook says only in its body what it is about.
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

/** The one text of a header; undefined if there is none, or several. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Who sends this. Nothing is proven by it. */
export function providerOf(headers: RequestHeaders): Provider {
  return hostOf(headers)?.provider ?? "unknown";
}

/** What this is about. Headers are not signed: at worst a poll too many is the result. Who names no event means a push. */
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
