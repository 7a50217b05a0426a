import type { Condition } from "../../../api/conditions.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { shortRevision } from "../../../api/short-revision.js";
import { timeAndAge } from "../../output/age.js";
import { oneLine } from "../../output/plain-text.js";
import { formatFields, formatTable, indent } from "../../output/table.js";

/** Formats an OverseerApp for a person. */
export function describeApp({ metadata, spec, status }: OverseerApp, now = Date.now()): string {
  const { source, destination, sync } = spec;
  const parts = [
    formatFields([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Created", timeAndAge(metadata.creationTimestamp, now)],
      ["Deleted", timeAndAge(metadata.deletionTimestamp, now)],
      ["Repository", repositoryText(source.repositoryRef)],
      ["Path", source.path],
      ["Destination", destinationText(destination, metadata.namespace)],
      ["ServiceAccount", spec.serviceAccountName],
      ["Sync", `${sync.mode}, self-heal ${sync.selfHeal ? "on" : "off"}, prune ${sync.prune ? "on" : "off"}`],
      ["Suspended", spec.suspend ? (spec.suspendReason ?? "yes") : undefined],
      ["Until", spec.suspendUntil],
      [
        "Depends on",
        spec.dependsOn
          ?.map(({ name, namespace }) => (namespace === undefined ? name : `${namespace}/${name}`))
          .join(", "),
      ],
      ["Applied", status?.applied && shortRevision(status.applied.revision, 12)],
      ["Attempted", status?.attempted && shortRevision(status.attempted.revision, 12)],
      [
        "Pinned",
        status?.pin &&
          `${shortRevision(status.pin.inputs.revision, 12)} by Change ${status.pin.change}${status.pin.requester === undefined ? "" : ` of ${status.pin.requester}`}`,
      ],
      ["Health", status?.health],
      ["Objects", status?.counts && `${status.counts.objects}, ${status.counts.healthy} of them healthy`],
      ["Change", status?.change?.name],
      ["Next retry", timeAndAge(status?.nextRetryTime, now)],
    ]),
    describeConditions(status?.conditions, now),
    section(
      "Problems",
      (status?.problems ?? []).map(({ object, message }) => `${object}: ${message}`),
    ),
    section("Notes", notesOf(status ?? {})),
  ];
  return parts.join("");
}

/** Formats conditions as a table with a heading. */
export function describeConditions(conditions: readonly Condition[] | undefined, now = Date.now()): string {
  const rows = (conditions ?? []).map(({ type, status, reason, lastTransitionTime, message }) => [
    type,
    status,
    reason,
    timeAndAge(lastTransitionTime, now)?.replace(/^.*\((.*) ago\)$/, "$1"),
    shortRevision(message, 12),
  ]);
  return rows.length === 0
    ? ""
    : `Conditions:\n${indent(formatTable(["Type", "Status", "Reason", "Since", "Message"], rows))}`;
}

/** Formats a list with a heading; empty if it has no lines. */
export function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${oneLine(line)}\n`).join("")}`;
}

/** Notes about the source, and how many there are besides. */
export function notesOf(status: {
  readonly notes?:
    | readonly {
        readonly object?: string | undefined;
        readonly origin?: string | undefined;
        readonly message: string;
      }[]
    | undefined;
  readonly notesOmitted?: number | undefined;
}): string[] {
  const notes = (status.notes ?? []).map(({ object, origin, message }) =>
    [origin, object, message].filter((part) => part !== undefined).join(": "),
  );
  return status.notesOmitted ? [...notes, `and ${status.notesOmitted} more`] : notes;
}

/** `shop`, or `team/shop` in another namespace. */
function repositoryText({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace?: string | undefined;
}): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function destinationText({ kubernetes, overseer }: OverseerApp["spec"]["destination"], own: string): string {
  if (overseer !== undefined) return `Overseer Core ${overseer.url}`;
  const cluster =
    kubernetes?.kubeConfigSecretRef === undefined
      ? "this cluster"
      : `the cluster of Secret ${kubernetes.kubeConfigSecretRef.name}`;
  return `${cluster}, namespace ${kubernetes?.namespace ?? own}`;
}
