/** API group of the documents that users write for an Overseer Core. */
export const DOCUMENT_GROUP = "overseer.io";
/** `apiVersion` of every document. */
export const DOCUMENT_API_VERSION = `${DOCUMENT_GROUP}/v1`;
