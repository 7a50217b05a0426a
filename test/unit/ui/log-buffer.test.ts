import { expect } from "chai";
import { ApiError } from "../../../ui/src/api/problem.js";
import { LogBuffer, type LogLine, MAX_LINES } from "../../../ui/src/pages/app/logs/log-buffer.js";
import { togetherOf } from "../../../ui/src/pages/app/logs/log-sources.js";

const line = (time: number, text: string): LogLine => ({
  time: `2026-01-01T00:00:00.${String(time).padStart(9, "0")}Z`,
  text,
});
const texts = (buffer: LogBuffer): string[] => buffer.blocks.flatMap(({ lines }) => lines.map(({ text }) => text));

describe("the buffer of a log", () => {
  it("drops the lines that a new connection sends again, and no others", () => {
    const buffer = new LogBuffer();
    const log = buffer.sink();
    log.add([line(1, "a"), line(2, "b"), line(2, "b"), line(2, "c")]);
    expect(log.since).to.equal(line(2, "").time);
    log.reconnected();
    log.add([line(1, "a"), line(2, "b"), line(2, "b"), line(2, "c"), line(2, "c"), line(3, "d")]);
    log.add([line(2, "late"), line(3, "e")]);
    expect(texts(buffer)).to.deep.equal(["a", "b", "b", "c", "c", "d", "late", "e"]);
  });

  it("keeps lines without a time", () => {
    const buffer = new LogBuffer();
    const log = buffer.sink();
    log.add([{ time: "", text: "x" }]);
    log.reconnected();
    log.add([{ time: "", text: "x" }]);
    expect(texts(buffer)).to.deep.equal(["x", "x"]);
    expect(log.since).to.equal(undefined);
  });

  it("keeps the last lines, and says how many are not kept", () => {
    const buffer = new LogBuffer();
    const log = buffer.sink();
    for (let at = 0; at < MAX_LINES + 1_000; at += 100)
      log.add(Array.from({ length: 100 }, (_, index) => line(at + index, String(at + index))));
    expect(buffer.dropped).to.equal(1_000);
    expect(texts(buffer).at(-1)).to.equal(String(MAX_LINES + 999));
    expect(texts(buffer)).to.have.length(MAX_LINES);
  });

  it("leaves full blocks as they are, so that a page draws them once", () => {
    const buffer = new LogBuffer();
    const log = buffer.sink();
    log.add(Array.from({ length: 450 }, (_, at) => line(at, String(at))));
    const before = buffer.blocks;
    log.add([line(450, "450")]);
    expect(buffer.blocks.slice(0, 2)).to.deep.equal(before.slice(0, 2));
    expect(buffer.blocks[0]).to.equal(before[0]);
    expect(buffer.blocks[2]).not.to.equal(before[2]);
  });

  it("merges several logs by time, including late lines, and keeps the order of each", () => {
    const buffer = new LogBuffer();
    const [web, proxy] = [buffer.sink(0), buffer.sink(1)];
    const many = Array.from({ length: 450 }, (_, index) => line(2 * index, `web ${index}`));
    web.add(many);
    const before = buffer.blocks;
    proxy.add([line(501, "proxy a"), line(500, "proxy earlier"), line(899, "proxy b")]);
    expect(texts(buffer).slice(249, 255)).to.deep.equal([
      "web 249",
      "web 250",
      "proxy a",
      "proxy earlier",
      "web 251",
      "web 252",
    ]);
    expect(texts(buffer).at(-1)).to.equal("proxy b");
    expect(buffer.total).to.equal(453);
    expect(buffer.blocks[0], "a block before the late lines").to.equal(before[0]);
    proxy.reconnected();
    proxy.add([line(899, "proxy b"), line(900, "proxy c")]);
    web.add([line(899, "web late")]);
    expect(texts(buffer).slice(-3)).to.deep.equal(["proxy b", "web late", "proxy c"]);
    expect(buffer.blocks.flatMap(({ lines }) => lines.slice(-1).map(({ source }) => source)).at(-1)).to.equal(1);
    expect([web.total, proxy.total, proxy.since]).to.deep.equal([451, 4, line(900, "").time]);
  });

  it("is live while one of the containers is, whatever init containers and others do", () => {
    const sources = { app: "a/b", pod: "a/c", previous: false };
    const waiting = { phase: "waiting", error: undefined } as const;
    const [live, complete] = [{ phase: "live" }, { phase: "complete" }] as const;
    const error = new ApiError(400, {});
    const pod = { ...sources, containers: ["setup", "web", "proxy"], init: ["setup"] };
    expect(togetherOf(pod, [waiting, live, waiting]).phase).to.equal("live");
    expect(togetherOf(pod, [live, waiting, waiting]).phase).to.equal("waiting");
    expect(togetherOf(pod, [waiting, { phase: "failed", error }, complete]).phase).to.equal("complete");
    expect(togetherOf({ ...pod, containers: ["setup"] }, [waiting]).phase).to.equal("waiting");
  });
});
