import { expect } from "chai";
import { ServerClock } from "../../../../src/kube/client/server-clock.js";
import { FakeClock } from "../../support/fake-clock.js";

const at = (seconds: number): string => new Date(seconds * 1000).toUTCString();

describe("kube/client/server-clock", () => {
  const own = new FakeClock();
  let clock: ServerClock;
  beforeEach(() => {
    clock = new ServerClock(() => own.monotonic());
  });

  it("goes on between responses, whatever happens to the clock of the node", () => {
    clock.note(at(1000));
    own.advance(5000);
    own.set(86_400_000);
    expect(clock.now()).to.equal(1_005_000);
  });

  it("keeps the best estimate while later headers differ by whole seconds only", () => {
    clock.note(at(1000));
    own.advance(1900);
    clock.note(at(1001));
    expect(clock.now()).to.equal(1_001_900);
    clock.note(at(1002));
    expect(clock.now()).to.equal(1_002_000);
  });

  it("follows when the clock of the server is set forward or back", () => {
    clock.note(at(1000));
    clock.note(at(9000));
    expect(clock.now()).to.equal(9_000_000);
    clock.note(at(1000));
    expect(clock.now()).to.equal(1_000_000);
  });

  it("ignores headers that are missing, repeated or no date", () => {
    for (const header of [undefined, "", "soon", [at(1), at(2)]]) clock.note(header);
    expect(clock.now()).to.equal(undefined);
  });
});
