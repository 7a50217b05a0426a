import { expect } from "chai";
import { KubeConnectionError } from "../../../../src/kube/errors.js";
import { endsList, parseWatchEvent } from "../../../../src/kube/watch/watch-event.js";

const parse = (line: string) => parseWatchEvent(line, "/api/v1/pods", undefined);

describe("events of a watch", () => {
  for (const line of [
    "null",
    "[]",
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"ERROR","object":1}',
    "{",
  ])
    it(`are refused without a quote if they are ${line}`, () => {
      expect(() => parse(line)).to.throw(KubeConnectionError, /^WATCH \/api\/v1\/pods: an event \(\d+ characters\) /);
    });

  it("are read with the parts of a Status that have the right type", () => {
    const event = parse('{"type":"ERROR","object":{"code":410,"message":{}}}');
    expect(event.object).to.deep.equal({ code: 410 });
    expect(endsList(parse('{"type":"BOOKMARK","object":{"metadata":{}}}'))).to.equal(false);
  });
});
