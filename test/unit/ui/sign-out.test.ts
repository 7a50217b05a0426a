import { expect } from "chai";
import { build } from "esbuild";
import { rejection } from "../support/eventually.js";

interface Page {
  signOut(): Promise<void>;
  useTokenOfLink(token: string, ask: (text: string) => boolean): Promise<void>;
  identityHeaders(): Record<string, string>;
  readonly signedOut: { readonly value: boolean };
}

/** Answers a request to the API, by its path and token; undefined: there is no response. */
type Server = (path: string, token: string | undefined) => readonly [status: number, body: object] | undefined;

const globals = globalThis as unknown as Record<string, unknown>;
const CONTENTS = ["api/sign-out", "api/token-link", "state/session"]
  .map((name) => `export * from ${JSON.stringify(`./${name}.js`)};`)
  .join("\n");
let loaded = 0;

/** Loads the modules of a page of a browser, with a state of their own. */
async function pageWith(server: Server): Promise<Page> {
  const { outputFiles } = await build({
    ...{ bundle: true, write: false, format: "esm", logLevel: "silent" },
    stdin: { contents: CONTENTS, resolveDir: "ui/src" },
  });
  Object.assign(globals, {
    document: { baseURI: "https://gitops.example.com/", addEventListener: () => {} },
    location: { pathname: "/", search: "", hash: "" },
    fetch: async (path: string, { headers }: { headers: Record<string, string> }) => {
      const answer = server(path, headers.authorization?.replace("Bearer ", ""));
      if (answer === undefined) throw new TypeError("no network");
      const [status, body] = answer;
      const init = { status, headers: { "content-type": "application/json" } };
      return new Response(status === 204 ? null : JSON.stringify(body), init);
    },
  });
  const text = `${outputFiles[0]?.text ?? ""}\n// ${loaded++}`;
  return (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as Page;
}

describe("The session of the web UI", () => {
  const before: Record<string, unknown> = { fetch, document: globals.document, location: globals.location };
  afterEach(() => Object.assign(globals, before));

  for (const status of [204, 401])
    it(`ends by signing out after status ${status}`, async () => {
      const { signOut, signedOut } = await pageWith(() => [status, {}]);
      await signOut();
      expect(signedOut.value).to.equal(true);
    });

  for (const status of [429, 502, 503, undefined])
    it(`goes on, with an error, after ${status ?? "no response"} to signing out`, async () => {
      const { signOut, signedOut } = await pageWith(() => (status === undefined ? undefined : [status, {}]));
      expect(await rejection(signOut())).to.be.an("error");
      expect(signedOut.value).to.equal(false);
    });

  const links: readonly (readonly [string, { oidc?: object }, cookie: string | undefined, token: string, boolean?])[] =
    [
      ["is replaced by the token of a link if there are no sessions", {}, undefined, "eve"],
      ["is replaced by the token of a link if there is none", { oidc: {} }, undefined, "eve"],
      ["of the same user is replaced by the token of a link", { oidc: {} }, "ann", "ann"],
      ["of another user is replaced by the token of a link if the user agrees", { oidc: {} }, "ann", "eve", true],
      ["of another user is kept, with a link, if the user does not agree", { oidc: {} }, "ann", "eve", false],
    ];
  it("is not replaced without a question while the server does not say whose it is", async () => {
    const { useTokenOfLink, identityHeaders } = await pageWith((_, sent) =>
      sent === undefined ? [503, {}] : [200, { name: sent, groups: [] }],
    );
    const asked: string[] = [];
    await useTokenOfLink("eve", (text) => asked.push(text) < 0);
    expect(asked.join()).to.include("as a user whom the server cannot name now. The link signs you in as eve");
    expect(identityHeaders()).to.deep.equal({});
  });

  for (const [what, options, cookie, token, agrees] of links)
    it(what, async () => {
      const { useTokenOfLink, identityHeaders, signedOut } = await pageWith((path, sent) => {
        if (path.endsWith("/sign-in")) return [200, options];
        const name = sent ?? cookie;
        return name === undefined ? [401, {}] : [200, { name, groups: [] }];
      });
      const asked: string[] = [];
      await useTokenOfLink(token, (text) => asked.push(text) > 0 && agrees === true);
      expect(asked).to.have.length(agrees === undefined ? 0 : 1);
      if (agrees !== undefined)
        expect(asked[0]).to.equal("You are signed in as ann. The link signs you in as eve. Continue as eve?");
      expect(identityHeaders()).to.deep.equal(agrees === false ? {} : { authorization: `Bearer ${token}` });
      expect(signedOut.value).to.equal(false);
    });
});
