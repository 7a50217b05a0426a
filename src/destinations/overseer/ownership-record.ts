import { z } from "zod";
import type { Metadata } from "../../api/core/fields.js";
import { canonicalJson, hmacSha256, type Json } from "../../base/hash.js";

/** Metadata key of the ownership record. */
export const OWNERSHIP_KEY = "overseer-gitops";

/** Ownership record in the metadata of every managed resource: its owner, and its state after the last write. */
export const OwnershipRecord = z.object({
  /** `namespace/name` of the app. */
  app: z.string(),
  /** UID of the control cluster's kube-system namespace. */
  instance: z.string(),
  /** Hash of the applied document. */
  document: z.string(),
  /** Digest of the fields that the document set, as they were sent. */
  content: z.string(),
  /** Names of the resources that this one refers to by id: they may be re-created with another id. */
  refs: z.record(z.string(), z.string()).default({}),
  /** Annotations of the document that protect the resource from deletion; see `keepAnnotations`. */
  keepAnnotations: z.array(z.string()).default([]),
  /** Written by earlier versions instead; now always false. */
  pruneDisabled: z.boolean().default(false),
  /** Whether the app is deployed again when the value of a secret changes that it uses. */
  restart: z.boolean().default(false),
  /** Namespace of the document, for users. */
  namespace: z.string().default(""),
});
export type OwnershipRecord = z.infer<typeof OwnershipRecord>;

/** Caches parsed records by metadata object, which is immutable. */
const records = new WeakMap<Metadata, { readonly ownership: OwnershipRecord | undefined }>();

/** Returns the ownership record of a resource; undefined if it has none or an invalid one. */
export function ownershipOf(metadata: Metadata): OwnershipRecord | undefined {
  const known = records.get(metadata);
  if (known) return known.ownership;
  const ownership = OwnershipRecord.safeParse(metadata[OWNERSHIP_KEY]).data;
  records.set(metadata, { ownership });
  return ownership;
}

/** Returns the metadata with the ownership record; keeps all other keys. */
export function withOwnership(metadata: Metadata, ownership: OwnershipRecord): Metadata {
  return { ...metadata, [OWNERSHIP_KEY]: ownership };
}

/** Returns the metadata without the ownership record. */
export function withoutOwnership({ [OWNERSHIP_KEY]: _, ...rest }: Metadata): Metadata {
  return rest;
}

/** Returns the digest of the fields that a document sets. Keyed, since the values can be guessable. */
export function contentDigest(content: Json, key: string): string {
  return hmacSha256(key, canonicalJson(content), 32);
}
