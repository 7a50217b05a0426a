import { expect } from "chai";
import { KubeconfigError, readRemoteKubeconfig } from "../../../../src/kube/client/remote-kubeconfig.js";
import { makeCertificates } from "../../../support/certificates.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const SECRET = "canary-9f8e7d6c";

interface Parts {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly file?: Readonly<Record<string, unknown>>;
}

/** A good kubeconfig, and what a case lays over it. */
function kubeconfig({ cluster, user, file }: Parts = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "ignored" } }],
    clusters: [{ name: "k", cluster: { server: "https://cluster.example:6443", ...cluster } }],
    users: [{ name: "u", user: { token: SECRET, ...user } }],
    preferences: {},
    ...file,
  });
}

function refusal(text: string): string {
  try {
    readRemoteKubeconfig(text, "the kubeconfig");
  } catch (error) {
    expect(error).to.be.instanceOf(KubeconfigError);
    return (error as KubeconfigError).message;
  }
  throw new Error("it was taken");
}

/** What is in the kubeconfig, and what the message says. */
const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ["an exec plugin", kubeconfig({ user: { exec: { command: SECRET } } }), /user\.exec would run a program .*token/],
  [
    "a sign-in service",
    kubeconfig({ user: { "auth-provider": { name: SECRET } } }),
    /auth-provider requires an auth plugin/,
  ],
  [
    "a path to a CA",
    kubeconfig({ cluster: { "certificate-authority": `/${SECRET}` } }),
    /certificate-authority is a path .*--flatten/,
  ],
  [
    "a path to a certificate",
    kubeconfig({ user: { "client-certificate": `/${SECRET}` } }),
    /client-certificate is a path/,
  ],
  ["a path to a key", kubeconfig({ user: { "client-key": `/${SECRET}` } }), /client-key is a path/],
  ["a path to a token", kubeconfig({ user: { tokenFile: `/${SECRET}` } }), /tokenFile is a path/],
  [
    "no look at the certificate",
    kubeconfig({ cluster: { "insecure-skip-tls-verify": true } }),
    /insecure-skip-tls-verify would expose .*certificate-authority-data/,
  ],
  ["the same as a text", kubeconfig({ cluster: { "insecure-skip-tls-verify": "true" } }), /insecure-skip-tls-verify/],
  ["a proxy", kubeconfig({ cluster: { "proxy-url": `socks5://${SECRET}` } }), /proxy-url is not supported/],
  ["a user to act as", kubeconfig({ user: { as: SECRET } }), /user\.as is not supported: .*serviceAccountName/],
  [
    "groups to act as",
    kubeconfig({ user: { "as-groups": [SECRET] } }),
    /as-groups is not supported: .*serviceAccountName/,
  ],
  ["a user's UID to act as", kubeconfig({ user: { "as-uid": SECRET } }), /as-uid is not supported/],
  [
    "basic authentication",
    kubeconfig({ user: { username: "u", password: SECRET } }),
    /username is for basic authentication/,
  ],
  [
    "a field that nobody knows",
    kubeconfig({ user: { [SECRET]: "x" } }),
    /users\[\]\.user\.\* has a field that is not supported/,
  ],
  ["a field of the prototype", kubeconfig({ user: { constructor: SECRET } }), /has a field that is not supported/],
  [
    "http to another machine",
    kubeconfig({ cluster: { server: `http://${SECRET}.example` } }),
    /must start with https:\/\//,
  ],
  ["another scheme", kubeconfig({ cluster: { server: `file:///${SECRET}` } }), /must start with https:\/\//],
  ["a user in the address", kubeconfig({ cluster: { server: `https://u:${SECRET}@a.example` } }), /no user, password/],
  [
    "a query in the address",
    kubeconfig({ cluster: { server: `https://a.example?x=${SECRET}` } }),
    /no user, password, query/,
  ],
  ["no address", kubeconfig({ cluster: { server: SECRET } }), /server is not a URL/],
  ["an address that is no text", kubeconfig({ cluster: { server: 5 } }), /server is not a URL/],
  ["no current-context", kubeconfig({ file: { "current-context": "" } }), /has no current-context/],
  [
    "a wrong current-context",
    kubeconfig({ file: { "current-context": SECRET } }),
    /current-context is not an entry of contexts/,
  ],
  ["no clusters", kubeconfig({ file: { clusters: null } }), /is not an entry of clusters/],
  [
    "another cluster",
    kubeconfig({ file: { clusters: [{ name: SECRET, cluster: {} }] } }),
    /is not an entry of clusters/,
  ],
  ["no users", kubeconfig({ file: { users: [] } }), /is not an entry of users/],
  ["entries that are none", kubeconfig({ file: { users: [null, 1, "x"] } }), /is not an entry of users/],
  ["no credential", kubeconfig({ user: { token: "" } }), /neither a token nor a client certificate/],
  [
    "a token of two lines",
    kubeconfig({ user: { token: `${SECRET}\nx-y: z` } }),
    /token contains white space or non-ASCII/,
  ],
  [
    "a token that is no text",
    kubeconfig({ user: { token: { a: SECRET } } }),
    /token contains white space or non-ASCII/,
  ],
  [
    "a CA that is not base64",
    kubeconfig({ cluster: { "certificate-authority-data": `{${SECRET}}` } }),
    /certificate-authority-data is not base64/,
  ],
  [
    "a CA that is none",
    kubeconfig({ cluster: { "certificate-authority-data": base64(SECRET) } }),
    /is not a PEM certificate/,
  ],
  [
    "a certificate without a key",
    kubeconfig({ user: { "client-certificate-data": base64(SECRET) } }),
    /both client-certificate-data and client-key-data/,
  ],
  [
    "a key that is none",
    kubeconfig({ user: { "client-certificate-data": base64(SECRET), "client-key-data": base64(SECRET) } }),
    /not a PEM certificate and its unencrypted key/,
  ],
  ["nothing", "", /is not valid YAML|is not a kubeconfig/],
  ["a list", "[]", /is not a kubeconfig/],
  ["broken YAML", `a: b\nc: [${SECRET}\n`, /is not valid YAML \(line \d+\)/],
  ["a tag that nobody knows", `a: !${SECRET} b`, /is not valid YAML/],
  ["two documents", `a: ${SECRET}\n---\nb: c\n`, /is not valid YAML|is not a kubeconfig/],
];

describe("readRemoteKubeconfig", () => {
  for (const [what, text, message] of REFUSED) {
    it(`refuses ${what}, says why, and shows nothing of it`, () => {
      const told = refusal(text);
      expect(told)
        .to.match(message)
        .and.match(/^the kubeconfig: /);
      expect(told).to.not.contain(SECRET).and.not.contain(base64(SECRET));
    });
  }

  it("takes address and token, without a slash at the end or blanks around", () => {
    const text = kubeconfig({
      cluster: { server: "https://Gate.example:443/k8s/c-1/" },
      user: { token: ` ${SECRET}\n` },
    });
    expect(readRemoteKubeconfig(text, "x")).to.deep.equal({
      server: "https://gate.example/k8s/c-1",
      tls: {},
      token: SECRET,
    });
  });

  it("takes http:// on the loopback address alone", () => {
    for (const host of ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"]) {
      const { server } = readRemoteKubeconfig(kubeconfig({ cluster: { server: `http://${host}` } }), "x");
      expect(server).to.equal(`http://${host}`);
    }
    for (const host of ["127.0.0.1.example.com", "localhost.example.com"])
      expect(refusal(kubeconfig({ cluster: { server: `http://${host}` } }))).to.contain("https://");
  });

  it("does not mind switches that are off, nor what others leave in the file", () => {
    const text = kubeconfig({
      cluster: { "insecure-skip-tls-verify": false, "proxy-url": "", extensions: [{ name: "x" }] },
      user: { username: "", exec: null },
    });
    expect(readRemoteKubeconfig(text, "x").token).to.equal(SECRET);
  });

  it("takes certificates, and refuses a key that is another certificate's", function () {
    const [one, other] = [makeCertificates(), makeCertificates()];
    if (one === undefined || other === undefined) return this.skip();
    const withPair = (cert: string, key: string): string =>
      kubeconfig({
        cluster: { "certificate-authority-data": base64(one.ca), "tls-server-name": "inner.example" },
        user: { token: null, "client-certificate-data": base64(cert), "client-key-data": base64(key) },
      });
    expect(readRemoteKubeconfig(withPair(one.client.cert, one.client.key), "x")).to.deep.include({
      token: undefined,
      tls: { ca: one.ca, cert: one.client.cert, key: one.client.key, servername: "inner.example" },
    });
    expect(refusal(withPair(one.client.cert, other.client.key))).to.contain("its unencrypted key");
  });
});
