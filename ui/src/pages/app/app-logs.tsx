import { useApi } from "../../api/query.js";
import type { AppDetail, AppObject, AppObjects } from "../../api/types.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { lazyPart } from "../../navigation/lazy-part.js";
import { useSearch } from "../../navigation/search.js";

const LogView = lazyPart(() => import("./logs/log-view.js").then((module) => module.LogView));

/** Logs that are followed at once: a browser has six connections to a host. */
const MOST_AT_ONCE = 4;

/** The logs of a pod of the app, of all its containers or of one. Pod, container and the choice of the previous run are in the URL. */
export function AppLogs({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  const search = useSearch();
  const { data, error, pending, retry } = useApi<AppObjects>(`apps/${namespace}/${name}/objects`);
  if (pending) return <Skeleton />;
  if (error && data === undefined) return <ErrorNotice error={error} retry={retry} />;
  if (data?.unavailable !== undefined) {
    return (
      <Empty title="The logs are not shown here">
        <p>{data.unavailable}</p>
      </Empty>
    );
  }
  if (data?.hidden?.includes("Pod"))
    return (
      <Notice tone="idle" icon="lock" title="You may not list pods: ask for the verbs get and list, and for pods/log" />
    );
  const pods = (data?.items ?? []).filter(({ kind }) => kind === "Pod");
  const wanted = search.values.pod;
  const pod = pods.find((one) => one.name === wanted) ?? pods[0];
  if (pod === undefined) {
    return (
      <Empty title="No pod yet">
        <p>The logs appear as soon as a workload of the app has a pod. The tab Objects says what prevents it.</p>
      </Empty>
    );
  }
  const init = pod.initContainers ?? [];
  const containers = [...(pod.containers ?? []), ...init];
  const container = containers.find((one) => one === search.values.container);
  const shown = container === undefined ? containers.slice(0, MOST_AT_ONCE) : [container];
  const previous = search.values.previous === "true";
  return (
    <div class="stack-small">
      <div class="filter-row">
        <label class="choice">
          <span>Pod</span>
          <select
            class="input select"
            value={pod.name}
            onChange={({ currentTarget }) =>
              search.set({ pod: currentTarget.value, container: undefined, previous: undefined }, { push: true })
            }
          >
            {pods.map((one) => (
              <option key={one.uid} value={one.name}>
                {titleOf(one)}
              </option>
            ))}
          </select>
        </label>
        {containers.length > 1 && (
          <label class="choice">
            <span>Container</span>
            <select
              class="input select"
              value={container ?? ""}
              onChange={({ currentTarget }) => search.set({ container: currentTarget.value }, { push: true })}
            >
              <option value="">
                {containers.length > MOST_AT_ONCE
                  ? `the first ${MOST_AT_ONCE} of ${containers.length}`
                  : `all ${containers.length}, merged`}
              </option>
              {containers.map((one) => (
                <option key={one} value={one}>
                  {init.includes(one) ? `${one} (init)` : one}
                </option>
              ))}
            </select>
          </label>
        )}
        {((pod.restarts ?? 0) > 0 || previous) && (
          <label class="choice">
            <input
              type="checkbox"
              checked={previous}
              onChange={({ currentTarget }) =>
                search.set({ previous: currentTarget.checked ? "true" : undefined }, { push: true })
              }
            />
            <span>Before the last restart</span>
          </label>
        )}
      </div>
      {wanted !== undefined && wanted !== pod.name && (
        <Notice tone="idle" icon="wait" title={`The pod ${wanted} is gone. This is the log of ${pod.name}.`} />
      )}
      <LogView
        key={`${pod.uid}/${shown}/${previous}`}
        onRestart={retry}
        source={{ app: `${namespace}/${name}`, pod: `${pod.namespace}/${pod.name}`, containers: shown, init, previous }}
      />
    </div>
  );
}

function titleOf({ name, health, restarts = 0 }: AppObject): string {
  const parts = [
    ...(health === "Healthy" ? [] : [health]),
    ...(restarts > 0 ? [`${restarts} ${restarts === 1 ? "restart" : "restarts"}`] : []),
  ];
  return parts.length === 0 ? name : `${name} (${parts.join(", ")})`;
}
