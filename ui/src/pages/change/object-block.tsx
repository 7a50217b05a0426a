import { useId, useState } from "preact/hooks";
import type { PlannedAction } from "../../api/types.js";
import { Icon } from "../../components/icon.js";
import { ObjectName } from "../../components/object-name.js";
import { type DiffMode, FieldDiff } from "../../diff/field-diff.js";
import { isNew, keyOf } from "./plan.js";
import { VERBS } from "./verbs.js";

/** Objects with more fields than this, new objects with more characters, and CustomResourceDefinitions, start folded. */
const MOST_OPEN_FIELDS = 60;
const MOST_OPEN_CHARACTERS = 8_000;

/** An object of the plan: what is done to it, and each field that differs. */
export function ObjectBlock(props: {
  readonly action: PlannedAction;
  readonly mode: DiffMode;
  /** Whether it starts folded, unless it is deleted. */
  readonly folded?: boolean;
  readonly viewed: boolean;
  readonly onViewed: () => void;
}) {
  const { action, mode, folded = false, viewed, onViewed } = props;
  const { verb, object, origin, reason, diff = [], result, error } = action;
  const { label, tone, icon } = VERBS[verb];
  const isKept = verb !== "Delete" && verb !== "Recreate";
  const size = isNew(action) ? diff.reduce((sum, { to = "" }) => sum + to.length, 0) : 0;
  const isLong = diff.length > MOST_OPEN_FIELDS || size > MOST_OPEN_CHARACTERS;
  const large = (folded && isKept) || isLong || object.startsWith("CustomResourceDefinition ");
  const [opened, setOpened] = useState<boolean>();
  const open = opened ?? !(large || viewed);
  const id = useId();
  return (
    <article
      class={`object-block object-${verb.toLowerCase()}`}
      data-object={keyOf(action)}
      tabIndex={-1}
      aria-labelledby={id}
    >
      <header class="object-head">
        <button type="button" class="object-fold" aria-expanded={open} onClick={() => setOpened(!open)}>
          <Icon name={open ? "down" : "right"} />
          <span class={`verb tone-${tone}`}>
            <Icon name={icon} />
            {label}
          </span>
          <span class="sr-only">{object}</span>
        </button>
        <h2 id={id} class="object-title">
          <ObjectName name={object} />
        </h2>
        <span class="object-meta mono muted">{origin}</span>
        {result && (
          <span class={result === "Done" ? "tone-good" : "tone-bad"}>{result === "Done" ? "done" : "failed"}</span>
        )}
        <label class="choice">
          <input
            type="checkbox"
            checked={viewed}
            onChange={() => {
              setOpened(undefined);
              onViewed();
            }}
          />
          Viewed<span class="sr-only">: {object}</span>
        </label>
      </header>
      {open && (
        <div class="object-body">
          {error && <p class="tone-bad object-note">{error}</p>}
          {reason && <p class="object-note">{reason}</p>}
          {diff.map((field) => (
            <FieldDiff key={field.path} field={field} mode={mode} />
          ))}
          {diff.length === 0 && !reason && <p class="object-note muted">{emptyText(verb)}</p>}
        </div>
      )}
    </article>
  );
}

function emptyText(verb: PlannedAction["verb"]): string {
  if (verb === "Create") return "A new object, as in the file.";
  if (verb === "Delete") return "The object is not in Git any more.";
  if (verb === "Hook") return "Runs as a hook, as in the file.";
  return "No field that is shown differs.";
}
