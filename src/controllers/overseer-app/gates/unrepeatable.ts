import type { ChangeCause } from "../../../api/change.js";
import type { Inputs } from "../../../api/inputs.js";
import { diffObjects } from "../../../manifest/diff/diff.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import { documentsWithHooks, type Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { renderAgain } from "../source/render.js";

/** Maximum numbers of objects, and of fields of each, in one message. */
const SHOWN_OBJECTS = 5;
const SHOWN_FIELDS = 3;

/**
 * Returns what of the documents differs when inputs are rendered again, for example a random password; undefined if nothing does, or if
 * they can no longer be rendered. The answer is kept until other inputs are asked about; callers that ask at the same time share one render.
 */
export async function unrepeatableParts(run: AppRun, inputs: Inputs, cause: ChangeCause): Promise<string | undefined> {
  // A deletion applies no documents.
  if (cause === "Deletion") return undefined;
  const known = run.memory.repeated;
  if (known?.inputsKey === inputs.key) return known.differs;
  const first = run.desired?.inputs.key === inputs.key ? run.desired : run.memory.renders.get(inputs.key);
  if (first === undefined) return undefined;
  const forget = (): void => {
    if (run.memory.repeated === asked) run.memory.repeated = undefined;
  };
  const compare = async (): Promise<string | undefined> => {
    const second = await renderAgain(run, inputs);
    if (second === undefined) forget();
    return second && describeDifference(first, second);
  };
  const asked = { inputsKey: inputs.key, differs: compare() };
  run.memory.repeated = asked;
  asked.differs.catch(forget);
  return asked.differs;
}

type Documents = Pick<Rendered, "documents" | "hooks">;

/** Names the objects and fields that differ between two renders of the same inputs, never values; undefined if there are none. */
export function describeDifference(first: Documents, second: Documents): string | undefined {
  const before = byKey(first);
  const after = byKey(second);
  const found: string[] = [];
  for (const [key, document] of new Map([...before, ...after])) {
    const [one, other] = [before.get(key), after.get(key)];
    const name = displayId(document.id);
    if (one === undefined || other === undefined) found.push(`${name} (only in one of two renders)`);
    else if (one.hash !== other.hash) found.push(`${name} (${fieldsOf(one, other)})`);
  }
  if (found.length === 0) return undefined;
  const more = found.length > SHOWN_OBJECTS ? ` and ${found.length - SHOWN_OBJECTS} more` : "";
  const objects = found.sort().slice(0, SHOWN_OBJECTS).join(", ");
  return `${objects}${more} ${found.length === 1 ? "differs" : "differ"} each time the source is rendered`;
}

function byKey(rendered: Documents): Map<string, Document> {
  return new Map(documentsWithHooks(rendered).map((document) => [document.key, document]));
}

function fieldsOf(one: Document, other: Document): string {
  const paths = diffObjects(one.object, other.object).entries.map(({ path }) => path);
  if (paths.length === 0) return "in a field that is not shown";
  const more = paths.length > SHOWN_FIELDS ? ` and ${paths.length - SHOWN_FIELDS} more` : "";
  return `${paths.slice(0, SHOWN_FIELDS).join(", ")}${more}`;
}
