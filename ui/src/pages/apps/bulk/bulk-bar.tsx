import { useEffect, useState } from "preact/hooks";
import { call } from "../../../api/http.js";
import type { AppList, AppRow } from "../../../api/types.js";
import { Button } from "../../../components/button.js";
import type { IconName } from "../../../components/icon.js";
import type { Selection } from "../../../lists/selection.js";
import { BulkDialog } from "./bulk-dialog.js";
import { BULK_VERBS, type BulkVerb, countOf, type Rights, skipReason, titleOf } from "./bulk-verbs.js";

const ICONS: Readonly<Record<BulkVerb, IconName>> = { sync: "sync", refresh: "busy", suspend: "pause", resume: "play" };

/** What can be done with the selected apps. A verb that none of them permits is not offered. `list` is the path of the list. */
export function BulkBar(props: {
  readonly list: string;
  readonly apps: readonly AppRow[];
  readonly drop: Selection<AppRow>["drop"];
}) {
  const { list, apps, drop } = props;
  const [dialog, setDialog] = useState<{ readonly verb: BulkVerb; readonly apps: readonly AppRow[] }>();
  const rights = useRights(list);
  return (
    <section class="bulk-bar" aria-label="Selected apps">
      <strong role="status">{countOf(apps.length)} selected</strong>
      <Button icon="close" kind="quiet" onClick={() => drop()}>
        Select none
      </Button>
      {BULK_VERBS.map((verb) => {
        const count = apps.filter((app) => skipReason(verb, app, rights) === undefined).length;
        return (
          count > 0 && (
            <Button
              key={verb}
              icon={ICONS[verb]}
              kind={verb === "sync" ? "primary" : "plain"}
              onClick={() => setDialog({ verb, apps })}
            >
              {titleOf(verb, count)}…
            </Button>
          )
        );
      })}
      {dialog && <BulkDialog {...dialog} rights={rights} onDone={drop} onClose={() => setDialog(undefined)} />}
    </section>
  );
}

/** Asks once what the user may do in the namespaces of the list. What is not known is offered, and decided by the API. */
function useRights(list: string): Rights {
  const [rights, setRights] = useState<Rights>({});
  useEffect(() => {
    const stop = new AbortController();
    void call<AppList>(`${list}&limit=100&can=true`, { signal: stop.signal }).then(
      ({ can }) => setRights(can ?? {}),
      () => {},
    );
    return () => stop.abort();
  }, [list]);
  return rights;
}
