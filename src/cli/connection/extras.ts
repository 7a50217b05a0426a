/** A container whose log is read. */
export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The containers of an app, and why some may be missing. */
export interface LogSources {
  readonly sources: readonly LogSource[];
  readonly gaps: readonly string[];
}

/** Which containers: those of one object of the app, such as `deployment/web`, and of one name. */
export interface LogFilter {
  readonly object?: string | undefined;
  readonly container?: string | undefined;
}

/** Which lines of a log. */
export interface LogRange {
  readonly follow: boolean;
  readonly previous: boolean;
  /** Number of the last lines; negative for all. */
  readonly tail: number;
  /** Age of the oldest line, in milliseconds. */
  readonly since?: number | undefined;
}

/** Values of a Secret that is kept out of Git. */
export interface SecretValues {
  readonly name: string;
  /** In base64, by key. */
  readonly data: Readonly<Record<string, string>>;
  readonly type?: string | undefined;
  /** Whether keys that are not given are removed. */
  readonly replace: boolean;
}

/** A Secret that is kept out of Git, without its values. */
export interface PushedSecretRow {
  readonly namespace: string;
  readonly name: string;
  readonly setBy?: string | undefined;
  readonly setAt?: string | undefined;
}
