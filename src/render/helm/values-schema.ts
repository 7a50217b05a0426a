/** Fields of a JSON schema by which a validator loads another one. */
const LOADS: ReadonlySet<string> = new Set(["$ref", "$dynamicRef", "$recursiveRef", "$schema"]);

/** Schemas of schemas that Helm has built in. */
const BUILT_IN = /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/schema|draft\/20(?:19-09|20-12)\/schema|schema)#?$/;

/** As text of UTF-8, and as text of bytes. */
const BYTE_ORDER_MARK = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

/**
 * What a `values.schema.json` refers to outside of itself. Helm reads that from the network or from the disk of the operator, whatever the
 * chart is confined to. Helm drops a byte order mark. A text that is no JSON here may be some to Helm.
 */
export function outsideReference(text: string): string | undefined {
  let schema: unknown;
  try {
    schema = JSON.parse(text.replace(BYTE_ORDER_MARK, ""));
  } catch {
    return "a text that is not JSON";
  }
  // Not recursive: it may be nested as deep as its author likes.
  const open = [schema];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (typeof child !== "string") open.push(child);
      else if (LOADS.has(key) && child !== "" && !child.startsWith("#") && !BUILT_IN.test(child)) return child;
    }
  }
  return undefined;
}
