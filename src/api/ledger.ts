import { z } from "zod";
import { atomicList } from "./fields.js";

/** Maximum number of entries of a ledger. */
export const MAX_LEDGER = 100;
/** Maximum number of images and chart versions of one entry. */
export const MAX_VERSIONS = 50;

/** One set of inputs that an app has applied, and how these did. */
export const LedgerEntry = z
  .object({
    commit: z.string().max(64).describe("Commit at which these inputs were applied."),
    through: z
      .string()
      .max(64)
      .optional()
      .describe("Newest commit that the app has processed with the same inputs, if it is another one."),
    key: z.string().max(64).describe("Key of the inputs, the same before and after an upgrade of the operator."),
    versions: atomicList(
      z.string().max(512),
      MAX_VERSIONS,
      "Images and chart versions. Only if a later Environment compares images.",
    ).optional(),
    firstHealthy: z.iso
      .datetime()
      .optional()
      .describe("Time at which the inputs were first healthy, or healthy again after a failure. Unset until then."),
    observed: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Seconds since firstHealthy during which the operator has observed the app as healthy, with these or later inputs.",
      ),
    held: z.int().min(0).optional().describe("Value of observed when other inputs were applied."),
    failed: z.iso
      .datetime()
      .optional()
      .describe("Time at which the inputs last failed: their Change failed, or an object was Degraded."),
    ended: z.iso.datetime().optional().describe("Time at which other inputs were applied. Unset for the applied ones."),
    how: z
      .enum(["Replaced", "Failed", "RolledBack"])
      .optional()
      .describe(
        "Why other inputs were applied. Failed: these had failed, and were not healthy again. RolledBack: a rollback replaced them. Replaced: any other cause.",
      ),
  })
  .describe("One set of inputs that the app has applied, and how they did.");
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** Inputs that an app has applied, oldest first. */
export const Ledger = atomicList(
  LedgerEntry,
  MAX_LEDGER,
  "Inputs that the app has applied and how they did, oldest first. Promotions rely on it. Only for apps of an Environment.",
);
