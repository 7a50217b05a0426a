import { expect } from "chai";
import type { Reader, WatchLine, WatchStart } from "../../../src/cli/connection/connection.js";
import { Patience, resumeWatch } from "../../../src/cli/connection/resume-watch.js";
import { KINDS } from "../../../src/cli/kinds.js";
import { KubeConnectionError, KubeStatusError } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";
import { rejection } from "../support/eventually.js";

type Line = WatchLine<RawObject>;
type Step = readonly Line[] | Error;

const event = (version: string, type: Line["type"] = "MODIFIED"): Line => ({
  type,
  object: { metadata: { name: "web", uid: "u", resourceVersion: version } } as RawObject,
});
const status = (code: number): Line => ({ type: "ERROR", object: { code, message: `code ${code}` } as never });
const refusal = (code: number): KubeStatusError =>
  new KubeStatusError(code, { code, message: `code ${code}` }, "WATCH");
const away = (text: string): KubeConnectionError => new KubeConnectionError(text, undefined);

/** Watches with scripted answers; an Error that is thrown before the watch opens. Returns what happened. */
async function watched(...steps: readonly Step[]) {
  const left = [...steps];
  const positions: string[] = [];
  const reader = {
    async *watch(_kind: unknown, { resourceVersion, onOpen }: WatchStart) {
      positions.push(resourceVersion);
      const step = left.shift() ?? refusal(403);
      if (step instanceof Error) throw step;
      onOpen?.();
      yield* step;
    },
  } as unknown as Reader;
  const pauses: number[] = [];
  const said: string[] = [];
  const patience = new Patience({ pause: async (ms) => void pauses.push(ms), say: (text) => void said.push(text) });
  const seen: (string | undefined)[] = [];
  const work = async (): Promise<string> => {
    const start = { namespace: "shop", resourceVersion: "1" };
    for await (const { object } of resumeWatch<RawObject>(reader, KINDS.app, start, patience))
      seen.push(object.metadata.resourceVersion);
    return "expired";
  };
  let end: unknown;
  try {
    end = await work();
  } catch (error) {
    end = error;
  }
  return { positions, pauses, said, seen, end };
}

describe("A watch of the command line", () => {
  it("goes on after the last event or bookmark, and says nothing when the server ends it in good order", async () => {
    const { positions, seen, said, end } = await watched([event("2"), event("5", "BOOKMARK")], [event("7")], []);
    expect(positions).to.deep.equal(["1", "5", "7", "7"]);
    expect(seen).to.deep.equal(["2", "7"]);
    expect(said).to.deep.equal([]);
    expect((end as KubeStatusError).statusCode).to.equal(403);
  });

  it("waits longer and longer while the server is away, with one message for each cause and one at its return", async () => {
    const { pauses, said, seen } = await watched(
      ...[[event("2")], away("cannot reach A"), away("cannot reach A"), refusal(503), [event("3")]],
      refusal(401),
    );
    expect(seen).to.deep.equal(["2", "3"]);
    expect(said).to.have.lengthOf(3);
    expect(said[0]).to.match(/^the watch is interrupted: cannot reach A; retrying in \d+s, Ctrl\+C ends it$/);
    expect(said[1]).to.match(/^the watch is interrupted: code 503; /);
    expect(said[2]).to.equal("the watch continues");
    // The first pause is after a watch that ended at once.
    expect(pauses).to.have.lengthOf(5);
    expect(pauses[2])
      .to.be.above(pauses[1] ?? 0)
      .and.below(pauses[3] ?? 0);
  });

  it("needs a new list when its position has expired, by a status or by an event", async () => {
    const byEvent = await watched([event("2"), status(410)]);
    expect([byEvent.end, byEvent.seen, byEvent.said]).to.deep.equal(["expired", ["2"], []]);
    expect((await watched(refusal(410))).end).to.equal("expired");
  });

  it("ends when the user may no longer watch, also in the middle, and not at a failure of the server", async () => {
    const { end, positions } = await watched([event("2"), status(500)], [status(401)]);
    expect((end as KubeStatusError).message).to.equal("code 401");
    expect(positions).to.deep.equal(["1", "2"]);
  });

  it("repeats requests in between, unless they cannot succeed", async () => {
    const answers = [away("gone"), refusal(429), "done"];
    const said: string[] = [];
    const patience = new Patience({ pause: async () => {}, say: (text) => void said.push(text) });
    const request = async (): Promise<unknown> => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    expect(await patience.request(request)).to.equal("done");
    expect(said.at(-1)).to.equal("the watch continues");
    const defect = new Error("defect");
    expect(await rejection(patience.request(() => Promise.reject(defect)))).to.equal(defect);
  });
});
