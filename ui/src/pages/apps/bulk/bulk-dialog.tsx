import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { requestRefresh, requestSync, resume, suspend } from "../../../api/actions.js";
import type { AppRow } from "../../../api/types.js";
import { Button } from "../../../components/button.js";
import { Dialog } from "../../../components/dialog.js";
import { TextField } from "../../../components/text-field.js";
import { keyOf } from "../../../lists/selection.js";
import { BulkItem } from "./bulk-item.js";
import { type BulkVerb, countOf, type Rights, skipReason, titleOf } from "./bulk-verbs.js";
import { type Outcome, runBulk } from "./run-bulk.js";

const EXPLANATION: Readonly<Record<BulkVerb, string>> = {
  sync: "The newest revision of each app is planned and applied. Gates, such as approvals of deletions, hold as always.",
  refresh: "Each app is compared with Git now.",
  suspend:
    "Live objects stay as they are. New commits are not applied, and drift is not reverted, until the apps are resumed.",
  resume: "New commits are applied again, and drift is reverted again.",
};

/** Does one thing with several apps, and shows how it goes for each. `onDone` gets the keys of those for which it went well. */
export function BulkDialog(props: {
  readonly verb: BulkVerb;
  readonly apps: readonly AppRow[];
  readonly rights: Rights;
  readonly onDone: (keys: readonly string[]) => void;
  readonly onClose: () => void;
}) {
  const { verb, apps, rights, onDone, onClose } = props;
  const [reason, setReason] = useState("");
  const { outcomes, running, run } = useBulkRun(verb, reason.trim());
  const list = useRef<HTMLUListElement>(null);
  // What scrolls must be reachable by keyboard.
  useLayoutEffect(() => list.current?.setAttribute("tabindex", "0"), []);
  const possible = apps.filter((app) => skipReason(verb, app, rights) === undefined);
  const left = possible.filter((app) => outcomes.get(keyOf(app))?.phase !== "done");
  const begun = outcomes.size > 0;
  const close = (): void => {
    onDone(possible.filter((app) => outcomes.get(keyOf(app))?.phase === "done").map(keyOf));
    onClose();
  };
  const submit = (): void => {
    if (!running && left.length > 0) run(left);
  };
  const pinned = possible.filter((app) => app.pinned);
  return (
    <Dialog title={`${titleOf(verb, possible.length)}?`} onClose={close} onSubmit={submit}>
      <p>{EXPLANATION[verb]}</p>
      {verb === "sync" && pinned.length > 0 && (
        <p>This lifts the pin of a rollback of {pinned.map(({ name }) => name).join(", ")}.</p>
      )}
      {verb === "suspend" && !begun && <TextField label="Reason, for others" value={reason} onInput={setReason} />}
      <ul class="bulk-list" ref={list} aria-label="Apps">
        {apps.map((app) => (
          <BulkItem
            key={keyOf(app)}
            app={app}
            verb={verb}
            skipReason={skipReason(verb, app, rights)}
            outcome={outcomes.get(keyOf(app))}
          />
        ))}
      </ul>
      <p role="status">{begun ? summaryOf([...outcomes.values()], running) : ""}</p>
      <footer class="dialog-foot">
        {left.length > 0 && (
          <Button kind={verb === "suspend" ? "danger" : "primary"} type="submit" busy={running}>
            {begun && !running ? `Try ${countOf(left.length)} again` : titleOf(verb, left.length)}
          </Button>
        )}
        <Button kind="quiet" onClick={close}>
          {closeText(begun, running)}
        </Button>
      </footer>
    </Dialog>
  );
}

function closeText(begun: boolean, running: boolean): string {
  if (running) return "Stop here";
  return begun ? "Close" : "Cancel";
}

/** Runs the verb on apps; it ends with the dialog. */
function useBulkRun(verb: BulkVerb, reason: string) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [running, setRunning] = useState(false);
  const [stop] = useState(() => new AbortController());
  useEffect(() => () => stop.abort(), [stop]);
  const report = (app: AppRow, outcome: Outcome): void =>
    setOutcomes((before) => new Map(before).set(keyOf(app), outcome));
  const run = (apps: readonly AppRow[]): void => {
    setRunning(true);
    for (const app of apps) report(app, { phase: "waits" });
    void runBulk(apps, (app) => act(verb, app, reason), report, { stop: stop.signal }).then(() => setRunning(false));
  };
  return { outcomes, running, run };
}

async function act(verb: BulkVerb, { namespace, name }: AppRow, reason: string): Promise<string | undefined> {
  if (verb === "sync") return (await requestSync(namespace, name)).name;
  if (verb === "refresh") await requestRefresh(namespace, name);
  else if (verb === "suspend") await suspend(namespace, name, reason);
  else await resume(namespace, name);
  return undefined;
}

/** Returns how many went well and how many did not: `2 of 3 done, 1 failed`. */
function summaryOf(outcomes: readonly Outcome[], running: boolean): string {
  const count = (wanted: Outcome["phase"]): number => outcomes.filter(({ phase }) => phase === wanted).length;
  const failed = count("failed");
  const text = `${count("done")} of ${countOf(outcomes.length)} done${failed > 0 ? `, ${failed} failed` : ""}`;
  return running ? `${text}…` : text;
}
