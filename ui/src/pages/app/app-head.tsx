import type { AppDetail } from "../../api/types.js";
import { Ago } from "../../components/ago.js";
import { State } from "../../components/state.js";
import { conditionOf, sentenceOf } from "./app-state.js";

/** The state of the app in words, and since when. */
export function AppHead({ app }: { readonly app: AppDetail }) {
  const { health, sync } = app.row;
  const since = conditionOf(app, health === "Healthy" ? "Ready" : "Healthy")?.lastTransitionTime;
  return (
    <section class="app-head" aria-label="State">
      <p class="app-head-states">
        <State of={health} />
        <State of={sync} />
      </p>
      <p class="app-head-sentence">
        {sentenceOf(app)}
        {since && (
          <span class="muted">
            {" "}
            · since <Ago at={since} />
          </span>
        )}
      </p>
    </section>
  );
}
