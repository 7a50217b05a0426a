import { expect } from "chai";
import type { GitErrorCode } from "../../../../src/git/errors.js";
import { gitFailure } from "../../../../src/git/native/failure.js";
import { gitRemote } from "../../../../src/git/remote.js";

const remote = gitRemote("https://tls.example.com/a.git");
const ACCESS = "fatal: unable to access 'https://tls.example.com/a.git/': ";

/** What git 2.39 said, and what it is called. */
const TABLE: readonly [code: GitErrorCode, stderr: string][] = [
  ["GIT_AUTH_FAILED", "fatal: could not read Username for 'https://tls.example.com': terminal prompts disabled"],
  ["GIT_AUTH_FAILED", "fatal: Authentication failed for 'https://tls.example.com/a.git/'"],
  ["GIT_AUTH_FAILED", `${ACCESS}The requested URL returned error: 403`],
  ["GIT_REPOSITORY_NOT_FOUND", "fatal: repository 'https://tls.example.com/a.git/' not found"],
  ["GIT_RATE_LIMITED", `${ACCESS}The requested URL returned error: 429`],
  [
    "GIT_SERVER_ERROR",
    "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: expected 'packfile'",
  ],
  ["GIT_REDIRECTED", `${ACCESS}The requested URL returned error: 301`],
  ["GIT_UNREACHABLE", `${ACCESS}Could not resolve host: tls.example.com`],
  ["GIT_UNREACHABLE", `${ACCESS}Failed to connect to tls.example.com port 443 after 0 ms: Couldn't connect to server`],
  ["GIT_UNREACHABLE", `${ACCESS}Failed to connect to tls.example.com port 443: Connection timed out`],
  ["GIT_UNREACHABLE", `${ACCESS}Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds`],
  ["GIT_UNREACHABLE", `${ACCESS}Empty reply from server`],
  [
    "GIT_UNREACHABLE",
    "error: RPC failed; curl 56 Recv failure: Connection reset by peer\nerror: 172 bytes of body are still expected\nfatal: protocol error: bad pack header",
  ],
  ["GIT_UNREACHABLE", `${ACCESS}getpeername() failed with errno 107: Transport endpoint is not connected`],
  ["GIT_TLS", `${ACCESS}server certificate verification failed. CAfile: none CRLfile: none`],
  ["GIT_TLS", `${ACCESS}SSL certificate problem: unable to get local issuer certificate`],
  ["GIT_TLS", `${ACCESS}gnutls_handshake() failed: The TLS connection was non-properly terminated.`],
  ["GIT_COMMIT_NOT_FOUND", `fatal: remote error: upload-pack: not our ref ${"1".repeat(40)}`],
  ["GIT_COMMIT_NOT_FOUND", `error: Server does not allow request for unadvertised object ${"1".repeat(40)}`],
  ["GIT_COMMIT_NOT_FOUND", "fatal: couldn't find remote ref refs/heads/none"],
  [
    "GIT_COMMIT_NOT_FOUND",
    "error: 1^{commit}: expected commit type, but the object dereferences to blob type\nfatal: bad revision '1'",
  ],
  [
    "GIT_REMOTE_FAILED",
    "remote: fatal: out of memory\n\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output",
  ],
  ["GIT_REMOTE_FAILED", "fatal: remote error: access denied or repository not exported"],
  [
    "GIT_INCOMPLETE",
    "error: 172 bytes of body are still expected\nfetch-pack: unexpected disconnect while reading sideband packet\nfatal: protocol error: bad pack header",
  ],
  ["GIT_INCOMPLETE", "fatal: early EOF\nfatal: fetch-pack: invalid index-pack output"],
  ["GIT_INCOMPLETE", `fatal: missing blob object '${"1".repeat(40)}'`],
  ["GIT_INCOMPLETE", `fatal: bad tree object ${"2".repeat(40)}`],
  [
    "GIT_PACK_CORRUPT",
    "error: inflate: data stream error (incorrect data check)\nfatal: pack has bad object at offset 131: inflate returned -3\nfatal: fetch-pack: invalid index-pack output",
  ],
  ["GIT_PACK_CORRUPT", "fatal: pack is corrupted (SHA1 mismatch)\nfatal: fetch-pack: invalid index-pack output"],
  ["GIT_TREE_INVALID", "fatal: too-short tree object"],
  [
    "GIT_TOO_LARGE",
    "fatal: attempting to allocate 5000000000 over limit 167000000\nfatal: fetch-pack: invalid index-pack output",
  ],
  ["GIT_STORE_UNWRITABLE", "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output"],
  ["GIT_STORE_UNWRITABLE", "error: unable to create temporary file: Permission denied\nfatal: index-pack failed"],
  ["GIT_PROTOCOL", "fatal: dumb http transport does not support shallow capabilities"],
  ["GIT_PROTOCOL", "fatal: remote-curl: bad line length character: <htm\nfatal: protocol error"],
  ["GIT_REMOTE_FAILED", "fatal: something that git did not say until today"],
  ["GIT_REMOTE_FAILED", ""],
];

describe("gitFailure", () => {
  for (const [code, stderr] of TABLE) {
    it(`calls it ${code}: ${stderr.split("\n")[0]}`, () => {
      const error = gitFailure(remote, `${stderr}\n`, 0);
      expect(error.code).to.equal(code);
      expect(error.message)
        .to.match(/\S/)
        .and.not.match(/\p{Cc}/u);
      expect(error.message.length).to.be.below(500);
    });
  }

  it("is not misled by what a server says on the way", () => {
    const said = "remote: fatal error: No space left on device, HTTP 401, early EOF\nremote: SSL certificate problem";
    expect(gitFailure(remote, `${said}\nfatal: pack is corrupted (SHA1 mismatch)\n`, 0).code).to.equal(
      "GIT_PACK_CORRUPT",
    );
  });

  it("passes on a server's last words, cut and without what a terminal would act upon", () => {
    const error = gitFailure(remote, `remote: fatal: \x1b[31m${"x".repeat(5000)}\n`, 0);
    expect(error.message).to.include("xxx").and.not.include("\x1b");
    expect(error.message.length).to.be.below(400);
  });
});
