import { z } from "zod";
import { localRef, withRules } from "./fields.js";

const MODES = ["HEAD", "Tag", "Range"] as const;

/** Which signatures a revision must have. */
export const RepositoryVerification = withRules(
  z
    .object({
      mode: z
        .enum(MODES)
        .default("HEAD")
        .describe(
          "What must be signed. HEAD: the commit that the ref points to. Tag: the annotated tag that the ref names. Range: every commit since the last verified one, including merged-in commits; a ref that moves to a commit that is not a descendant of it is rejected. Defaults to HEAD.",
        ),
      secretRef: localRef(
        "Secret with the trusted public keys, under any names: armored OpenPGP public keys, SSH public keys, or lines of an allowed_signers file. The key revoked_keys may contain revoked SSH keys. Secrets of Flux can be used unchanged.",
      ),
      since: z
        .string()
        .max(40)
        .regex(/^[0-9a-f]{40}$/)
        .optional()
        .describe(
          "Commit ID after which all commits are verified. Only for the mode Range. Each new value is used once, for example to accept a rewritten history. Defaults to the last verified commit; without one, only the commit that the ref points to is verified.",
        ),
    })
    .describe(
      "Use only revisions that are signed by trusted keys. Otherwise the last verified revision stays in use and the condition Verified is False. Applies to the refs of apps too. If unset, signatures are not verified.",
    ),
  [
    {
      rule: "!has(self.since) || self.mode == 'Range'",
      message: "since requires mode Range: remove since, or set mode to Range",
      fieldPath: ".since",
    },
  ],
);

/** The last verified commit of a ref. */
export const VerifiedRevision = z
  .object({
    ref: z.string().max(600).describe("Ref, for example branch=main."),
    commit: z.string().max(64).describe("Verified commit ID."),
    mode: z.enum(MODES).describe("Value of verify.mode."),
    since: z.string().max(40).optional().describe("Value of verify.since that was used."),
    keys: z.string().max(64).describe("Digest of the trusted keys."),
    signer: z.string().max(256).describe("Principal or user ID of the signer."),
    key: z.string().max(256).describe("Type and fingerprint of the key of the signer."),
  })
  .describe("Last verified commit of a ref.");
export type VerifiedRevision = z.infer<typeof VerifiedRevision>;
