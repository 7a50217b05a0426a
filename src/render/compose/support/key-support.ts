/**
 * What becomes of a key of Compose on Kubernetes. `mapped`: the same effect. `warning`: converted with a loss, or without effect;
 * each use is reported. `note`: not needed; each use is reported. `refused`: the app is rejected.
 */
export type Support = "mapped" | "warning" | "note" | "refused";

/** A row of the table of keys. */
export interface KeySupport {
  readonly support: Support;
  /** What becomes of the key. For keys that are not mapped, this is also the message. */
  readonly effect: string;
}

/** Keys by path, like `deploy.update_config.order`; `*` stands for every key of a mapping, and items of lists have their path without index. */
export type KeyTable = Readonly<Record<string, KeySupport>>;

/** A key with the same effect. */
export function mapped(effect: string): KeySupport {
  return { support: "mapped", effect };
}

/** A key whose effect is lost at least partly. */
export function lossy(effect: string): KeySupport {
  return { support: "warning", effect };
}

/** A key that needs no counterpart. */
export function noted(effect: string): KeySupport {
  return { support: "note", effect };
}

/** A key that cannot be converted. */
export function refused(effect: string): KeySupport {
  return { support: "refused", effect };
}
