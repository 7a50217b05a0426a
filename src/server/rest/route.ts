import type { AppRow } from "../../api/rest/apps.js";
import type { ChangeRow } from "../../api/rest/changes.js";
import type { RepositoryRow } from "../../api/rest/repositories.js";
import type { AuditSearcher } from "../../audit/audit-query.js";
import type { Clock } from "../../base/clock.js";
import { type Route, routesFor } from "../../http/route.js";
import type { Discovery } from "../../kube/discovery.js";
import type { ResourceInfo } from "../../kube/resource.js";
import type { EventHub } from "./events/event-hub.js";
import type { Streams } from "./events/streams.js";
import type { Identity } from "./identity/identity.js";
import type { ReadingRights } from "./identity/reading-rights.js";
import type { UserRequests } from "./identity/user-requests.js";
import type { LeaderClient } from "./leader/leader-client.js";
import type { ListParts } from "./lists/list.js";
import type { ListSource } from "./lists/listed.js";
import type { Sessions } from "./session/sessions.js";
import type { PlanReader } from "./whole-plan.js";

/** Who may call a route of the REST API: everyone, or a user who has signed in. What they may do is up to the API server. */
export type RestAccess = "anonymous" | "user";

/** A route for users. */
export type RestRoute = Route<RestAccess, Identity>;

/** Declares a route for users. */
export const restRoute = routesFor<RestAccess, Identity>();

/** Kinds of our API group, as the API server serves them. */
export type OwnResources = Readonly<Record<"app" | "change" | "approval" | "repository", ResourceInfo>>;

/** What the routes need. */
export interface RestParts extends ListParts {
  readonly clock: Clock;
  readonly users: Pick<UserRequests, "as">;
  readonly rights: Pick<ReadingRights, "readable" | "can" | "mayFreeze" | "mayReadAudit" | "mayReadLog">;
  readonly resources: OwnResources;
  readonly apps: ListSource<AppRow>;
  readonly changes: ListSource<ChangeRow>;
  readonly repositories: ListSource<RepositoryRow>;
  /** All kinds that the API server serves. */
  readonly kinds: Pick<Discovery, "findAny">;
  /** Sessions in cookies; undefined without an issuer. */
  readonly sessions: Sessions | undefined;
  /** What only the leader knows. */
  readonly leader: Pick<LeaderClient, "ask">;
  readonly plans: PlanReader;
  /** The audit trail of this process. */
  readonly trail: AuditSearcher;
  readonly hub: EventHub;
  readonly streams: Streams;
  /** Throws UNAUTHENTICATED if the credential of a user is no longer valid. */
  readonly stillSignedIn: (user: Identity) => Promise<void>;
  /** Version of the operator. */
  readonly programVersion: string;
}
