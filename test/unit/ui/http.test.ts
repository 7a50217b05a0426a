import { expect } from "chai";
import { build } from "esbuild";
import { rejection } from "../support/eventually.js";

interface Http {
  call(path: string): Promise<unknown>;
}

/** Loads the requests of the UI, with responses whose body is read by `text`. */
async function httpWith(text: () => Promise<string>): Promise<Http> {
  const { outputFiles } = await build({
    ...{ bundle: true, write: false, format: "esm", logLevel: "silent" },
    stdin: { contents: 'export * from "./api/http.js";', resolveDir: "ui/src" },
  });
  Object.assign(globalThis, {
    document: { baseURI: "https://gitops.example.com/", addEventListener: () => {} },
    location: { pathname: "/", search: "", hash: "" },
    fetch: async () => ({ ok: true, status: 200, text }),
  });
  const [file] = outputFiles;
  return (await import(`data:text/javascript,${encodeURIComponent(file?.text ?? "")}`)) as Http;
}

describe("requests of the web UI", () => {
  const before = { fetch: globalThis.fetch };
  afterEach(() => {
    Object.assign(globalThis, { ...before, document: undefined, location: undefined });
  });

  for (const [what, text] of [
    ["breaks within the response", () => Promise.reject(new TypeError("network error"))],
    ["ends within the JSON", async () => '{"items": ['],
  ] as const)
    it(`may be repeated if the connection ${what}`, async () => {
      const error = await rejection((await httpWith(text)).call("apps"));
      expect(error).to.include({ name: "ApiError", status: 0, retryable: true });
    });
});
