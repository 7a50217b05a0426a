import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatTable } from "../table.js";

/** Requests of one kind that the API server has completed. */
export interface ServedRequests {
  /** The name of the client, from its user agent, or its controller. */
  readonly client: string;
  readonly verb: string;
  /** With its subresource. */
  readonly resource: string;
  readonly count: number;
  /** Sum of the times from the arrival until the response was sent, in milliseconds. */
  readonly totalMs: number;
}

/** The part of an audit event that is read. */
interface AuditEvent {
  readonly verb: string;
  readonly userAgent?: string;
  readonly user?: { readonly username?: string };
  readonly requestURI: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: Metadata
`;

/** The audit log of an API server: who asked it for what. */
export class AuditLog {
  /** Flags of the API server. */
  readonly flags: readonly string[];
  readonly #file: string;

  private constructor(file: string, flags: readonly string[]) {
    this.#file = file;
    this.flags = flags;
  }

  /** Prepares an audit log in a folder. */
  static async in(folder: string): Promise<AuditLog> {
    const policy = join(folder, "audit-policy.yaml");
    const file = join(folder, "audit.log");
    await writeFile(policy, POLICY);
    await writeFile(file, "");
    return new AuditLog(file, [
      `--audit-policy-file=${policy}`,
      `--audit-log-path=${file}`,
      "--audit-log-mode=blocking",
    ]);
  }

  /** Number of characters written so far: where a measurement begins. */
  async position(): Promise<number> {
    return (await readFile(this.#file, "utf8")).length;
  }

  /** The requests since a position, most of them first. Watches are left out, since they are logged when they end. */
  async since(position: number): Promise<ServedRequests[]> {
    const lines = (await readFile(this.#file, "utf8")).slice(position).split("\n");
    const sums = new Map<string, { client: string; verb: string; resource: string; count: number; totalMs: number }>();
    for (const line of lines) {
      if (line === "") continue;
      const event = JSON.parse(line) as AuditEvent;
      if (event.verb === "watch") continue;
      const kind = kindOf(event);
      const key = Object.values(kind).join(" ");
      const sum = sums.get(key) ?? { ...kind, count: 0, totalMs: 0 };
      sum.count++;
      sum.totalMs += Date.parse(event.stageTimestamp) - Date.parse(event.requestReceivedTimestamp);
      sums.set(key, sum);
    }
    return [...sums.values()].sort((a, b) => b.count - a.count);
  }
}

function kindOf(event: AuditEvent): Pick<ServedRequests, "client" | "verb" | "resource"> {
  const { verb, userAgent = "", user, requestURI, objectRef } = event;
  const name = user?.username ?? "";
  const controller = name.startsWith("system:serviceaccount:kube-system:") ? name.slice(34) : undefined;
  const program = userAgent.split("/")[0] || "bench";
  const dry = requestURI.includes("dryRun=All") ? " (dry run)" : "";
  const resource = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/") || "other";
  return { client: controller ?? program, verb: `${verb}${dry}`, resource };
}

/** A line for each kind of request, as a number per app, and a sum for each client; what is rarer than one in 20 apps is left out. */
export function servedTable(served: readonly ServedRequests[], apps: number): string {
  const rows = served
    .filter(({ count }) => count / apps >= 0.05)
    .map(({ client, verb, resource, count, totalMs }) => [
      client,
      verb,
      resource,
      (count / apps).toFixed(2),
      (totalMs / count).toFixed(1),
    ]);
  return formatTable(["client", "verb", "resource", "an app", "mean ms"], rows);
}
