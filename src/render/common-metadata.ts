import type { CommonMetadata } from "../api/common-metadata.js";
import { GROUP } from "../api/group.js";
import { hashBody, type PreparedDocument } from "../manifest/to-document.js";

/** Label of each namespace with its name. */
const NAME_LABEL = "kubernetes.io/metadata.name";
const NAME = /^(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Returns what is wrong with labels and annotations at a path of the spec, with the place; undefined if nothing is. */
export function metadataFault(at: string, { labels = {}, annotations = {} }: CommonMetadata): string | undefined {
  for (const [field, values] of Object.entries({ labels, annotations }))
    for (const [key, value] of Object.entries(values)) {
      const place = `${at}.${field}: ${JSON.stringify(key.slice(0, 128))}`;
      if (!isKey(key)) return `${place} is not a valid key: use prefix/name of letters, digits, -, _ and .`;
      if (key.startsWith(`${GROUP}/`)) return `${place} is reserved: set it in the documents that it is for`;
      if (key === NAME_LABEL) return `${place} is set by the API server: remove it`;
      if (field === "labels" && value !== "" && !NAME.test(value))
        return `${place} has the value ${JSON.stringify(value)}, which is not valid for a label: use letters, digits, -, _ and .`;
    }
  return undefined;
}

function isKey(key: string): boolean {
  const slash = key.indexOf("/");
  return slash < 0 ? NAME.test(key) : PREFIX.test(key.slice(0, slash)) && NAME.test(key.slice(slash + 1));
}

/** Returns documents with these labels and annotations, which replace those of the same key. */
export function withCommonMetadata(
  documents: readonly PreparedDocument[],
  { labels, annotations }: CommonMetadata,
): readonly PreparedDocument[] {
  return documents.map(({ written: _, ...document }) => {
    const { metadata } = document.object;
    const object = {
      ...document.object,
      metadata: {
        ...metadata,
        ...(labels ? { labels: { ...metadata.labels, ...labels } } : {}),
        ...(annotations ? { annotations: { ...metadata.annotations, ...annotations } } : {}),
      },
    };
    return { ...document, object, bodyHash: hashBody(object) };
  });
}
