import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { requestRollback } from "../../api/actions.js";
import type { AppDetail, ChangeRow } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { Revision, shortRevision } from "../../components/revision.js";
import { useAction } from "../../components/use-action.js";
import { changeLink } from "../../navigation/links.js";
import { announce } from "../../state/announce.js";

/** Rolls the app back to an earlier Change, after a question. */
export function RollBack({ app, change }: { readonly app: AppDetail; readonly change: ChangeRow }) {
  const [open, setOpen] = useState(false);
  if (!app.can.includes("rollback")) return null;
  return (
    <>
      <Button icon="undo" onClick={() => setOpen(true)}>
        Roll back<span class="sr-only"> to {change.name}</span>
      </Button>
      {open && <RollBackDialog app={app} change={change} onClose={() => setOpen(false)} />}
    </>
  );
}

function RollBackDialog(props: { readonly app: AppDetail; readonly change: ChangeRow; readonly onClose: () => void }) {
  const { app, change, onClose } = props;
  const { namespace, name } = app.metadata;
  const { route } = useLocation();
  const action = useAction(
    () => requestRollback(namespace, name, change.name),
    (created) => {
      onClose();
      announce(`Rollback of ${name} to ${change.name} requested`);
      route(changeLink(namespace, created.name));
    },
  );
  return (
    <Confirm
      title={`Roll ${name} back?`}
      verb={`Roll back to ${change.revision === undefined ? change.name : shortRevision(change.revision)}`}
      action={action}
      onClose={onClose}
    >
      <p>
        The app gets the inputs of <strong>{change.name}</strong>
        {change.revision && (
          <>
            {" "}
            (<Revision of={change.revision} />)
          </>
        )}
        , applied <Ago at={change.completed ?? change.created} />.
      </p>
      <p>It stays there, whatever is committed, until a person requests a sync. Data is not restored.</p>
    </Confirm>
  );
}
