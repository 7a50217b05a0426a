import { GitError } from "../errors.js";
import type { ObjectType } from "../pack/entry.js";

/** An object by its id, and what it is. */
export interface TypedObject {
  readonly id: string;
  readonly type: ObjectType;
}

const NOUN: Readonly<Record<ObjectType, string>> = {
  commit: "a commit",
  tag: "an annotated tag",
  tree: "a folder (a tree object)",
  blob: "a file (a blob object)",
};

/**
 * The error for an id that was asked for as a commit and names another object. `peeled` is what a tag leads to, over any
 * number of other tags; `ref` is the name that the id was found under.
 */
export function notACommit(wrong: TypedObject, peeled?: TypedObject, ref?: string): GitError {
  const where = ref === undefined ? "" : ` (${ref})`;
  const leads = peeled === undefined ? "" : `, which leads to ${NOUN[peeled.type]}, ${peeled.id}`;
  const remedy =
    peeled?.type === "commit"
      ? `set ref.commit to ${peeled.id}, or name the tag in ref.tag`
      : "name a branch, a tag of a commit, or the id of a commit in ref";
  return new GitError(
    "GIT_NOT_A_COMMIT",
    `${wrong.id}${where} is the id of ${NOUN[wrong.type]}, not of a commit${leads}: ${remedy}`,
  );
}

/** What a tag object names: the object that it was made for, which may be a tag again. */
export function parseTagTarget(content: Buffer): TypedObject | undefined {
  const found = /^object ([0-9a-f]{40})\ntype (commit|tag|tree|blob)\n/.exec(content.toString("latin1", 0, 100));
  return found?.[1] === undefined ? undefined : { id: found[1], type: found[2] as ObjectType };
}

/** Tags of tags that are followed. */
const MAX_TAGS = 10;

/** What the tag `id` leads to in the end, by `read`; undefined when that cannot be told. */
export async function peelTag(
  id: string,
  read: (id: string) => Promise<{ readonly type: ObjectType; readonly content: Buffer } | undefined>,
): Promise<TypedObject | undefined> {
  let at: TypedObject = { id, type: "tag" };
  for (let hop = 0; hop < MAX_TAGS; hop++) {
    const object = await read(at.id);
    if (object === undefined) return at.id === id ? undefined : at;
    if (object.type !== "tag") return { id: at.id, type: object.type };
    const next = parseTagTarget(object.content);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}
