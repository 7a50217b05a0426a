import { useState } from "preact/hooks";
import { type Decision, decide } from "../../api/actions.js";
import type { ChangeDetail } from "../../api/types.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { ObjectName } from "../../components/object-name.js";
import { useAction } from "../../components/use-action.js";
import { announce } from "../../state/announce.js";
import { deletionsOf, effectOf, keyOf, type SeenPlan } from "./plan.js";

type Verb = "approve" | "reject";

/** The decision about the plan that the user has seen. */
export function Verdict(props: {
  readonly change: ChangeDetail;
  readonly plan: SeenPlan;
  readonly outdated: boolean;
  readonly viewed: number;
}) {
  const { change, plan, outdated, viewed } = props;
  const [verb, setVerb] = useState<Verb>();
  const { row, can, status, metadata } = change;
  if (row.phase !== "Waiting") return null;
  const because = reasonAgainst(plan, outdated);
  return (
    <section class="panel verdict" aria-labelledby="verdict">
      <h2 id="verdict">Your decision</h2>
      {can.includes("approve") ? (
        <>
          <p class="verdict-why">You may approve this plan. Approving lets the operator {effectOf(plan.actions)}.</p>
          <p class="verdict-why muted">
            {viewed} of {plan.actions.length} objects viewed
          </p>
          <div class="actions">
            <Button kind="primary" icon="check" disabledBecause={because} onClick={() => setVerb("approve")}>
              Approve: {effectOf(plan.actions)}
            </Button>
            {because === undefined && (
              <Button kind="danger" icon="close" onClick={() => setVerb("reject")}>
                Reject
              </Button>
            )}
          </div>
        </>
      ) : (
        <p>
          You may not approve it: this needs the verb <code>approve</code> for the OverseerApp{" "}
          <code>
            {metadata.namespace}/{row.app}
          </code>
          , for example by the ClusterRole <code>overseer-gitops-approve</code>.
        </p>
      )}
      {!plan.complete && status?.planIncomplete && <p class="tone-bad">{status.planIncomplete}</p>}
      {verb && <VerdictDialog change={change} plan={plan} verb={verb} onClose={() => setVerb(undefined)} />}
    </section>
  );
}

function reasonAgainst({ complete }: SeenPlan, outdated: boolean): string | undefined {
  if (outdated) return "Review what changed first";
  return complete ? undefined : "The plan is not shown completely";
}

function VerdictDialog(props: {
  readonly change: ChangeDetail;
  readonly plan: SeenPlan;
  readonly verb: Verb;
  readonly onClose: () => void;
}) {
  const { change, plan, verb, onClose } = props;
  const { namespace, name } = change.metadata;
  const [comment, setComment] = useState("");
  const decision: Decision = { verb, planHash: plan.hash, comment: comment.trim() };
  const action = useAction(
    () => decide(namespace, name, decision),
    () => {
      onClose();
      announce(verb === "approve" ? `You approved ${name}` : `You rejected ${name}`);
    },
  );
  const deletions = deletionsOf(plan.actions);
  const approves = verb === "approve";
  return (
    <Confirm
      title={approves ? `Approve ${name}?` : `Reject ${name}?`}
      verb={approves ? `Approve: ${effectOf(plan.actions)}` : "Reject: keep what is applied"}
      danger={!approves}
      disabledBecause={!approves && comment.trim() === "" ? "Say why first" : undefined}
      action={action}
      onClose={onClose}
    >
      {approves && deletions.length > 0 && (
        <div class="notice tone-bad">
          <div class="notice-body">
            <p class="notice-title">This deletes</p>
            <ul class="plain-list">
              {deletions.map((one) => (
                <li key={keyOf(one)}>
                  <ObjectName name={one.object} />
                  {one.verb === "Recreate" && ", and creates it again"}
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
      {!approves && <p>The Change ends. The same plan is not tried again until the rejection is withdrawn.</p>}
      <label class="field">
        <span class="field-label">{approves ? "Comment (optional)" : "Why (required)"}</span>
        <textarea
          class="input"
          rows={3}
          maxLength={1024}
          value={comment}
          onInput={({ currentTarget }) => setComment(currentTarget.value)}
        />
        <span class="field-help">Everyone who may read the Change sees it.</span>
      </label>
      <p class="muted">
        For the plan <span class="mono">{plan.hash.slice(0, 12)}</span> only. If it changes before you decide, nothing
        is approved.
      </p>
    </Confirm>
  );
}
