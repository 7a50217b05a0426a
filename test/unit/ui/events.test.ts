import { expect } from "chai";
import { isOneOf, pathsOf } from "../../../ui/src/api/event-paths.js";
import { EventParser } from "../../../ui/src/api/sse.js";

const STREAM =
  ': hello\n\nid: 1\nevent: app\ndata: {"namespace":"shop",\ndata: "name":"web"}\n\nretry: 2000\n\nid: 2\r\nevent: reset\r\ndata\r\n\r\n';

describe("the event stream", () => {
  it("is read the same wherever it is cut", () => {
    const whole = new EventParser().push(STREAM);
    expect(whole.map(({ event }) => event)).to.deep.equal(["app", "reset"]);
    expect(whole[0]).to.deep.equal({ id: "1", event: "app", data: '{"namespace":"shop",\n"name":"web"}' });
    for (let cut = 0; cut < STREAM.length; cut++) {
      const parser = new EventParser();
      expect([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))]).to.deep.equal(whole);
    }
  });

  it("makes the list and the object old, and what is below it, but no other object", () => {
    const paths = pathsOf({ id: undefined, event: "app", data: '{"namespace":"shop","name":"web"}' }) ?? [];
    const old = (path: string): boolean => isOneOf(path, paths);
    expect(
      ["apps?q=", "apps", "apps/shop/web", "apps/shop/web/tree", "apps/shop/web?x"].filter((path) => !old(path)),
    ).to.deep.equal([]);
    expect(["apps/shop/web2", "apps/shop/other", "changes?q="].filter(old)).to.deep.equal([]);
  });

  it("makes everything old when events were missed, and nothing for unknown ones", () => {
    expect(pathsOf({ id: undefined, event: "reset", data: "" })).to.equal(undefined);
    expect(pathsOf({ id: undefined, event: "novelty", data: "{}" })).to.deep.equal([]);
    expect(pathsOf({ id: undefined, event: "change", data: "not JSON" })).to.deep.equal(["changes"]);
  });
});
