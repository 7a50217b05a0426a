import { jsonText } from "../../../base/hash.js";
import type { RawObject } from "../../../kube/object.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import type { Document } from "../../../manifest/document.js";

/** What etcd takes in one request unless told otherwise, and what of it is not the object. */
const ETCD_BYTES = 1.5 * 1024 * 1024;
const ETCD_OVERHEAD = 1024;
/** Smaller documents are not looked at. */
const SMALL_BYTES = 100_000;
/** From here on, what somebody else adds may make an object too large to keep its managed fields. */
const LARGE_BYTES = 500_000;
const LARGE_FIELDS = 5_000;

/** What is to be said of the size of an object before it is written. */
export interface SizeVerdict {
  /** Why it cannot be written at all; the dry run does not tell, as it never gets as far as etcd. */
  readonly refusal?: string;
  readonly warning?: string;
}

/** Judges the size of an object as the dry run showed it: with the managed fields, which may be as large as the rest. */
export function judgeSize(document: Document, dry: RawObject): SizeVerdict {
  if (jsonText(document.object).length < SMALL_BYTES) return {};
  const { managedFields } = dry.metadata;
  const bytes = Buffer.byteLength(JSON.stringify(dry));
  const rewrite = Buffer.byteLength(JSON.stringify(managedFields ?? []));
  const size = `it is ${megabytes(bytes)} large (${megabytes(rewrite)} of that are its managed fields)`;
  if (bytes > ETCD_BYTES - ETCD_OVERHEAD && storedAsJson(document)) {
    const limit = megabytes(ETCD_BYTES);
    return {
      refusal: `${size}, and etcd takes at most ${limit} in one request: split it, or take parts of it out of Git`,
    };
  }
  const fields = (JSON.stringify(managedFields ?? []).match(/"f:/g) ?? []).length;
  if (bytes < LARGE_BYTES && fields < LARGE_FIELDS) return {};
  return {
    warning: `${size} and has ${fields} fields: a larger one loses its managed fields without a word, and then its drift cannot be seen; split it`,
  };
}

/** Other built-in kinds are stored in a form that is smaller than JSON, by how much is not known here. */
function storedAsJson({ id }: Document): boolean {
  return !isBuiltinGroup(id.group) || (id.group === "" && ["ConfigMap", "Secret"].includes(id.kind));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}
