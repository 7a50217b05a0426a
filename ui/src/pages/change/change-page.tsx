import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { useApi } from "../../api/query.js";
import type { ChangeDetail, NewObjects, WholePlan } from "../../api/types.js";
import { ErrorNotice, Notice, Skeleton } from "../../components/messages.js";
import { ObjectName } from "../../components/object-name.js";
import { Page } from "../../components/page.js";
import { href } from "../../navigation/base.js";
import { useSearch } from "../../navigation/search.js";
import { ChangeHead } from "./change-head.js";
import { Gates } from "./gates.js";
import { ObjectBlock } from "./object-block.js";
import { ObjectList } from "./object-list.js";
import { inOrder, isNew, keyOf, planOf, type SeenPlan, withNewFields } from "./plan.js";
import { PlanChanged } from "./plan-changed.js";
import { useReviewKeys } from "./review-keys.js";
import { Verdict } from "./verdict.js";
import { useViewed } from "./viewed.js";

/** In a plan with more objects, all start folded, except those that it deletes. */
const MOST_OPEN_OBJECTS = 100;

/** One Change: what it does, why, what it waits for, and the decision about it. */
export function ChangePage() {
  const { namespace = "", name = "" } = useRoute().params;
  const { data: change, error, pending, retry } = useApi<ChangeDetail>(`changes/${namespace}/${name}`);
  return (
    <Page
      title={name}
      above={{ to: `${href("changes")}`, label: "Changes" }}
      aside={<span class="page-place muted">{namespace}</span>}
    >
      {error && <ErrorNotice error={error} retry={retry} />}
      {pending && <Skeleton rows={5} />}
      {change && <WithPlan key={`${namespace}/${name}`} change={change} />}
    </Page>
  );
}

/** Loads the whole plan of a Change that does not show it itself. */
function WithPlan({ change }: { readonly change: ChangeDetail }) {
  const { metadata, status } = change;
  const isCut = status?.planIncomplete !== undefined && !change.row.completed;
  const path = `changes/${metadata.namespace}/${metadata.name}/plan`;
  const { data: whole, error, pending, retry } = useApi<WholePlan>(isCut ? path : undefined);
  return (
    <>
      {error && <ErrorNotice error={error} retry={retry} />}
      {isCut && pending && <Skeleton rows={5} />}
      <Review change={change} whole={isCut ? whole : undefined} />
    </>
  );
}

function Review({ change, whole }: { readonly change: ChangeDetail; readonly whole: WholePlan | undefined }) {
  const { values, set } = useSearch();
  const mode = values.mode === "split" ? "split" : "unified";
  const now = planOf(change, whole);
  const [seen, setSeen] = useState<SeenPlan | undefined>(now);
  // Nobody has seen a plan that was not shown completely.
  if (now !== undefined && (seen === undefined || (!seen.complete && now.complete))) setSeen(now);
  const decidable = change.row.phase === "Waiting";
  const outdated = decidable && seen !== undefined && now !== undefined && seen.hash !== now.hash;
  const planned = inOrder(now?.actions ?? []);
  // Without them, the objects are shown as before: by their files.
  const { data: created } = useApi<NewObjects>(
    planned.some(isNew) ? `changes/${change.metadata.namespace}/${change.metadata.name}/new-objects` : undefined,
  );
  const actions = withNewFields(planned, created);
  const folded = actions.length > MOST_OPEN_OBJECTS;
  const viewed = useViewed(now?.hash);
  useReviewKeys(actions.map(keyOf), viewed.toggle, () => set({ mode: mode === "split" ? "" : "split" }));
  return (
    <>
      <ChangeHead change={change} />
      <div class="review">
        <div class="review-side">
          <Gates change={change} />
          {seen && now && (
            <Verdict change={change} plan={outdated ? seen : now} outdated={outdated} viewed={viewed.count(actions)} />
          )}
        </div>
        <div class="review-main">
          {outdated && <PlanChanged before={seen} after={now} onSeen={() => setSeen(now)} />}
          <Failure change={change} />
          <Refusals change={change} />
          {actions.length > 0 && (
            <>
              <div class="review-bar">
                <ObjectList actions={actions} viewed={viewed} />
                <fieldset class="segments" aria-label="Layout of differences">
                  <button
                    type="button"
                    class="segment"
                    aria-pressed={mode === "unified"}
                    onClick={() => set({ mode: "" })}
                  >
                    Unified
                  </button>
                  <button
                    type="button"
                    class="segment"
                    aria-pressed={mode === "split"}
                    onClick={() => set({ mode: "split" })}
                  >
                    Split
                  </button>
                </fieldset>
              </div>
              {actions.map((action) => (
                <ObjectBlock
                  key={keyOf(action)}
                  action={action}
                  mode={mode}
                  folded={folded}
                  viewed={viewed.has(keyOf(action))}
                  onViewed={() => viewed.toggle(keyOf(action))}
                />
              ))}
            </>
          )}
          {actions.length === 0 && <NoPlan change={change} />}
        </div>
      </div>
    </>
  );
}

function Failure({ change: { status } }: { readonly change: ChangeDetail }) {
  if (status?.phase !== "Failed" && status?.phase !== "Rejected") return null;
  return (
    <Notice tone="bad" icon="bad" title={status.phase === "Failed" ? "The Change failed" : "The Change was rejected"}>
      <p>{status.failure?.message ?? status.message}</p>
    </Notice>
  );
}

function Refusals({ change: { status } }: { readonly change: ChangeDetail }) {
  const refusals = status?.refusals ?? [];
  if (refusals.length === 0) return null;
  return (
    <Notice
      tone="bad"
      icon="bad"
      title={`The destination rejects ${refusals.length} ${refusals.length === 1 ? "document" : "documents"}; nothing was written`}
    >
      <ul class="plain-list">
        {refusals.map(({ object, origin, message }) => (
          <li key={`${object}${origin}${message}`}>
            <ObjectName name={object} /> {origin && <span class="mono muted">{origin}</span>}
            <br />
            {message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function NoPlan({ change: { row, status } }: { readonly change: ChangeDetail }) {
  if ((status?.refusals ?? []).length > 0) return null;
  const text = row.phase === "Planning" ? "The plan is being made." : (status?.message ?? "The Change has no plan.");
  return (
    <section class="empty">
      <h2>No plan to show</h2>
      <p>{text}</p>
    </section>
  );
}
