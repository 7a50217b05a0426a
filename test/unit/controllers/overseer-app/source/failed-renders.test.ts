import { expect } from "chai";
import type { LocatedInputs } from "../../../../../src/controllers/overseer-app/source/locate-inputs.js";
import { renderLocated } from "../../../../../src/controllers/overseer-app/source/render.js";
import { RenderError, RenderTimeoutError } from "../../../../../src/render/render-error.js";
import { app, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const MINUTE = 60_000;

/** An app whose renders fail with `error`; `render` counts them. */
function failingWith(error: RenderError) {
  let renders = 0;
  const renderer = {
    render: async () => {
      renders += 1;
      throw error;
    },
  };
  const { run, clock } = testRun(app("shop/web"), { renderer } as never);
  return {
    run,
    clock,
    /** Renders once, and returns how often a render was really tried, and when the app is enqueued again. */
    render: async (key = "new") => {
      run.requeueAfterMs = undefined;
      const problem = await renderLocated(run, { inputs: inputs(key) } as LocatedInputs);
      expect(problem).to.include({ stage: "Render", terminal: true });
      return { renders, requeueAfterMs: run.requeueAfterMs };
    },
  };
}

describe("a failed render", () => {
  it("is not repeated before the inputs change", async () => {
    const { clock, render } = failingWith(new RenderError([{ message: "no" }]));
    expect(await render()).to.deep.equal({ renders: 1, requeueAfterMs: undefined });
    clock.advance(24 * 60 * MINUTE);
    expect(await render()).to.deep.equal({ renders: 1, requeueAfterMs: undefined });
    expect(await render("newer")).to.deep.equal({ renders: 2, requeueAfterMs: undefined });
  });

  it("is repeated if it took too long, more and more rarely and not at events", async () => {
    const { clock, render } = failingWith(new RenderTimeoutError([{ message: "slow" }]));
    expect(await render()).to.deep.equal({ renders: 1, requeueAfterMs: 10 * MINUTE });
    clock.advance(4 * MINUTE);
    expect(await render(), "at an event").to.deep.equal({ renders: 1, requeueAfterMs: 6 * MINUTE });
    clock.advance(6 * MINUTE);
    expect(await render()).to.deep.equal({ renders: 2, requeueAfterMs: 20 * MINUTE });
    clock.advance(20 * MINUTE);
    expect(await render()).to.deep.equal({ renders: 3, requeueAfterMs: 40 * MINUTE });
    expect(await render("newer"), "of another commit").to.deep.equal({ renders: 4, requeueAfterMs: 10 * MINUTE });
  });

  it("that took too long is repeated at a request of a user", async () => {
    const { run, render } = failingWith(new RenderTimeoutError([{ message: "slow" }]));
    await render();
    run.memory.retryOnRequest();
    expect(await render()).to.deep.equal({ renders: 2, requeueAfterMs: 10 * MINUTE });
  });
});
