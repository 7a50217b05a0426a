import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { requestPromotion } from "../../api/actions.js";
import type { AppDetail } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { Revision } from "../../components/revision.js";
import { useAction } from "../../components/use-action.js";
import { changeLink } from "../../navigation/links.js";
import { announce } from "../../state/announce.js";

/** Promotes the app to the commit that the earlier Environments have tested, after a question. */
export function Promote({ app }: { readonly app: AppDetail }) {
  const [open, setOpen] = useState(false);
  const commit = app.status?.promotion?.promotable;
  if (commit === undefined || !app.can.includes("promote")) return null;
  return (
    <>
      <Button icon="up" kind="primary" onClick={() => setOpen(true)}>
        Promote {commit.slice(0, 7)}…
      </Button>
      {open && <PromoteDialog app={app} commit={commit} onClose={() => setOpen(false)} />}
    </>
  );
}

function PromoteDialog(props: { readonly app: AppDetail; readonly commit: string; readonly onClose: () => void }) {
  const { app, commit, onClose } = props;
  const { namespace, name } = app.metadata;
  const { route } = useLocation();
  const action = useAction(
    () => requestPromotion(namespace, name, commit),
    (created) => {
      onClose();
      announce(`Promotion of ${name} to ${commit.slice(0, 7)} requested`);
      route(changeLink(namespace, created.name));
    },
  );
  const environments = (app.status?.environments ?? []).join(", ");
  return (
    <Confirm title={`Promote ${name}?`} verb={`Promote to ${commit.slice(0, 7)}`} action={action} onClose={onClose}>
      <p>
        The earlier Environments have tested <code>{commit.slice(0, 7)}</code>.{" "}
        {app.row.revision === undefined ? (
          "Nothing is applied yet."
        ) : (
          <>
            <Revision of={app.row.revision} /> is applied now.
          </>
        )}
      </p>
      <p>
        The next page shows the plan{environments !== "" && `, and what the gates of ${environments} still wait for`}.
      </p>
    </Confirm>
  );
}
