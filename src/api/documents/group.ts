/** API group of the documents that people write. */
export const DOCUMENT_GROUP = "overseer.io";
/** `apiVersion` of every document. */
export const DOCUMENT_API_VERSION = `${DOCUMENT_GROUP}/v1`;
