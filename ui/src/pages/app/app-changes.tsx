import { useApi } from "../../api/query.js";
import type { AppDetail, ChangeList } from "../../api/types.js";
import { Empty, ErrorNotice, Skeleton } from "../../components/messages.js";
import { ChangeListRow } from "../change/change-row.js";
import { RollBack } from "./roll-back.js";

/** The Changes of the app, the newest first; earlier ones can be rolled back to. */
export function AppChanges({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  const filter = encodeURIComponent(`ns:${namespace} app:${name}`);
  const { data, error, pending, retry } = useApi<ChangeList>(`changes?state=all&q=${filter}&limit=100`);
  const applied = app.row.revision;
  const current = data?.items.find(
    ({ phase, revision }) => phase === "Succeeded" && applied !== undefined && revision?.startsWith(applied),
  )?.name;
  return (
    <>
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton />}
      <ul class="rows-plain">
        {data?.items.map((change) => (
          <li key={change.name} class="with-action">
            <ChangeListRow change={change} current={change.name === current} />
            {change.phase === "Succeeded" && change.name !== current && <RollBack app={app} change={change} />}
          </li>
        ))}
      </ul>
      {data?.items.length === 0 && (
        <Empty title="No Change yet">
          <p>The first one is made as soon as the repository was read and the documents are valid.</p>
        </Empty>
      )}
    </>
  );
}
