import type { ChangeDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { State } from "../../components/state.js";
import { visible } from "../../diff/visible.js";

const DECISIONS: Readonly<
  Record<NonNullable<NonNullable<ChangeDetail["status"]>["approvals"]>[number]["decision"], string>
> = {
  Approve: "approves",
  Reject: "rejects",
  Withdraw: "withdraws",
  BreakGlass: "applies it whatever the gates say",
  Acknowledge: "acknowledges that gates were passed over",
};

/** The gates in words, and the decisions that people have made. */
export function Gates({ change }: { readonly change: ChangeDetail }) {
  const all = change.status?.gates ?? [];
  const gates = all.filter(({ state, message }) => state !== "Pass" || message !== "passed");
  const passed = all.filter((gate) => !gates.includes(gate));
  const approvals = change.status?.approvals ?? [];
  if (all.length === 0 && approvals.length === 0) return null;
  return (
    <section class="panel stack-small" aria-labelledby="gates">
      <h2 id="gates">Gates</h2>
      <ul class="gates">
        {gates.map(({ name, state, message, since }) => (
          <li key={name} class="gate">
            <p class="gate-name">
              <State of={state} quiet />
              <strong>{name}</strong>
              {since && state !== "Pass" && (
                <span class="muted">
                  for <Ago at={since} as="span" />
                </span>
              )}
            </p>
            <p>{message}</p>
          </li>
        ))}
      </ul>
      {passed.length > 0 && (
        <p class="gate-name muted">
          <State of="Pass" quiet /> {passed.map(({ name }) => name).join(", ")}
        </p>
      )}
      {approvals.length > 0 && (
        <>
          <h3>Decisions</h3>
          <ul class="gates">
            {approvals.map(({ name, approver, decision, state, message, comment, time }) => (
              <li key={name} class="gate">
                <p class="gate-name">
                  <strong>{approver}</strong> {DECISIONS[decision]}
                  {time && (
                    <span class="muted">
                      <Ago at={time} />
                    </span>
                  )}
                </p>
                {comment && <blockquote>{visible(comment)}</blockquote>}
                {state !== "Counted" && <p class="muted">Does not count: {message}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
