import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { requestRefresh, requestSync, resume, suspend } from "../../api/actions.js";
import type { AppDetail } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { ErrorNotice } from "../../components/messages.js";
import { useAction } from "../../components/use-action.js";
import { changeLink } from "../../navigation/links.js";
import { announce } from "../../state/announce.js";
import { Promote } from "./promote.js";

/** What the user may do with the app. Actions without the right are not shown. */
export function AppActions({ app }: { readonly app: AppDetail }) {
  const { namespace, name } = app.metadata;
  const [dialog, setDialog] = useState<"sync" | "suspend">();
  const refresh = useAction(
    () => requestRefresh(namespace, name),
    () => announce(`${name} is compared with Git now`),
  );
  const wake = useAction(
    () => resume(namespace, name),
    () => announce(`${name} is reconciled again`),
  );
  const may = (verb: AppDetail["can"][number]): boolean => app.can.includes(verb);
  // A suspension may have ended by itself, although spec.suspend is still true.
  const isSuspended = app.row.sync === "Suspended";
  const failure = refresh.error ?? wake.error;
  return (
    <>
      {may("sync") && (
        <Button
          icon="sync"
          kind="primary"
          disabledBecause={isSuspended ? "the app is suspended: resume it first" : undefined}
          onClick={() => setDialog("sync")}
        >
          Sync…
        </Button>
      )}
      <Promote app={app} />
      {may("update") && (
        <Button icon="busy" busy={refresh.busy} onClick={refresh.run}>
          Refresh
        </Button>
      )}
      {may("update") && isSuspended && (
        <Button icon="play" busy={wake.busy} onClick={wake.run}>
          Resume
        </Button>
      )}
      {may("update") && !isSuspended && (
        <Button icon="pause" onClick={() => setDialog("suspend")}>
          Suspend…
        </Button>
      )}
      {failure && <ErrorNotice error={failure} />}
      {dialog === "sync" && <SyncDialog app={app} onClose={() => setDialog(undefined)} />}
      {dialog === "suspend" && <SuspendDialog app={app} onClose={() => setDialog(undefined)} />}
    </>
  );
}

function SyncDialog({ app, onClose }: { readonly app: AppDetail; readonly onClose: () => void }) {
  const { namespace, name } = app.metadata;
  const { route } = useLocation();
  const action = useAction(
    () => requestSync(namespace, name),
    (created) => {
      onClose();
      announce(`Sync of ${name} requested`);
      route(changeLink(namespace, created.name));
    },
  );
  const pin = app.status?.pin;
  return (
    <Confirm title={`Sync ${name}?`} verb="Apply the newest revision" action={action} onClose={onClose}>
      <p>
        The newest revision of <strong>{app.row.repository}</strong> is planned and applied to{" "}
        <strong>{app.row.destination}</strong>. Gates, such as approvals of deletions, hold as always.
      </p>
      {pin !== undefined && <p>This lifts the pin of the rollback {pin.change}.</p>}
    </Confirm>
  );
}

function SuspendDialog({ app, onClose }: { readonly app: AppDetail; readonly onClose: () => void }) {
  const { namespace, name } = app.metadata;
  const [reason, setReason] = useState("");
  const action = useAction(
    () => suspend(namespace, name, reason.trim()),
    () => {
      onClose();
      announce(`${name} is suspended`);
    },
  );
  return (
    <Confirm
      title={`Suspend ${name}?`}
      verb="Stop syncing and reverting drift"
      danger
      action={action}
      onClose={onClose}
    >
      <p>
        Live objects stay as they are. New commits are not applied, and drift is not reverted, until the app is resumed.
      </p>
      <label class="field">
        <span class="field-label">Reason, for others</span>
        <input
          class="input"
          value={reason}
          maxLength={256}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </Confirm>
  );
}
