/**
 * Computes the serialized size of a value with YAML aliases without expanding it: the characters of strings and keys plus 8 per
 * node. A few hundred bytes of nested aliases can expand to gigabytes ("billion laughs"). Undefined if the value contains
 * itself, which JSON cannot represent.
 */
export function expandedSize(value: unknown): number | undefined {
  const known = new Map<object, number>();
  const open = new Set<object>();
  const measure = (node: unknown): number => {
    if (typeof node === "string") return node.length + 8;
    if (typeof node === "bigint") return node.toString().length + 8;
    if (node === null || typeof node !== "object") return 8;
    const before = known.get(node);
    if (before !== undefined) return before;
    if (open.has(node)) return Number.NaN;
    open.add(node);
    let size = 8;
    if (Array.isArray(node)) for (const child of node) size += 1 + measure(child);
    else for (const [key, child] of Object.entries(node)) size += key.length + measure(child);
    open.delete(node);
    known.set(node, size);
    return size;
  };
  const size = measure(value);
  return Number.isNaN(size) ? undefined : size;
}
