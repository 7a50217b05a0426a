import type { GitRepository } from "../../../api/git-repository.js";
import { shortRevision } from "../../../api/short-revision.js";
import type { RawObject } from "../../../kube/object.js";
import { appTarget, shownName } from "../../connection/apps.js";
import type { Connection } from "../../connection/connection.js";
import type { LiveApp, LiveChange } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { age } from "../../output/age.js";
import { formatValue } from "../../output/objects.js";
import { oneLine } from "../../output/plain-text.js";
import { print } from "../../terminal.js";
import { type Explained, explain, type Finding } from "./explain.js";

/** Runs `overseer why`: exit code 1 if something keeps the app from being ready, healthy, or at the newest revision. */
export function why(name: string, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const all = await gather(connection, name);
    const findings = explain(all);
    const { output } = flags;
    if (output === "json" || output === "yaml")
      print(await formatValue({ app: shownName(all.app), ok: findings.length === 0, findings }, output));
    else if (output === "name") print(findings.map(({ about, reason }) => `${about} ${reason}\n`).join(""));
    else print(formatFindings(all, findings));
    return findings.length === 0 ? EXIT.done : EXIT.failed;
  });
}

async function gather(connection: Connection, name: string): Promise<Explained & { readonly app: LiveApp }> {
  const app = await connection.get<LiveApp>(appTarget(name));
  const { namespace = "" } = app.metadata;
  const current = app.status?.change?.name;
  const change =
    current === undefined
      ? undefined
      : await connection.find<LiveChange>({ kind: KINDS.change, namespace, name: current });
  const { name: repositoryName, namespace: repositoryNamespace = namespace } = app.spec.source.repositoryRef;
  const repository = await connection.find<GitRepository & RawObject>({
    kind: KINDS.repository,
    namespace: repositoryNamespace,
    name: repositoryName,
  });
  return { app, change, repository };
}

/** Formats findings for a person. */
export function formatFindings({ app }: Explained, findings: readonly Finding[], now = Date.now()): string {
  const name = `${app.metadata.namespace}/${app.metadata.name}`;
  const applied = app.status?.applied;
  if (findings.length === 0)
    return `${name} is synced, ready and healthy${applied === undefined ? "" : ` at ${shortRevision(applied.revision, 12)}`}.\n`;
  const lines = findings.flatMap(({ about, reason, message, since, next }) => [
    `${oneLine(about)}: ${reason}${since === undefined ? "" : ` for ${age(since, now)}`}`,
    `  ${oneLine(message)}`,
    ...(next === undefined ? [] : [`  → ${next}`]),
  ]);
  return `${name}${applied === undefined ? " has applied nothing yet" : ` has applied ${shortRevision(applied.revision, 12)}`}.\n${lines.map((line) => `${line}\n`).join("")}`;
}
