/** Fields of a log line: plain values, never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logger interface. The implementation is in `telemetry/`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Returns a logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** Discards all log lines. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
