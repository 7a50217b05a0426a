import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import type { Clock } from "../../../src/base/clock.js";
import { systemClock } from "../../../src/base/clock.js";
import { OverseerError } from "../../../src/base/errors.js";
import type { Logger } from "../../../src/base/logger.js";
import { createLogger, isLogLevel } from "../../../src/telemetry/log.js";
import type { LogLevel } from "../../../src/telemetry/log-line.js";

const clock: Clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };

/** Keeps what is written. */
class Sink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): Record<string, unknown>[] {
    return this.text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

function logTo(level: LogLevel = "debug"): { logger: Logger; sink: Sink } {
  const sink = new Sink();
  return { logger: createLogger({ level, clock, stream: sink }), sink };
}

describe("createLogger", () => {
  it("writes one JSON object per line: ts, level, msg, then the fields", () => {
    const { logger, sink } = logTo();
    logger.info("synced", { app: "shop/web", objects: 3, empty: undefined });
    expect(sink.text).to.equal(
      '{"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"synced","app":"shop/web","objects":3}\n',
    );
  });

  it("keeps a message with line ends on one line, and has no colours", () => {
    const { logger, sink } = logTo();
    logger.error("a\nb", { detail: "c\r\nd" });
    expect(sink.text.trimEnd().split("\n")).to.have.length(1);
    expect(sink.text).not.to.include("\u001b");
    expect(sink.lines[0]).to.include({ msg: "a\nb", detail: "c\r\nd" });
  });

  it("leaves out what is below the level", () => {
    const { logger, sink } = logTo("warn");
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    logger.child({}).info("e");
    expect(sink.lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
      ["warn", "c"],
      ["error", "d"],
    ]);
  });

  it("adds the fields of its ancestors, the nearest first", () => {
    const { logger, sink } = logTo();
    logger.child({ controller: "app", name: "a" }).child({ name: "b" }).info("x", { revision: 1 });
    expect(sink.lines[0]).to.include({ controller: "app", name: "b", revision: 1 });
  });

  it("does not let a field pass for the time, level or message", () => {
    const { logger, sink } = logTo();
    logger.info("real", { msg: "false", level: "debug", ts: 0 });
    expect(sink.lines[0]).to.include({ msg: "real", level: "info", _msg: "false", _level: "debug", _ts: 0 });
  });

  it("does not end when the stream breaks", async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) });
    const logger = createLogger({ level: "info", clock, stream: broken });
    logger.info("a");
    await turn();
    logger.info("b");
    await turn();
  });

  it("knows the levels", () => {
    expect(["error", "warn", "info", "debug"].every(isLogLevel)).to.equal(true);
    expect(isLogLevel("trace")).to.equal(false);
  });
});

describe("log fields", () => {
  const lineOf = (fields: Record<string, unknown>, message = "m"): Record<string, unknown> => {
    const { logger, sink } = logTo();
    logger.info(message, fields);
    return sink.lines[0] ?? {};
  };

  it("show an expected error without a stack, with its code and cause", () => {
    const error = new OverseerError("no such ref", {
      code: "GIT_NO_REF",
      reason: "ReferenceNotFound",
      class: "terminal",
      cause: new Error("404"),
    });
    expect(lineOf({ error }))
      .to.include({ error: "no such ref", errorCode: "GIT_NO_REF", errorCause: "404" })
      .and.not.have.property("errorStack");
  });

  it("show where an unexpected error happened", () => {
    const line = lineOf({ error: new TypeError("x is undefined") });
    expect(line.error).to.equal("x is undefined");
    expect(line.errorStack).to.include("log.test");
  });

  it("lose user name, password and query of a URL", () => {
    expect(lineOf({ url: "https://me:canary@git.example.com/x.git?token=canary" }).url).to.equal(
      "https://git.example.com/x.git",
    );
  });

  it("lose user name and password of URLs inside texts, errors, lists and maps", () => {
    const url = "https://me:canary@git.example.com/x.git";
    const wrong = new Error(`cannot read ${url}: 401`, { cause: `also ${url}` });
    const line = lineOf(
      { wrong, list: [url], nested: { deep: { url } }, map: new Map([["u", url]]) },
      `fetch ${url} failed`,
    );
    expect(JSON.stringify(line)).not.to.include("canary");
    expect(line.msg).to.equal("fetch https://git.example.com/x.git failed");
  });

  it("keep a URL without a user name, and an address with an @", () => {
    expect(lineOf({ url: "https://git.example.com/@scope/x?a=b" }).url).to.equal(
      "https://git.example.com/@scope/x?a=b",
    );
    expect(lineOf({ who: "me@example.com" }).who).to.equal("me@example.com");
  });

  it("are cut when long, deep or endless", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const line = lineOf({ long: "x".repeat(10_000), loop, many: Array.from({ length: 60 }, (_, i) => i) });
    expect(line.long).to.have.length(4096);
    expect(JSON.stringify(line.loop)).to.include("…");
    expect(line.many).to.have.length(51);
  });

  it("may be anything", () => {
    const line = lineOf({
      big: 12n,
      bytes: new Uint8Array(3),
      when: new Date(0),
      never: new Date(Number.NaN),
      set: new Set([1]),
      none: null,
      fn: () => {},
    });
    expect(line).to.deep.include({
      big: "12",
      bytes: "<3 bytes>",
      when: "1970-01-01T00:00:00.000Z",
      never: "<invalid date>",
      set: [1],
      none: null,
      fn: "<function>",
    });
  });
});
