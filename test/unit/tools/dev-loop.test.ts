import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DevLoop } from "../../../tools/dev/dev-loop.js";
import { waitUntil } from "../../../tools/wait-until.js";

/** Copies what is built, and fails if it holds the word `broken`. */
const BUILD =
  'const fs = require("fs"); const [from, to] = process.argv.slice(1); const text = fs.readFileSync(from, "utf8"); if (text.includes("broken")) process.exit(1); fs.writeFileSync(to, text);';
/** Writes a line when it starts and when it is asked to end. */
const PROGRAM =
  'const fs = require("fs"); const [built, log] = process.argv.slice(1); const text = fs.readFileSync(built, "utf8"); fs.appendFileSync(log, `started ${text}\\n`); process.on("SIGTERM", () => { fs.appendFileSync(log, `stopped ${text}\\n`); process.exit(0); }); setInterval(() => {}, 1000);';

describe("DevLoop", function () {
  this.timeout(60_000);
  let folder: string;
  let log: string;
  const said: string[] = [];
  const stopping = new AbortController();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-dev-"));
    log = join(folder, "log");
    await mkdir(join(folder, "src/deep"), { recursive: true });
  });
  after(async () => {
    stopping.abort();
    await rm(folder, { recursive: true, force: true });
  });

  it("restarts the program after each build, keeps it when a build fails, and ends it", async () => {
    const source = join(folder, "src/deep/a.txt");
    const built = join(folder, "built.txt");
    const node = [process.execPath, "-e"] as const;
    await writeFile(source, "one");
    const running = new DevLoop({
      folder: join(folder, "src"),
      build: [...node, BUILD, source, built],
      program: [...node, PROGRAM, built, log],
      say: (text) => said.push(text),
    }).run(stopping.signal);
    const logged = (line: string): Promise<boolean> =>
      waitUntil({ what: `the program logs ${line}`, timeoutMs: 20_000 }, async () =>
        (await readFile(log, "utf8").catch(() => "")).endsWith(`${line}\n`),
      );
    await logged("started one");
    await writeFile(source, "broken");
    await waitUntil({ what: "the failure is reported", timeoutMs: 20_000 }, () =>
      said.some((text) => text.includes("the build failed")),
    );
    await writeFile(source, "two");
    await logged("started two");
    stopping.abort();
    await running;
    expect(await readFile(log, "utf8")).to.equal("started one\nstopped one\nstarted two\nstopped two\n");
  });
});
