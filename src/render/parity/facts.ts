/** Value of a variable of an encrypted `env_file`. Each destination keeps it in a place of its own. */
export const ENCRYPTED_VARIABLE = "${SECRET:ENV_FILE}";

/** What an app sees and offers at one destination, in a form that can be compared with that at another one. */
export interface AppFacts {
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** Routes by host and path. */
  readonly routes: ReadonlyMap<string, RouteFacts>;
}

/** What a service sees, and how it is reached. */
export interface ServiceFacts {
  /** Names by which other services of the app reach it. */
  readonly names: readonly string[];
  /** Variables by name. A secret is written as `${SECRET:name}`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly image: string;
  /** The words of the command, without the entrypoint; undefined for that of the image. */
  readonly command: readonly string[] | undefined;
  readonly entrypoint: readonly string[] | undefined;
  /** What is mounted, by its path in the container. */
  readonly mounts: ReadonlyMap<string, Mount>;
}

/** Where a route leads, and what it requires. */
export interface RouteFacts {
  readonly service: string;
  readonly port: number;
  /** Undefined if a Gateway decides about it. */
  readonly tls: boolean | undefined;
  readonly signIn: boolean;
}

/** What is mounted at a path of a container. */
export interface Mount {
  readonly kind: "volume" | "temporary" | "memory" | "host" | "file";
  /** Name of the volume, path on the host, or content of the file; empty if it does not matter. */
  readonly source: string;
  /** Of a volume. Undefined if it is not known. */
  readonly readOnly?: boolean;
  /** Of a volume: the folder within it, or empty. Undefined if it is not known. */
  readonly subPath?: string;
}

/** Sorts and removes duplicates. */
export function unique(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].sort();
}

/** Removes the slash at the end of a path in a container. */
export function mountPath(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
