import type { PlannedAction } from "../../api/types.js";
import { keyOf } from "./plan.js";
import { VERBS } from "./verbs.js";
import type { Viewed } from "./viewed.js";

/** The objects of the plan, to jump to one. */
export function ObjectList({
  actions,
  viewed,
}: {
  readonly actions: readonly PlannedAction[];
  readonly viewed: Viewed;
}) {
  return (
    <details class="object-list">
      <summary>
        {actions.length} {actions.length === 1 ? "object" : "objects"}
        <span class="muted">
          , {viewed.count(actions)} of {actions.length} viewed
        </span>
      </summary>
      <ul>
        {actions.map((action) => {
          const { label, tone } = VERBS[action.verb];
          return (
            <li key={keyOf(action)}>
              <button type="button" class="object-link" onClick={() => jumpTo(keyOf(action))}>
                <span class={`verb tone-${tone}`}>{label}</span>
                <span>{action.object}</span>
                {viewed.has(keyOf(action)) && <span class="muted">viewed</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function jumpTo(key: string): void {
  const block = document.querySelector<HTMLElement>(`[data-object="${CSS.escape(key)}"]`);
  block?.scrollIntoView({ block: "start" });
  block?.focus({ preventScroll: true });
}
