import { GitError } from "../errors.js";
import type { ObjectType } from "../pack/entry.js";

/** Id and type of an object. */
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
 * Returns the error for an id that was requested as a commit but belongs to another kind of object. `peeled` is the final
 * target of a tag; `ref` is the ref that the id was found under.
 */
export function notACommit(wrong: TypedObject, peeled?: TypedObject, ref?: string): GitError {
  const where = ref === undefined ? "" : ` (${ref})`;
  const target = peeled === undefined ? "" : `, which points to ${NOUN[peeled.type]}, ${peeled.id}`;
  const remedy =
    peeled?.type === "commit"
      ? `set ref.commit to ${peeled.id}, or set ref.tag to the tag`
      : "set ref to a branch, a tag of a commit, or a commit id";
  return new GitError(
    "GIT_NOT_A_COMMIT",
    `${wrong.id}${where} is the id of ${NOUN[wrong.type]}, not of a commit${target}: ${remedy}`,
  );
}

/** Parses the target of a tag object, which may be another tag. */
export function parseTagTarget(content: Buffer): TypedObject | undefined {
  const found = /^object ([0-9a-f]{40})\ntype (commit|tag|tree|blob)\n/.exec(content.toString("latin1", 0, 100));
  return found?.[1] === undefined ? undefined : { id: found[1], type: found[2] as ObjectType };
}

/** Nested tags that are followed. */
const MAX_TAGS = 10;

/** Resolves the tag `id` to its final target using `read`; undefined if it cannot be resolved. */
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
