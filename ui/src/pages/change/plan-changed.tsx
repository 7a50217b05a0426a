import type { PlannedAction } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Notice } from "../../components/messages.js";
import { ObjectName } from "../../components/object-name.js";
import { differenceOf, type SeenPlan } from "./plan.js";

/** Says what differs between the plan that the user has seen and the one that would be decided about now. */
export function PlanChanged({
  before,
  after,
  onSeen,
}: {
  readonly before: SeenPlan;
  readonly after: SeenPlan;
  readonly onSeen: () => void;
}) {
  const { added, removed, changed } = differenceOf(before, after);
  return (
    <Notice
      tone="warn"
      icon="warn"
      title="The plan has changed since you opened this page"
      actions={<Button onClick={onSeen}>I have seen the new plan</Button>}
    >
      <Part title="New in the plan" actions={added} />
      <Part title="Not in the plan any more" actions={removed} />
      <Part title="Changed" actions={changed} />
      {added.length + removed.length + changed.length === 0 && <p>The same objects, with other contents.</p>}
    </Notice>
  );
}

function Part({ title, actions }: { readonly title: string; readonly actions: readonly PlannedAction[] }) {
  if (actions.length === 0) return null;
  return (
    <p>
      {title}:{" "}
      {actions.map(({ verb, object }, index) => (
        <span key={object}>
          {index > 0 && ", "}
          {verb} <ObjectName name={object} />
        </span>
      ))}
    </p>
  );
}
