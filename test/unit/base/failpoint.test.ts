import { expect } from "chai";
import sinon from "sinon";
import { killAt, noFailpoints } from "../../../src/base/failpoint.js";

describe("killAt", () => {
  afterEach(() => sinon.restore());

  it("kills the process without cleanup, only at the given point and occurrence", () => {
    const kill = sinon.stub(process, "kill");
    const hook = killAt("app:after-plan", 2);
    hook("app:after-plan");
    hook("app:after-apply");
    noFailpoints("app:after-plan");
    expect(kill.called).to.equal(false);
    hook("app:after-plan");
    hook("app:after-plan");
    expect(kill.args).to.deep.equal([[process.pid, "SIGKILL"]]);
  });
});
