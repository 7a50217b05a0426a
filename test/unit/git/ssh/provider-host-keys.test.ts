import { createHash } from "node:crypto";
import { expect } from "chai";
import { PROVIDER_HOST_KEYS, providerKnownHosts } from "../../../../src/git/ssh/provider-host-keys.js";

/** Fingerprints that the providers publish. */
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  "github.com": [
    "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    "uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
  ],
  "gitlab.com": [
    "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
    "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
    "ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ",
  ],
  "bitbucket.org": ["ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM", "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0"],
  "ssh.dev.azure.com": ["ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og"],
  "codeberg.org": ["mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g"],
};

describe("PROVIDER_HOST_KEYS", () => {
  it("has the keys whose fingerprints the providers publish, and no others", () => {
    const fingerprint = (line: string): string => {
      const [, key = ""] = line.split(" ");
      return createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "");
    };
    const actual = Object.entries(PROVIDER_HOST_KEYS).map(([host, { keys }]) => [host, keys.map(fingerprint)] as const);
    expect(Object.fromEntries(actual)).to.deep.equal(PUBLISHED);
  });

  it("is used for the provider's own name and port only", () => {
    expect(providerKnownHosts("codeberg.org", 22)).to.match(/^codeberg\.org ssh-ed25519 AAAA\S+\n$/);
    for (const [host, port] of [
      ["github.com", 2222],
      ["github.com.example.com", 22],
      ["constructor", 22],
    ] as const)
      expect(providerKnownHosts(host, port)).to.equal(undefined);
  });
});
