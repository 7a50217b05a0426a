import { UsageError } from "./exit-codes.js";
import { findKind, type Kind, kindOf } from "./kinds.js";

/** An object that a command names. */
export interface Target {
  readonly kind: Kind;
  /** Undefined: the namespace of the command. */
  readonly namespace?: string;
  readonly name: string;
}

/**
 * Reads `name`, `kind/name`, `namespace/name` or `kind/namespace/name`. What a single slash separates is a kind and a name if there is
 * such a kind.
 *
 * @throws UsageError
 */
export function parseTarget(text: string, fallback: Kind): Target {
  const parts = text.split("/");
  if (parts.some((part) => part === ""))
    throw new UsageError(`${JSON.stringify(text)} is no name: use NAME, KIND/NAME or NAMESPACE/NAME`);
  const [first = "", second = "", third] = parts;
  if (parts.length === 1) return { kind: fallback, name: first };
  if (parts.length > 3) throw new UsageError(`${JSON.stringify(text)} has too many parts: use KIND/NAMESPACE/NAME`);
  if (third !== undefined) return { kind: kindOf(first), namespace: second, name: third };
  const kind = findKind(first);
  return kind === undefined ? { kind: fallback, namespace: first, name: second } : { kind, name: second };
}

/** Reads a target whose kind must be one of these. */
export function parseTargetOf(text: string, kinds: readonly [Kind, ...Kind[]]): Target {
  const target = parseTarget(text, kinds[0]);
  if (kinds.includes(target.kind)) return target;
  const expected = kinds.map(({ names }) => names[0]).join(" or ");
  throw new UsageError(
    `${JSON.stringify(text)} is a ${target.kind.kind}: this command takes the name of ${/^[aeiou]/.test(expected) ? "an" : "a"} ${expected}`,
  );
}
