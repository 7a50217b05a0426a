import { expect } from "chai";
import { fullImageName, shownImage, splitImage } from "../../../src/overseer-core/agent/docker/image-names.js";
import { readPullSecrets, registryOf } from "../../../src/overseer-core/agent/docker/pull-credentials.js";
import { PullProgress } from "../../../src/overseer-core/agent/docker/pull-progress.js";

const read = (secrets: Record<string, unknown>) =>
  readPullSecrets(
    new Map(
      Object.entries(secrets).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
  );

describe("credentials of registries", () => {
  it("are read as Docker and Kubernetes store them", () => {
    const logins = read({
      "image-pull.b": {
        auths: { "ghcr.io": { username: "no", password: "no" }, "R.example:5000": { auth: "dTpwOng=" } },
      },
      "image-pull.a": {
        auths: { "https://index.docker.io/v1/": { username: "u", password: "p" }, "ghcr.io": { identitytoken: "t" } },
        credHelpers: { "ghcr.io": "evil" },
      },
    });
    expect(Object.fromEntries(logins)).to.deep.equal({
      "docker.io": { username: "u", password: "p", serveraddress: "https://index.docker.io/v1/" },
      "ghcr.io": { username: "", password: "", serveraddress: "ghcr.io", identitytoken: "t" },
      "r.example:5000": { username: "u", password: "p:x", serveraddress: "r.example:5000" },
    });
  });

  it("are refused with the name of the secret, never its value", () => {
    for (const value of ["hunter2", "null", { auths: { "x.io": "hunter2" } }, { "x.io": {} }]) {
      expect(() => read({ "image-pull.a": value })).to.throw(
        /^the secret image-pull.a contains no credentials of registries: set it to a Docker configuration/,
      );
    }
    expect(() => read({ "image-pull.a": { auths: { "x.io": { username: "hunter2" } } } })).to.throw(
      "the secret image-pull.a contains no username and password for x.io: set both, or auth",
    );
  });

  it("belong to the registry that the name of an image begins with", () => {
    const hosts = [
      "nginx",
      "library/nginx:1",
      "ghcr.io/a/b:1",
      "localhost/x",
      "r:5000/a@sha256:1",
      "registry-1.docker.io/a/b",
      "LOCALHOST/x",
      "EVIL/x",
      "index.docker.io/x",
    ];
    expect(hosts.map(registryOf)).to.deep.equal([
      "docker.io",
      "docker.io",
      "ghcr.io",
      "localhost",
      "r:5000",
      "docker.io",
      "localhost",
      "evil",
      "docker.io",
    ]);
  });
});

describe("names of images", () => {
  it("are split into repository, and tag or digest", () => {
    expect(splitImage("r:5000/a")).to.deep.equal({ name: "r:5000/a", tag: "latest" });
    expect(splitImage("r:5000/a:1")).to.deep.equal({ name: "r:5000/a", tag: "1" });
    expect(splitImage("a:1@sha256:ab")).to.deep.equal({ name: "a", tag: "sha256:ab" });
  });

  it("are completed as Docker does", () => {
    const names = ["nginx", "a/b:1", "docker.io/nginx:1", "index.docker.io/a/b", "EVIL/x", "r:5000/a@sha256:1"];
    expect(names.map(fullImageName)).to.deep.equal([
      "docker.io/library/nginx:latest",
      "docker.io/a/b:1",
      "docker.io/library/nginx:1",
      "docker.io/a/b:latest",
      "EVIL/x:latest",
      "r:5000/a@sha256:1",
    ]);
  });

  it("are shown with the digest in their registry, or with the ID on the node", () => {
    const image = { Id: "sha256:1", RepoDigests: ["mirror/a@sha256:2", "a@sha256:3"] };
    expect(shownImage("a:1", image)).to.equal("a:1@sha256:3");
    expect(shownImage("b:1", image)).to.equal("b:1@sha256:2");
    expect(shownImage("a:1@sha256:4", image)).to.equal("a:1@sha256:4");
    expect(shownImage("a:1", { Id: "sha256:1", RepoDigests: null })).to.equal("a:1 (ID sha256:1)");
  });
});

describe("the progress of a pull", () => {
  it("is told in steps that only grow, and with the error of the engine", () => {
    const told: number[] = [];
    const progress = new PullProgress((percent) => told.push(percent));
    const layer = (id: string, current: number) =>
      progress.add(JSON.stringify({ status: "Downloading", id, progressDetail: { current, total: 100 } }));
    progress.add(JSON.stringify({ status: "Pulling from a", id: "1" }));
    for (const current of [10, 30, 50]) layer("x", current);
    layer("y", 10);
    progress.add(JSON.stringify({ status: "Download complete", id: "x" }));
    layer("y", 100);
    expect(told).to.deep.equal([20, 40, 100]);
    progress.add(JSON.stringify({ error: "denied", errorDetail: { message: "denied" } }));
    expect(progress.error).to.equal("denied");
  });
});
