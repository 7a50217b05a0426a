import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useApi } from "../../api/query.js";
import type { AppDetail, AppObject, AppObjects } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Icon } from "../../components/icon.js";
import { Empty, ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { State } from "../../components/state.js";
import { appLink } from "../../navigation/links.js";

/** More healthy objects of a kind than this are one row. */
const FOLD_FROM = 6;

/** Objects of one kind that are all healthy, or a single object. */
type Entry = { readonly object: AppObject } | { readonly kind: string; readonly objects: readonly AppObject[] };

/** The live objects of the app and their pods, as an indented list, the worst first. */
export function AppTree({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  const { data, error, pending, retry } = useApi<AppObjects>(`apps/${namespace}/${name}/objects`);
  if (pending) return <Skeleton />;
  if (error && data === undefined) return <ErrorNotice error={error} retry={retry} />;
  if (data?.unavailable !== undefined) {
    return (
      <Empty title="The objects are not shown here">
        <p>{data.unavailable}</p>
      </Empty>
    );
  }
  const items = data?.items ?? [];
  const roots = items.filter(({ parent }) => parent === undefined);
  const podsOf = (uid: string): readonly AppObject[] => items.filter(({ parent }) => parent === uid);
  return (
    <div class="stack-small">
      {data?.hidden && (
        <Notice tone="idle" icon="lock" title={`You may not list: ${data.hidden.join(", ")}`}>
          <p>Ask for the verb list for these kinds to see them here.</p>
        </Notice>
      )}
      {data?.omitted && <Notice tone="warn" icon="warn" title="There are more objects than can be shown" />}
      {roots.length === 0 && (
        <Empty title="No object yet">
          <p>The objects appear as soon as the first Change was applied.</p>
        </Empty>
      )}
      <ul class="tree">
        {entriesOf(roots).map((entry) =>
          "object" in entry ? (
            <ObjectRow
              key={entry.object.uid}
              object={entry.object}
              pods={podsOf(entry.object.uid)}
              logs={appLink(namespace, name, "logs")}
            />
          ) : (
            <FoldedRow key={entry.kind} kind={entry.kind} objects={entry.objects} />
          ),
        )}
      </ul>
    </div>
  );
}

/** Many healthy objects of one kind become one entry at the place of the first. */
function entriesOf(objects: readonly AppObject[]): readonly Entry[] {
  const healthy = Map.groupBy(
    objects.filter(({ health }) => health === "Healthy"),
    ({ kind }) => kind,
  );
  const folded = new Set<string>();
  return objects.flatMap((object): Entry[] => {
    const { kind, health } = object;
    const equal = healthy.get(kind) ?? [];
    if (health !== "Healthy" || equal.length < FOLD_FROM) return [{ object }];
    if (folded.has(kind)) return [];
    folded.add(kind);
    return [{ kind, objects: equal }];
  });
}

/** `logs`: address of the logs of the app. */
function ObjectRow(props: { readonly object: AppObject; readonly pods: readonly AppObject[]; readonly logs: string }) {
  const { object, pods, logs } = props;
  const [open, setOpen] = useState(object.health !== "Healthy");
  return (
    <li>
      <ObjectLine object={object}>
        {pods.length > 0 && (
          <button type="button" class="tree-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? "down" : "right"} />
            {pods.length} {pods.length === 1 ? "pod" : "pods"}
          </button>
        )}
      </ObjectLine>
      {open && pods.length > 0 && (
        <ul>
          {pods.map((pod) => (
            <li key={pod.uid}>
              <ObjectLine object={pod}>
                {(pod.restarts ?? 0) > 0 && (
                  <span class="muted">
                    {pod.restarts} {pod.restarts === 1 ? "restart" : "restarts"}
                  </span>
                )}
                <a href={`${logs}?pod=${encodeURIComponent(pod.name)}`}>
                  Logs<span class="sr-only"> of {pod.name}</span>
                </a>
              </ObjectLine>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function ObjectLine({ object, children }: { readonly object: AppObject; readonly children: ComponentChildren }) {
  const { kind, name, namespace, health, message, created } = object;
  return (
    <div class="tree-line">
      <State of={health} quiet />
      <span class="tree-name">
        <span class="object-kind">{kind}</span> <strong>{name}</strong>{" "}
        {namespace !== undefined && <span class="muted">{namespace}</span>}
        {message !== undefined && <span class="tree-message">{message}</span>}
      </span>
      <span class="tree-more">{children}</span>
      <span class="tree-age muted">
        <Ago at={created} as="span" />
      </span>
    </div>
  );
}

function FoldedRow({ kind, objects }: { readonly kind: string; readonly objects: readonly AppObject[] }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="tree-line">
        <State of="Healthy" quiet />
        <span class="tree-name">
          <button type="button" class="tree-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? "down" : "right"} />
            {objects.length} × {kind}, all healthy
          </button>
        </span>
      </div>
      {open && (
        <ul>
          {objects.map((object) => (
            <li key={object.uid}>
              <ObjectLine object={object}>{null}</ObjectLine>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
