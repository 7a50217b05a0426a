import { z } from "zod";
import type { Metadata } from "../../api/core/fields.js";
import { canonicalJson, hmacSha256, type Json } from "../../base/hash.js";

/** Key of our mark in the metadata of a resource. */
export const OWNERSHIP_KEY = "overseer-gitops";

/** What we write into the metadata of everything that we make: whose it is, and what it looked like when we left it. */
export const OwnershipRecord = z.object({
  /** `namespace/name` of the app. */
  app: z.string(),
  /** UID of the control cluster's kube-system namespace. */
  instance: z.string(),
  /** Hash of the document that was applied. */
  document: z.string(),
  /** Digest of the fields that the document decided, as they were sent. */
  content: z.string(),
  /** Names of what the resource refers to by id: it may have been made anew under another one. */
  refs: z.record(z.string(), z.string()).default({}),
  /** Marks of the document that keep the resource; see `keepAnnotations`. */
  keepAnnotations: z.array(z.string()).default([]),
  /** Earlier versions wrote this instead; now false. */
  pruneDisabled: z.boolean().default(false),
  /** Whose namespace the document names, for people. */
  namespace: z.string().default(""),
});
export type OwnershipRecord = z.infer<typeof OwnershipRecord>;

/** What was read of metadata, which is never altered: every look at what is live reads all marks. */
const marks = new WeakMap<Metadata, { readonly ownership: OwnershipRecord | undefined }>();

/** The mark on a resource; undefined where there is none, or one that nobody of us wrote. */
export function ownershipOf(metadata: Metadata): OwnershipRecord | undefined {
  const known = marks.get(metadata);
  if (known) return known.ownership;
  const ownership = OwnershipRecord.safeParse(metadata[OWNERSHIP_KEY]).data;
  marks.set(metadata, { ownership });
  return ownership;
}

/** The metadata with our mark; what others keep there stays. */
export function withOwnership(metadata: Metadata, ownership: OwnershipRecord): Metadata {
  return { ...metadata, [OWNERSHIP_KEY]: ownership };
}

/** The metadata without our mark. */
export function withoutOwnership({ [OWNERSHIP_KEY]: _, ...rest }: Metadata): Metadata {
  return rest;
}

/** Digest of what a document decides about a resource. Keyed: values that a person could guess are in it. */
export function contentDigest(content: Json, key: string): string {
  return hmacSha256(key, canonicalJson(content), 32);
}
