import { expect } from "chai";
import { build } from "esbuild";
import { rejection } from "../support/eventually.js";

interface Page {
  signOut(): Promise<void>;
  readonly signedOut: { readonly value: boolean };
}

describe("Signing out of the web UI", () => {
  const globals = globalThis as unknown as Record<string, unknown>;
  const before: Record<string, unknown> = { fetch, document: globals.document, location: globals.location };
  afterEach(() => Object.assign(globals, before));

  /** Loads the page of a browser, whose requests get a response of this status; undefined: none. */
  async function pageWith(status: number | undefined): Promise<Page> {
    const contents = 'export { signOut } from "./api/sign-out.js"; export { signedOut } from "./state/session.js";';
    const { outputFiles } = await build({
      ...{ bundle: true, write: false, format: "esm", logLevel: "silent" },
      stdin: { contents, resolveDir: "ui/src" },
    });
    Object.assign(globals, {
      document: { baseURI: "https://gitops.example.com/", addEventListener: () => {} },
      location: { pathname: "/", search: "", hash: "" },
      fetch: async () => {
        if (status === undefined) throw new TypeError("no network");
        return new Response(status === 204 ? null : "{}", { status, headers: { "content-type": "application/json" } });
      },
    });
    // The status makes each module another one, with a state of its own.
    const text = `${outputFiles[0]?.text ?? ""}\n// ${status}`;
    return (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as Page;
  }

  for (const status of [204, 401])
    it(`shows the page to sign in after status ${status}`, async () => {
      const { signOut, signedOut } = await pageWith(status);
      await signOut();
      expect(signedOut.value).to.equal(true);
    });

  for (const status of [429, 502, 503, undefined])
    it(`says that the user is still signed in after ${status ?? "no response"}`, async () => {
      const { signOut, signedOut } = await pageWith(status);
      expect(await rejection(signOut())).to.be.an("error");
      expect(signedOut.value).to.equal(false);
    });
});
