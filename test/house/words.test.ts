import { expect } from "chai";
import { findLines, textFiles } from "./sources.js";

/** These tests hold what they look for. */
const texts = textFiles().filter(({ path }) => !path.startsWith("test/house/"));

describe("the tree", () => {
  it("is read as a whole", () => {
    expect(texts.some(({ path }) => path === "package.json")).to.equal(true);
    expect(texts.some(({ path }) => path.startsWith("docs/"))).to.equal(true);
  });

  it("has nothing left to do: what is open is not in the code", () => {
    expect(findLines(texts, /\b(TODO|FIXME|XXX|HACK)\b/)).to.deep.equal([]);
  });

  it("knows no machine: no path into a home or workspace, but /home/a for an example", () => {
    expect(findLines(texts, /(^|[^\w.])\/(work|root|Users)\/[\w.-]|(^|[^\w.])\/home\/(?!a\b)[\w.-]/)).to.deep.equal([]);
  });

  it("names no package registry: where packages come from is for each user to say", () => {
    expect(
      findLines(texts, /registry\.npmjs|registry\.yarnpkg|proxy\.golang|sum\.golang|pypi\.org|artifactory|verdaccio/i),
    ).to.deep.equal([]);
  });

  it("speaks of the product, not of how it was written", () => {
    expect(
      findLines(texts, /\b(AI|LLM|language model|Claude|ChatGPT|Copilot|coding agent|sub-?agent)\b/),
    ).to.deep.equal([]);
  });

  it("holds no private key and no token", () => {
    expect(
      findLines(texts, /BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY|\bghp_[A-Za-z0-9]{20,}|\bglpat-[A-Za-z0-9_-]{15,}/),
    ).to.deep.equal([]);
  });
});

/** Words that had a private meaning here, each with the standard term; ordinary English has no need of them in a product of this field. */
const PRIVATE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(obstacle|bookless|rebooked|booked)s?\b/i, "unavailability, apply blocker, managed fields"],
  [/\b(opponent|fight)s?\b/i, "competing manager, conflict"],
  [/\b(estate|comeBack|amputate)\b/, "resource index, requeueAfter, drop"],
  [/\b(Git says(?! not)|Git wants|what is live)\b/, "desired state, live state"],
  [/\b(whoever|nobody|somebody)\b/i, "any user, another field manager, or the passive"],
  [
    /\b(for ever|made good|put back|made again|let go|left out)\b/i,
    "forever, applied, restored, re-created, released, unset",
  ],
  [/\b(heed(s|ed)?|mend(s|ed|ing)?|told|hopeless)\b/i, "honor, fix, reported, terminal"],
];

describe("the language of the product", () => {
  const product = texts.filter(
    ({ path }) =>
      /^(src|crds|charts)\//.test(path) || /^docs\/(resources|documents|sources)\//.test(path) || path === "README.md",
  );
  for (const [pattern, standard] of PRIVATE_WORDS)
    it(`uses "${standard}" instead of ${pattern.source}`, () => {
      expect(findLines(product, pattern)).to.deep.equal([]);
    });
});
