import type { NewObjects, PlannedObject } from "../../api/rest/changes.js";
import { documentsWithHooks } from "../../controllers/overseer-app/rendered.js";
import { diffObjects } from "../../manifest/diff/diff.js";
import { REDACTED } from "../../manifest/diff/mask.js";
import type { Document } from "../../manifest/document.js";
import { apiVersionOf, displayId } from "../../manifest/object-id.js";
import { bare, type LeaderFacts } from "./facts.js";

/** Limits of each object, as in a plan that is shown whole, and of the values of all objects in a response. */
const MAX_FIELDS = 1_000;
const MAX_VALUE = 2 ** 20;
const MAX_CHARACTERS = 4 * 2 ** 20;

/** Which objects are asked for: the plan of a Change does not hold the fields of those that it creates. */
export interface NewObjectsQuery {
  /** Key of the inputs of the Change. */
  readonly inputs: string;
  readonly objects: readonly PlannedObject[];
}

/**
 * Returns the fields of objects that a Change creates, from the documents of its inputs as far as these are in memory. Values of Secrets,
 * and values that look like secrets, are masked.
 */
export function newObjects(
  facts: Pick<LeaderFacts, "renders">,
  app: string,
  { inputs, objects }: NewObjectsQuery,
): NewObjects {
  const rendered = facts.renders(app)?.get(inputs);
  const known = rendered === undefined ? [] : documentsWithHooks(rendered);
  const documents = new Map(known.map((document) => [nameOf(document), document]));
  const items: NewObjects["items"][number][] = [];
  let left = MAX_CHARACTERS;
  for (const { apiVersion, object } of objects) {
    const document = documents.get(`${apiVersion} ${object}`);
    if (document === undefined) continue;
    const diff = fieldsOf(document);
    const size = diff.reduce((sum, { path, to = "" }) => sum + path.length + to.length, 0);
    if (size > left) continue;
    left -= size;
    items.push({ apiVersion, object, diff });
  }
  return { items, omitted: objects.length - items.length };
}

function nameOf({ id }: Document): string {
  return `${apiVersionOf(id)} ${displayId(id)}`;
}

/** All fields but those that name the object. */
function fieldsOf(document: Document): { path: string; to?: string }[] {
  const { entries, omitted } = diffObjects(bare(document), document.object, MAX_FIELDS, MAX_VALUE);
  const fields = entries.map(({ path, to = "" }) => ({ path, to: document.confidential ? REDACTED : to }));
  return omitted === 0 ? fields : [...fields, { path: `and ${omitted} more` }];
}
