import { expect } from "chai";
import type { Logger } from "../../../../src/base/logger.js";
import { KubeConnectionError, KubeStatusError, WatchSilentError } from "../../../../src/kube/errors.js";
import { WatchFailureLog } from "../../../../src/kube/watch/watch-failure-log.js";

const silent = new WatchSilentError("WATCH /api/v1/pods: no data received for 90 s: the watch is restarted", undefined);
const preparing = new KubeStatusError(429, { message: "storage is (re)initializing" }, "GET /apis/x/v1/things");
const broken = new KubeConnectionError("connect ECONNREFUSED", undefined);

/** The levels of the lines that these failures leave, one after the other. */
function levelsOf(failures: readonly unknown[]): string[] {
  const levels: string[] = [];
  const note = (level: string) => (): void => void levels.push(level);
  const logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const log = new WatchFailureLog({ ...logger, child: () => logger as unknown as Logger }, "/api/v1/pods");
  for (const failure of failures) log.failed(failure);
  return levels;
}

describe("WatchFailureLog", () => {
  it("does not warn about a silent watch that is restarted", () => {
    expect(levelsOf([silent, silent])).to.deep.equal(["debug", "debug"]);
  });

  it("does not warn about storage initialization, unless it lasts", () => {
    expect(levelsOf(Array(5).fill(preparing))).to.deep.equal(Array(5).fill("debug"));
    const lasting = levelsOf(Array(9).fill(preparing));
    expect(lasting.filter((level) => level === "warn")).to.have.length(1);
  });

  it("warns once of the same failure, and again after it has passed", () => {
    expect(levelsOf([broken, broken, broken])).to.deep.equal(["warn", "debug", "debug"]);
    expect(levelsOf([preparing, broken, broken])).to.deep.equal(["debug", "warn", "debug"]);
    expect(levelsOf([broken, silent, broken])).to.deep.equal(["warn", "debug", "warn"]);
  });

  it("returns whether there was a failure before", () => {
    const log = new WatchFailureLog({ debug() {}, info() {}, warn() {}, error() {}, child: () => log as never }, "/x");
    expect(log.recovered()).to.equal(false);
    log.failed(silent);
    expect(log.recovered()).to.equal(true);
    expect(log.recovered()).to.equal(false);
  });
});
