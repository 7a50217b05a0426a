import { useState } from "preact/hooks";
import { freeze, unfreeze } from "../../api/actions.js";
import type { EnvironmentItem } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { ErrorNotice } from "../../components/messages.js";
import { TextField } from "../../components/text-field.js";
import { useAction } from "../../components/use-action.js";
import { announce } from "../../state/announce.js";

/** The freeze of an Environment, and for those who may, the way to set and remove it. */
export function FreezeState(props: { readonly environment: EnvironmentItem; readonly mayFreeze: boolean }) {
  const { environment, mayFreeze } = props;
  const { name } = environment;
  const [open, setOpen] = useState(false);
  const current = environment.spec.freeze;
  const isOver = current?.until !== undefined && Date.parse(current.until) <= Date.now();
  const lift = useAction(
    () => unfreeze(name),
    () => announce(`${name} is not frozen any more`),
  );
  return (
    <>
      {current !== undefined && !isOver && (
        <p class="tone-warn board-note">
          Frozen: {current.reason}
          {current.until !== undefined && (
            <>
              {" "}
              (ends <Ago at={current.until} />)
            </>
          )}
        </p>
      )}
      {mayFreeze && (
        <p>
          {current === undefined || isOver ? (
            <Button icon="lock" kind="quiet" onClick={() => setOpen(true)}>
              Freeze<span class="sr-only"> {name}</span>…
            </Button>
          ) : (
            <Button icon="play" kind="quiet" busy={lift.busy} onClick={lift.run}>
              Unfreeze<span class="sr-only"> {name}</span>
            </Button>
          )}
        </p>
      )}
      {lift.error && <ErrorNotice error={lift.error} />}
      {open && <FreezeDialog name={name} onClose={() => setOpen(false)} />}
    </>
  );
}

function FreezeDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const action = useAction(
    () => freeze(name, reason.trim(), until === "" ? "" : new Date(until).toISOString()),
    ({ freeze: stored }) => {
      onClose();
      const end =
        stored?.until === undefined ? "until it is unfrozen" : `until ${new Date(stored.until).toLocaleString()}`;
      announce(`${name} is frozen ${end}`);
    },
  );
  return (
    <Confirm
      title={`Freeze ${name}?`}
      verb="Apply no new revision"
      danger
      action={action}
      disabledBecause={reason.trim() === "" ? "the reason is missing" : undefined}
      onClose={onClose}
    >
      <p>
        Changes of all apps of {name} wait until the freeze ends. Drift is still reverted, and rollbacks are possible.
      </p>
      <TextField label="Reason" value={reason} onInput={setReason} help="Every Change that waits shows it." />
      <label class="field">
        <span class="field-label">Until</span>
        <input
          class="input"
          type="datetime-local"
          value={until}
          onInput={({ currentTarget }) => setUntil(currentTarget.value)}
        />
        <span class="field-help">In your time zone. If empty, the freeze lasts until it is removed.</span>
      </label>
    </Confirm>
  );
}
