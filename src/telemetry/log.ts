import winston from "winston";
import type { Clock } from "../base/clock.js";
import type { LogFields, Logger } from "../base/logger.js";
import { formatLine, LOG_LEVELS, type LogLevel } from "./log-line.js";

/** Options of a logger. */
export interface LogOptions {
  /** Minimum severity; less severe lines are skipped before formatting. */
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Output stream. Defaults to standard output. */
  readonly stream?: NodeJS.WritableStream;
}

/** Key under which winston's transports expect the formatted line (`triple-beam`). */
const MESSAGE = Symbol.for("message");
/** Lines are already formatted; without this, winston would format them again. */
const asIs = winston.format((info) => info)();
const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/**
 * Creates a logger that writes one JSON object per line: `{"ts":"…Z","level":"info","msg":"…",…fields}`. Field values
 * are sanitized in `log-line.ts`. Errors of the stream, such as a closed pipe, do not end the process.
 */
export function createLogger(options: LogOptions): Logger {
  const stream = options.stream ?? process.stdout;
  stream.on("error", () => {});
  const root = winston.createLogger({
    levels: { ...LEVELS },
    level: options.level,
    format: asIs,
    transports: [new winston.transports.Stream({ stream, eol: "\n" })],
  });
  return new WinstonLogger(root, options.clock, LEVELS[options.level], {});
}

class WinstonLogger implements Logger {
  readonly #root: winston.Logger;
  readonly #clock: Clock;
  readonly #threshold: number;
  readonly #fields: LogFields;

  constructor(root: winston.Logger, clock: Clock, threshold: number, fields: LogFields) {
    this.#root = root;
    this.#clock = clock;
    this.#threshold = threshold;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new WinstonLogger(this.#root, this.#clock, this.#threshold, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (LEVELS[level] > this.#threshold) return;
    const ts = new Date(this.#clock.now()).toISOString();
    const all = fields === undefined ? this.#fields : { ...this.#fields, ...fields };
    this.#root.write({ level, message, [MESSAGE]: formatLine(ts, level, message, all) });
  }
}

/** Reports whether the text is a log level. */
export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}
