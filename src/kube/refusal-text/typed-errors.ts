/** One fault that the API server found when it validated an object against its schema. */
export interface TypedError {
  /** In the server's notation: `.spec.containers[name="c"].args[1]`. */
  readonly path: string;
  /** Without the printed Go value that the server quotes. */
  readonly fault:
    | { readonly kind: "type"; readonly expected: ExpectedType }
    | { readonly kind: "unknown" }
    | { readonly kind: "duplicate"; readonly key: string }
    | { readonly kind: "other"; readonly text: string };
}

/** Type that the schema requires. */
export type ExpectedType = "text" | "number" | "boolean" | "list" | "mapping";

const EXPECTED: Readonly<Record<string, ExpectedType>> = {
  string: "text",
  numeric: "number",
  boolean: "boolean",
  list: "list",
  map: "mapping",
};

/**
 * Parses the faults of a server-side apply that does not match the schema (status 500, as of 1.35). The server reports only
 * some of them, varying between requests and in no particular order. Undefined for other errors.
 */
export function typedErrors(message: string): readonly TypedError[] | undefined {
  const match =
    /^failed to create (?:typed patch object|manager for existing fields)(?: \([^)]*\))?: (?:.*?: )?(?=\.|errors:)([\s\S]*)$/.exec(
      message,
    );
  const body = match?.[1];
  if (body === undefined) return undefined;
  const lines = body.startsWith("errors:")
    ? body
        .slice("errors:".length)
        .split(/\n {2}(?=\.)/)
        .slice(1)
    : [body];
  const errors = lines.flatMap((line) => typedError(line.trimEnd()) ?? []);
  return errors.length === 0 ? undefined : errors;
}

function typedError(line: string): TypedError | undefined {
  const at = endOfPath(line);
  if (at < 0) return undefined;
  const path = line.slice(0, at);
  const text = line.slice(at + 2);
  const type = EXPECTED[/^expected (\w+)/.exec(text)?.[1] ?? ""];
  if (type !== undefined) return { path, fault: { kind: "type", expected: type } };
  if (text.startsWith("field not declared in schema")) return { path, fault: { kind: "unknown" } };
  const key = /^duplicate entries for key \[(.*)\]/.exec(text)?.[1];
  if (key !== undefined) return { path, fault: { kind: "duplicate", key } };
  return { path, fault: { kind: "other", text } };
}

/** Parses unknown and duplicate fields found by strict decoding (status 400). Undefined for other errors. */
export function strictErrors(message: string): readonly TypedError[] | undefined {
  const body = /strict decoding error: ([\s\S]*)$/.exec(message)?.[1];
  if (body === undefined) return undefined;
  const found = [...body.matchAll(/(unknown|duplicate) field "([^"]+)"/g)];
  const errors = found.map(
    ([, kind, path = ""]): TypedError => ({
      path,
      fault: kind === "unknown" ? { kind: "unknown" } : { kind: "duplicate", key: path },
    }),
  );
  return errors.length === 0 ? undefined : errors;
}

/** Returns the position of the `: ` after the path; keys in brackets may contain any character. */
function endOfPath(line: string): number {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (char === '"' && depth > 0) quoted = !quoted;
    else if (char === "\\" && quoted) at++;
    else if (quoted) continue;
    else if (char === "[") depth++;
    else if (char === "]") depth--;
    else if (char === ":" && depth === 0 && line[at + 1] === " ") return at;
  }
  return -1;
}
