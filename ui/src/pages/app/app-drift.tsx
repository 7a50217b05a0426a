import type { AppDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { Code } from "../../components/code.js";
import { Notice } from "../../components/messages.js";
import { conditionOf } from "./app-state.js";

/** What differs from the applied revision, who wrote it, and what happens next. */
export function AppDrift({ app }: { readonly app: AppDetail }) {
  const drifted = conditionOf(app, "Drifted");
  const contested = conditionOf(app, "Contested");
  const { selfHeal } = app.spec.sync;
  if (drifted === undefined && contested === undefined) {
    return (
      <section class="empty">
        <h2>Nothing differs</h2>
        <p>
          All live objects are as the applied revision says. The operator watches them:{" "}
          {selfHeal ? "what others change is reverted at once." : "what others change is reported here."}
        </p>
      </section>
    );
  }
  return (
    <div class="stack-small">
      {[drifted, contested].map(
        (condition) =>
          condition && (
            <Notice
              key={condition.type}
              tone={condition.type === "Contested" ? "bad" : "warn"}
              icon="drift"
              title={
                condition.type === "Contested"
                  ? "Another writer keeps changing the same fields"
                  : "Live objects differ from the applied revision"
              }
            >
              <p>{condition.message}</p>
              <p class="muted">
                Since <Ago at={condition.lastTransitionTime} />
              </p>
            </Notice>
          ),
      )}
      <h2 class="next-heading">What happens next</h2>
      {selfHeal ? (
        <p>The operator reverts the fields that Git sets as soon as it can. The message above says what prevents it.</p>
      ) : (
        <>
          <p>
            The app only reports drift. The next sync reverts it. To keep the live value, write it to Git; to have drift
            reverted at once, set:
          </p>
          <Code label="Field to set" text={"spec:\n  sync:\n    selfHeal: true"} />
        </>
      )}
    </div>
  );
}
