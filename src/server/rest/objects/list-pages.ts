import type { RawObject } from "../../../kube/object.js";
import type { UserKube } from "../identity/user-requests.js";

/** Objects of one request. */
const PAGE = 500;

/** What was made of the objects of all pages. */
export interface Pages<T> {
  readonly items: readonly T[];
  /** Whether there are more objects than were read. */
  readonly omitted: boolean;
}

interface Page {
  /** Null in an empty list of metadata, as Go writes it. */
  readonly items: readonly RawObject[] | null;
  readonly metadata?: { readonly continue?: string };
}

/**
 * Lists a collection page by page, in the name of a user. Each page is reduced at once, so that a large namespace does not fill the memory.
 * Stops after `max` objects were read.
 */
export async function listPages<T>(
  kube: UserKube,
  { path, accept, max }: { readonly path: string; readonly accept?: string; readonly max: number },
  reduce: (object: RawObject) => readonly T[],
): Promise<Pages<T>> {
  const items: T[] = [];
  let next = "";
  for (let read = 0; read < max; ) {
    const query = { limit: String(Math.min(PAGE, max - read)), ...(next === "" ? {} : { continue: next }) };
    const { body } = await kube.request<Page>({
      ...{ method: "GET", path, query },
      ...(accept === undefined ? {} : { accept }),
    });
    const page = body.items ?? [];
    for (const object of page) items.push(...reduce(object));
    // An empty page that promises more must not be followed forever.
    read += Math.max(page.length, 1);
    next = body.metadata?.continue ?? "";
    if (next === "") return { items, omitted: false };
  }
  return { items, omitted: true };
}
