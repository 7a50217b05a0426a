import { nearest } from "../config/nearest.js";
import { UsageError } from "./exit-codes.js";

/** A kind of the operator, as the command line knows it. A test compares the table with the definitions. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  /** Other names: those of kubectl, and shorter ones. The first is used in messages. */
  readonly names: readonly string[];
  /** Its objects are in no namespace. */
  readonly clusterScoped?: boolean;
}

/** All kinds. The schemas are not loaded, since that costs more time than most commands need. */
export const KINDS = {
  app: { kind: "OverseerApp", plural: "overseerapps", names: ["app", "apps", "overseerapp", "oapp"] },
  change: { kind: "Change", plural: "changes", names: ["change", "ochange"] },
  repository: {
    kind: "GitRepository",
    plural: "gitrepositories",
    names: ["repository", "repositories", "repo", "repos", "gitrepository", "orepo"],
  },
  approval: { kind: "Approval", plural: "approvals", names: ["approval", "oapproval"] },
  environment: {
    kind: "Environment",
    plural: "environments",
    names: ["environment", "env", "envs", "oenv"],
    clusterScoped: true,
  },
  channel: {
    kind: "NotificationChannel",
    plural: "notificationchannels",
    names: ["channel", "channels", "notificationchannel", "ochannel"],
  },
  appSet: {
    kind: "OverseerAppSet",
    plural: "overseerappsets",
    names: ["appset", "appsets", "oappset", "overseerappset"],
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** Events of Kubernetes: not an object that commands name. */
export const EVENT: Kind = { kind: "Event", plural: "events", names: ["event"] };

/** Returns every name of a kind. */
export function namesOf(kind: Kind): readonly string[] {
  return [...kind.names, kind.plural];
}

/** Finds a kind by any of its names, in any case; undefined if there is none. */
export function findKind(name: string): Kind | undefined {
  const wanted = name.toLowerCase().replace(/\.gitops\.overseer\.io$/, "");
  return Object.values<Kind>(KINDS).find((kind) => namesOf(kind).includes(wanted));
}

/**
 * Finds a kind by its name.
 *
 * @throws UsageError with the nearest name.
 */
export function kindOf(name: string): Kind {
  const kind = findKind(name);
  if (kind !== undefined) return kind;
  const all = Object.values<Kind>(KINDS);
  const close = nearest(name.toLowerCase(), all.flatMap(namesOf));
  const hint =
    close === undefined
      ? `kinds are ${all.map(({ names }) => names[0]).join(", ")}`
      : `did you mean ${JSON.stringify(close)}?`;
  throw new UsageError(`there is no kind ${JSON.stringify(name)}: ${hint}`);
}
