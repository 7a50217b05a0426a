import { expect } from "chai";
import type { Json } from "../../../../src/base/hash.js";
import { composeText } from "../../../../src/destinations/overseer/kinds/compose-text.js";
import { quotesSent } from "../../../../src/destinations/overseer/sent-values.js";

const VALUE = "hunter2topsecret";
const compose = (environment: unknown): object => ({
  name: "web",
  compose: composeText({ services: { web: { image: "nginx:1", environment } } } as Json),
});

const QUOTES: readonly [what: string, text: string, body: unknown][] = [
  ["a value of a mapping", `bad value "${VALUE}"`, compose({ PASSWORD: VALUE })],
  ["a value of a list", `cannot parse ${VALUE}`, compose([`PASSWORD=${VALUE}`])],
  ["a piece of it", "unexpected token near 'er2topsecr'", compose({ A: VALUE })],
  ["it in base64", Buffer.from(VALUE).toString("base64"), compose({ A: VALUE })],
  ["it as JSON", JSON.stringify({ said: 'two "words" here' }), compose({ A: 'two "words" here' })],
  ["a number", "4711 is no port", compose({ PIN: 4711 })],
  ["a value under a name that says so", `no such ${VALUE}`, { config: { clientSecret: VALUE } }],
];

const PASSES: readonly [what: string, text: string, body: unknown][] = [
  ["names and images", "no image nginx:1 for service web", compose({ PASSWORD: VALUE })],
  ["nothing was sent", "not now", undefined],
  ["values that are in every text", "a is not b", compose({ A: "a", B: "" })],
];

describe("quotesSent", () => {
  for (const [what, text, body] of QUOTES) it(`finds ${what}`, () => expect(quotesSent(text, body)).to.equal(true));
  for (const [what, text, body] of PASSES)
    it(`lets pass: ${what}`, () => expect(quotesSent(text, body)).to.equal(false));
  it("finds the token", () => expect(quotesSent("no: tok-1234567", {}, ["tok-1234567"])).to.equal(true));
});
