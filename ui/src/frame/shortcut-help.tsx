import { Dialog } from "../components/dialog.js";
import { SHORTCUT_HELP } from "../navigation/shortcuts.js";

/** Lists the keys. */
export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="facts">
        {SHORTCUT_HELP.map(([keys, text]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">They can be switched off in the menu of your account.</p>
    </Dialog>
  );
}
