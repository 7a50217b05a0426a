import { sha256 } from "../../base/hash.js";
import { labelName } from "./names.js";

/** A mount of a container. */
export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

/** Collects the volumes of a pod. Volumes with the same key are added once, so that containers share them. */
export class PodVolumes {
  readonly #names = new Map<string, string>();
  readonly #volumes = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #hashes = new Set<string>();
  readonly #claims = new Set<string>();
  #leastLevel: "restricted" | "baseline" | "privileged" = "restricted";

  /** Adds a volume and returns its name. */
  add(key: string, source: Readonly<Record<string, unknown>>): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const wanted = labelName(key);
    const name = this.#volumes.has(wanted) ? labelName(`${wanted.slice(0, 50)}-${sha256(key, 8)}`) : wanted;
    this.#names.set(key, name);
    this.#volumes.set(name, { name, ...source });
    return name;
  }

  /** Adds a claim and returns the name of the volume. */
  claim(claimName: string): string {
    this.#claims.add(claimName);
    return this.add(`claim-${claimName}`, { persistentVolumeClaim: { claimName } });
  }

  /** Records the hash of a mounted content: the pods are replaced when it changes. */
  content(hash: string): void {
    this.#hashes.add(hash);
  }

  /** Records that the pod needs a less restrictive level of Pod Security. */
  needs(level: "baseline" | "privileged"): void {
    if (this.#leastLevel !== "privileged") this.#leastLevel = level;
  }

  get level(): "restricted" | "baseline" | "privileged" {
    return this.#leastLevel;
  }

  /** Names of the claims that the pod mounts. */
  get claims(): readonly string[] {
    return [...this.#claims];
  }

  get volumes(): readonly Readonly<Record<string, unknown>>[] {
    return [...this.#volumes.values()];
  }

  /** Hash of all mounted contents. Undefined if there are none. */
  get contentHash(): string | undefined {
    return this.#hashes.size === 0 ? undefined : sha256([...this.#hashes].sort().join("\n"), 16);
  }
}
