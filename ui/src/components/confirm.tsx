import type { ComponentChildren } from "preact";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { ErrorNotice } from "./messages.js";
import type { Action } from "./use-action.js";

/** A dialog before an action that a person should think about. Its button says what will happen. */
export function Confirm(props: {
  readonly title: string;
  readonly action: Action;
  readonly verb: string;
  readonly danger?: boolean;
  readonly disabledBecause?: string | undefined;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const { title, action, verb, danger = false, disabledBecause, onClose, children } = props;
  return (
    <Dialog title={title} onClose={onClose} onSubmit={() => disabledBecause === undefined && action.run()}>
      {children}
      {action.error && <ErrorNotice error={action.error} />}
      <footer class="dialog-foot">
        <Button kind={danger ? "danger" : "primary"} type="submit" busy={action.busy} disabledBecause={disabledBecause}>
          {verb}
        </Button>
        <Button kind="quiet" onClick={onClose}>
          Cancel
        </Button>
      </footer>
    </Dialog>
  );
}
