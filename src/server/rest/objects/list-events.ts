import type { OverseerApp } from "../../../api/overseer-app.js";
import type { AppEvent, AppEvents, AppObject } from "../../../api/rest/objects.js";
import { isStatus } from "../../../kube/errors.js";
import type { UserKube } from "../identity/user-requests.js";

/** Events of a namespace that are looked at. */
const MAX_READ = 2_000;
const MAX_EVENTS = 300;

/** An Event as events.k8s.io/v1 has it; the fields of old clients begin with `deprecated`. */
interface KubeEvent {
  readonly metadata: { readonly creationTimestamp?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly deprecatedCount?: number;
  readonly deprecatedLastTimestamp?: string | null;
  readonly regarding?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
}

/** Returns the Events about an app, its Changes and its objects, the newest first, in the name of a user. */
export async function listEvents(kube: UserKube, app: OverseerApp, objects: readonly AppObject[]): Promise<AppEvents> {
  const { namespace } = app.metadata;
  const namespaces = [...new Set([namespace, ...objects.flatMap((object) => object.namespace ?? [])])];
  const lists = await Promise.all(namespaces.map((one) => eventsIn(kube, one)));
  const uids = new Set(objects.map(({ uid }) => uid));
  const items = lists
    .flatMap((list) => list ?? [])
    .filter((event) => isAbout(event, app, uids))
    .map(toAppEvent)
    // Some times have fractions of a second.
    .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
    .slice(0, MAX_EVENTS);
  const hidden = namespaces.filter((_, index) => lists[index] === undefined);
  return { items, ...(hidden.length === 0 ? {} : { hidden }) };
}

async function eventsIn(kube: UserKube, namespace: string): Promise<readonly KubeEvent[] | undefined> {
  try {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const query = { limit: String(MAX_READ) };
    return (await kube.request<{ readonly items: readonly KubeEvent[] }>({ method: "GET", path, query })).body.items;
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}

function isAbout({ regarding = {} }: KubeEvent, { metadata }: OverseerApp, uids: ReadonlySet<string>): boolean {
  if (regarding.uid !== undefined && (uids.has(regarding.uid) || regarding.uid === metadata.uid)) return true;
  if (regarding.kind !== "Change" || regarding.namespace !== metadata.namespace) return false;
  return regarding.name?.startsWith(`${metadata.name}-`) ?? false;
}

function toAppEvent(event: KubeEvent): AppEvent {
  const { type = "Normal", reason = "", note = "", regarding = {}, series, metadata } = event;
  const time =
    series?.lastObservedTime ?? event.deprecatedLastTimestamp ?? event.eventTime ?? metadata.creationTimestamp ?? "";
  const place = [regarding.namespace, regarding.name].filter(Boolean).join("/");
  return {
    ...{ type, reason, note, time },
    object: `${regarding.kind ?? ""} ${place}`.trim(),
    count: series?.count ?? event.deprecatedCount ?? 1,
  };
}
