/** Result of a verified OpenPGP signature, or why it is not accepted. */
export type GpgvVerdict =
  | { readonly ok: true; readonly signer: string; readonly key: string }
  /** `why` completes a sentence that begins with "is signed by the key …". */
  | { readonly ok: false; readonly kind: "untrusted" | "invalid"; readonly key: string; readonly why: string };

/** Hash algorithms that are safe against collisions (RFC 9580): SHA-256, SHA-384, SHA-512, SHA-224, SHA-3. */
const SAFE_HASHES: ReadonlySet<string> = new Set(["8", "9", "10", "11", "12", "14"]);
/** Classes of signatures over documents. */
const DOCUMENT_CLASSES: ReadonlySet<string> = new Set(["00", "01"]);

/** Reasons for which `gpgv` does not report a good signature, by their status keyword, the decisive ones first. */
const REFUSALS: readonly (readonly [keyword: string, kind: "untrusted" | "invalid", why: string])[] = [
  ["BADSIG", "invalid", "but the signature does not match its content"],
  ["REVKEYSIG", "untrusted", "which is revoked"],
  ["EXPKEYSIG", "untrusted", "which has expired"],
  ["EXPSIG", "untrusted", "and the signature has expired"],
];

/**
 * Judges the status lines of `gpgv` (doc/DETAILS of GnuPG). Accepts exactly one good signature over a document, with a safe hash,
 * by a key that is neither expired nor revoked.
 */
export function judgeGpgv(output: string, code: number | undefined): GpgvVerdict {
  const lines = output
    .split("\n")
    .filter((line) => line.startsWith("[GNUPG:] "))
    .map((line) => line.slice("[GNUPG:] ".length).split(" "));
  const all = (keyword: string): string[][] => lines.filter(([first]) => first === keyword);
  const valid = all("VALIDSIG")[0] ?? [];
  const error = all("ERRSIG")[0] ?? [];
  const key = `OpenPGP ${valid[1] ?? error[7] ?? error[1] ?? all("BADSIG")[0]?.[1] ?? all("EXPKEYSIG")[0]?.[1] ?? "unknown"}`;
  const refused = (kind: "untrusted" | "invalid", why: string): GpgvVerdict => ({ ok: false, kind, key, why });
  if (all("NEWSIG").length > 1) return refused("invalid", "and by others: only one signature is supported");
  for (const [keyword, kind, why] of REFUSALS) if (all(keyword).length > 0) return refused(kind, why);
  if (all("NO_PUBKEY").length > 0) return refused("untrusted", "");
  const [good, ...others] = all("GOODSIG");
  const hash = valid[8] ?? error[3] ?? "";
  if (["1", "2", "3"].includes(hash))
    return refused("invalid", "with a hash that is not collision-resistant, such as SHA-1");
  if (good === undefined || others.length > 0 || all("VALIDSIG").length !== 1 || code !== 0)
    return refused("invalid", "but gpgv cannot verify the signature");
  if (!SAFE_HASHES.has(hash)) return refused("invalid", "with an unknown hash algorithm");
  if (!DOCUMENT_CLASSES.has(valid[9] ?? "")) return refused("invalid", "but the signature is not for a document");
  return { ok: true, signer: good.slice(2).join(" "), key };
}
