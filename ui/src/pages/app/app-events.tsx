import { useApi } from "../../api/query.js";
import type { AppDetail, AppEvents as AppEventList } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Icon } from "../../components/icon.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { ObjectName } from "../../components/object-name.js";

/** Events about the app, its Changes and its objects, the newest first. */
export function AppEvents({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  const { data, error, pending, retry } = useApi<AppEventList>(`apps/${namespace}/${name}/events`);
  const items = data?.items ?? [];
  return (
    <div class="stack-small">
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton />}
      {data?.hidden && (
        <Notice tone="idle" icon="lock" title={`You may not list Events in: ${data.hidden.join(", ")}`} />
      )}
      <ul class="rows-plain events">
        {items.map(({ type, reason, note, object, count, time }) => (
          <li key={`${time}${object}${reason}${note}`} class="event">
            <span class={`event-reason tone-${type === "Warning" ? "warn" : "idle"}`}>
              <Icon name={type === "Warning" ? "warn" : "ok"} />
              {reason}
            </span>
            <span class="event-text">
              <ObjectName name={object} />
              <span class="event-note">{note}</span>
            </span>
            <span class="event-time muted">
              {count > 1 && <span>{count} times, last </span>}
              <Ago at={time} />
            </span>
          </li>
        ))}
      </ul>
      {data && items.length === 0 && (
        <Empty title="No Event">
          <p>Kubernetes keeps Events for an hour. The Changes of the app are kept longer.</p>
        </Empty>
      )}
    </div>
  );
}
