import { createHmac } from "node:crypto";

/** A host whose webhooks a test sends. */
export type GitHost = "Azure DevOps" | "Bitbucket" | "Forgejo" | "Gitea" | "GitHub" | "GitLab" | "any program";

/** Every one of them. */
export const GIT_HOSTS: readonly GitHost[] = [
  "GitHub",
  "GitLab",
  "Gitea",
  "Forgejo",
  "Bitbucket",
  "Azure DevOps",
  "any program",
];

/** The headers with which a host sends the push that `body` tells of. */
export function pushHeaders(host: GitHost, token: string, body: string | Buffer): Record<string, string> {
  const hex = createHmac("sha256", token).update(body).digest("hex");
  const sha1 = createHmac("sha1", token).update(body).digest("hex");
  const signed = { "x-hub-signature-256": `sha256=${hex}` };
  const github = { "x-github-event": "push", "x-github-delivery": "1", "x-hub-signature": `sha1=${sha1}`, ...signed };
  const gitea = { ...github, "x-gitea-event": "push", "x-gitea-signature": hex, "x-gogs-signature": hex };
  const headers: Readonly<Record<GitHost, Record<string, string>>> = {
    GitHub: github,
    Gitea: gitea,
    Forgejo: { ...gitea, "x-forgejo-event": "push", "x-forgejo-signature": hex },
    GitLab: { "x-gitlab-event": "Push Hook", "x-gitlab-token": token },
    Bitbucket: { "x-event-key": "repo:push", "x-hub-signature": `sha256=${hex}` },
    "Azure DevOps": { authorization: `Basic ${Buffer.from(`overseer:${token}`).toString("base64")}` },
    "any program": signed,
  };
  return { "content-type": "application/json", ...headers[host] };
}

/** What came back of a webhook. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a webhook; `headers` stand in for those of a push. */
export async function sendWebhook(
  url: string,
  host: GitHost,
  token: string,
  body: string | Buffer = '{"ref":"refs/heads/main"}',
  headers: Readonly<Record<string, string>> = {},
): Promise<WebhookAnswer> {
  const all = { ...pushHeaders(host, token, body), ...headers };
  const answer = await fetch(url, { method: "POST", headers: all, body: new Uint8Array(Buffer.from(body)) });
  const said = (await answer.json()) as Record<string, string>;
  return { status: answer.status, body: said, headers: Object.fromEntries(answer.headers) };
}
