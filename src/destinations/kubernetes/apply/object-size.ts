import { jsonText } from "../../../base/hash.js";
import type { RawObject } from "../../../kube/object.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import type { Document } from "../../../manifest/document.js";

/** Default request limit of etcd, and the part of a request that is not the object. */
const ETCD_BYTES = 1.5 * 1024 * 1024;
const ETCD_OVERHEAD = 1024;
/** Smaller documents are not checked. */
const SMALL_BYTES = 100_000;
/** Above these, fields added by others may make an object too large to keep its managed fields. */
const LARGE_BYTES = 500_000;
const LARGE_FIELDS = 5_000;

/** Result of the size check. */
export interface SizeVerdict {
  /** Why the object cannot be written. A dry run does not reveal this, since it never reaches etcd. */
  readonly refusal?: string;
  readonly warning?: string;
}

/** Checks the size of an object as returned by the dry run, including managed fields, which can be as large as the rest. */
export function judgeSize(document: Document, dry: RawObject): SizeVerdict {
  if (jsonText(document.object).length < SMALL_BYTES) return {};
  const { managedFields } = dry.metadata;
  const bytes = Buffer.byteLength(JSON.stringify(dry));
  const managed = Buffer.byteLength(JSON.stringify(managedFields ?? []));
  const size = `the object is ${megabytes(bytes)} large (managed fields: ${megabytes(managed)})`;
  if (bytes > ETCD_BYTES - ETCD_OVERHEAD && storedAsJson(document)) {
    const limit = megabytes(ETCD_BYTES);
    return {
      refusal: `${size}, and etcd accepts at most ${limit} per request: split it, or remove parts of it from Git`,
    };
  }
  const fields = (JSON.stringify(managedFields ?? []).match(/"f:/g) ?? []).length;
  if (bytes < LARGE_BYTES && fields < LARGE_FIELDS) return {};
  return {
    warning: `${size} and has ${fields} fields: a larger object silently loses its managed fields, and its drift can then not be detected; split it`,
  };
}

/** Other built-in kinds are stored as protobuf, which is smaller than JSON by an unknown amount. */
function storedAsJson({ id }: Document): boolean {
  return !isBuiltinGroup(id.group) || (id.group === "" && ["ConfigMap", "Secret"].includes(id.kind));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}
