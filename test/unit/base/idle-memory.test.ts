import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";

const MODULE = new URL("../../../src/base/idle-memory.js", import.meta.url).href;

/** Fills the heap, drops what fills it, and says how much of it is used when it has shrunk or `seconds` are over. */
function program(seconds: number): string {
  return `
    import { releaseIdleMemory } from ${JSON.stringify(MODULE)};
    const stop = releaseIdleMemory({ intervalMs: 500, workMs: 50 });
    let garbage = Array.from({ length: 500_000 }, (_, index) => ({ index, text: "text " + index }));
    const full = process.memoryUsage().heapUsed;
    garbage = undefined;
    let looks = 0;
    const timer = setInterval(() => {
      const { heapUsed } = process.memoryUsage();
      if (heapUsed > full / 4 && ++looks < ${seconds * 2}) return;
      clearInterval(timer);
      stop();
      console.log(heapUsed < full / 4 ? "released" : "kept");
    }, 500);
  `;
}

async function run(flags: readonly string[], seconds: number): Promise<string> {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", program(seconds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  return output.trim();
}

describe("memory of an idle process", () => {
  it("is released once the process rests after work", async () => {
    expect(await run(["--expose-gc"], 90)).to.equal("released");
  });

  it("is left to V8 without --expose-gc", async () => {
    expect(await run([], 2)).to.equal("kept");
  });
});
