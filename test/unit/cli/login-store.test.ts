import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { CommandError, UsageError } from "../../../src/cli/exit-codes.js";
import { serverUrl } from "../../../src/cli/login/server-url.js";
import { LoginStore } from "../../../src/cli/login/store.js";

const SERVER = "https://gitops.example.com";

describe("stored sign-ins of the command line", () => {
  let home: string;
  let store: LoginStore;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "overseer-store-"));
    store = new LoginStore({ XDG_CONFIG_HOME: join(home, "config") });
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it("are none before the first one, and one for each server after it", async () => {
    expect(await store.servers()).to.deep.equal([]);
    await store.update(SERVER, async () => ({ token: "a" }));
    await store.update("https://other", async () => ({ token: "b" }));
    expect(await store.get(SERVER)).to.deep.equal({ token: "a" });
    await store.update(SERVER, async () => undefined);
    expect(await store.servers()).to.deep.equal(["https://other"]);
    expect((await stat(store.path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(dirname(store.path))).to.deep.equal(["logins.json"]);
  });

  it("lose nothing when several commands write", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `https://host-${index}`);
    await Promise.all(
      names.map((name) =>
        new LoginStore({ XDG_CONFIG_HOME: join(home, "config") }).update(name, async () => ({ token: name })),
      ),
    );
    expect([...(await store.servers())].sort()).to.deep.equal(names);
  });

  it("are written by one command at a time, also after one that was killed", async () => {
    for (let round = 0; round < 5; round++) {
      await mkdir(dirname(store.path), { recursive: true });
      await writeFile(`${store.path}.lock`, "");
      await utimes(`${store.path}.lock`, 0, 0);
      let running = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 8 }, () =>
          new LoginStore({ XDG_CONFIG_HOME: join(home, "config") }).update(SERVER, async () => {
            most = Math.max(most, ++running);
            await readdir(home);
            running--;
            return { token: "a" };
          }),
        ),
      );
      expect(most).to.equal(1);
    }
    expect(await readdir(dirname(store.path))).to.deep.equal(["logins.json"]);
  });

  it("are kept when a change fails", async () => {
    await store.update(SERVER, async () => ({ token: "a" }));
    const failed = await store.update(SERVER, () => Promise.reject(new Error("no"))).catch((error: unknown) => error);
    expect(String(failed)).to.equal("Error: no");
    expect(await store.get(SERVER)).to.deep.equal({ token: "a" });
  });

  it("are not used if others can read the file", async () => {
    await store.update(SERVER, async () => ({ token: "a" }));
    await chmod(store.path, 0o640);
    const error = await store.get(SERVER).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CommandError);
    expect(String(error)).to.contain("chmod 600");
  });

  for (const text of [
    "",
    "{",
    "[]",
    '{"logins": {"x": 1}}',
    '{"logins": {"x": {"token": 7}}}',
    '{"logins": {"x": {"oidc": {}}}}',
  ])
    it(`are reported as damaged, without their contents: ${text === "" ? "an empty file" : text}`, async () => {
      await mkdir(dirname(store.path), { recursive: true });
      await writeFile(store.path, text, { mode: 0o600 });
      const error = await store.servers().catch((thrown: unknown) => thrown);
      expect(String(error)).to.contain("is damaged: delete it, and sign in again").and.not.contain("token");
      expect(await readFile(store.path, "utf8")).to.equal(text);
    });
});

describe("URLs of servers", () => {
  const valid = {
    "gitops.example.com": "https://gitops.example.com",
    "https://gitops.example.com/": "https://gitops.example.com",
    "https://example.com:8443/ops/": "https://example.com:8443/ops",
    "http://127.0.0.1:8091": "http://127.0.0.1:8091",
    "http://localhost:8091": "http://localhost:8091",
    "http://[::1]:8091": "http://[::1]:8091",
  };
  for (const [text, url] of Object.entries(valid))
    it(`are read: ${text}`, () => {
      expect(serverUrl(text)).to.equal(url);
    });
  for (const text of [
    "http://gitops.example.com",
    "http://127.0.0.1.example.com",
    "ftp://example.com",
    "https://user:secret@example.com",
    "https://example.com?x=1",
    "https://",
    "",
  ])
    it(`are refused, and credentials in them not repeated: ${text}`, () => {
      expect(() => serverUrl(text))
        .to.throw(UsageError)
        .with.property("message")
        .that.does.not.contain("secret");
    });
});
