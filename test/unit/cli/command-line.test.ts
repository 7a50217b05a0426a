import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { RESOURCES } from "../../../src/api/resources.js";
import { OverseerError } from "../../../src/base/errors.js";
import { readContext } from "../../../src/cli/cluster/kubeconfig-context.js";
import { CommandError, EXIT, UsageError } from "../../../src/cli/exit-codes.js";
import { duration, flagsAfterCommand } from "../../../src/cli/flags.js";
import { findKind, KINDS, type Kind, kindOf, namesOf } from "../../../src/cli/kinds.js";
import { createProgram } from "../../../src/cli/program.js";
import { reportOf } from "../../../src/cli/report-error.js";
import { parseTarget, parseTargetOf } from "../../../src/cli/target.js";

describe("the command line", () => {
  it("knows every kind of the operator by all names of kubectl", () => {
    const names = (kind: string): readonly string[] =>
      namesOf(Object.values(KINDS).find((known) => known.kind === kind) ?? KINDS.app);
    for (const { kind, plural, singular, shortNames, scope } of RESOURCES) {
      expect(names(kind)).to.include.members([plural, singular, ...shortNames]);
      const known: Kind | undefined = Object.values(KINDS).find((one) => one.kind === kind);
      expect(known?.clusterScoped === true, kind).to.equal(scope === "Cluster");
    }
    expect(findKind("OverseerApps.gitops.overseer.io")).to.equal(KINDS.app);
    expect(() => kindOf("chagnes")).to.throw(UsageError, 'there is no kind "chagnes": did you mean "changes"?');
    expect(() => kindOf("pods-of-web")).to.throw(
      UsageError,
      "kinds are app, change, repository, approval, environment",
    );
  });

  it("reads names with a kind, a namespace, or both", () => {
    expect(parseTarget("web", KINDS.app)).to.deep.equal({ kind: KINDS.app, name: "web" });
    expect(parseTarget("change/web-1", KINDS.app)).to.deep.equal({ kind: KINDS.change, name: "web-1" });
    expect(parseTarget("shop/web", KINDS.app)).to.deep.equal({ kind: KINDS.app, namespace: "shop", name: "web" });
    expect(parseTarget("repo/shop/web", KINDS.app)).to.deep.equal({
      kind: KINDS.repository,
      namespace: "shop",
      name: "web",
    });
    for (const bad of ["", "/web", "web/", "a/b/c/d"])
      expect(() => parseTarget(bad, KINDS.app), bad).to.throw(UsageError);
    expect(() => parseTargetOf("change/web-1", [KINDS.app])).to.throw(
      UsageError,
      "is a Change: this command takes the name of an app",
    );
  });

  it("takes flags before the command, too", () => {
    const takesValue = (flag: string): boolean => flag === "-n";
    const moved = (...args: string[]): readonly string[] => flagsAfterCommand(args, takesValue);
    expect(moved("-n", "shop", "-A", "get", "apps")).to.deep.equal(["get", "apps", "-n", "shop", "-A"]);
    expect(moved("-n=shop", "get", "--", "x")).to.deep.equal(["get", "-n=shop", "--", "x"]);
    expect(moved("get", "-n", "shop")).to.deep.equal(["get", "-n", "shop"]);
    expect(moved("--help")).to.deep.equal(["--help"]);
  });

  it("reads durations as Go does, and numbers as seconds", () => {
    expect(["90s", "1h30m", "15", "0"].map(duration)).to.deep.equal([90_000, 5_400_000, 15_000, 0]);
    for (const bad of ["", "soon", "-1s"]) expect(() => duration(bad), bad).to.throw("must be a duration");
  });

  it("gives every error its exit code, and a defect none", () => {
    const error = (code: string): OverseerError =>
      new OverseerError("no\u001b", { code, reason: "ApiServerError", class: "retryable" });
    expect(reportOf(error("KUBE_404"))).to.deep.equal({ message: "no\ufffd", exitCode: EXIT.notAllowed });
    const codes = ["KUBE_401", "KUBE_403", "KUBE_UNREACHABLE", "KUBE_422", "KUBE_429", "KUBE_503"].map(
      (code) => reportOf(error(code))?.exitCode,
    );
    expect(codes).to.deep.equal([
      ...[EXIT.noConnection, EXIT.notAllowed, EXIT.noConnection, EXIT.failed, EXIT.noConnection, EXIT.noConnection],
    ]);
    expect(reportOf(new UsageError("x"))?.exitCode).to.equal(EXIT.usage);
    expect(reportOf(new CommandError("x", EXIT.timeout))?.exitCode).to.equal(EXIT.timeout);
    expect(reportOf(new TypeError("x"))).to.equal(undefined);
  });

  it("has a summary, and a description for every command, and exit codes that never change", () => {
    const program = createProgram("overseer", () => {});
    for (const command of program.commands) {
      expect(command.summary(), command.name()).to.match(/^[a-z].*[^.]$/);
      expect(command.description(), command.name()).to.match(/^[A-Z][\s\S]*\.$/);
    }
    expect(EXIT).to.deep.equal({
      ...{ done: 0, failed: 1, usage: 2, noConnection: 3, notAllowed: 4, timeout: 5, interrupted: 130 },
    });
  });
});

describe("the context of a kubeconfig", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-contexts-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const failure = (files: readonly string[], wanted?: string): Promise<string> =>
    readContext(files, wanted).then(
      () => "",
      (error: unknown) =>
        error instanceof CommandError && error.exitCode === EXIT.noConnection ? error.message : String(error),
    );

  it("is the chosen or the current one, the first of a name in several files", async () => {
    const one = await file("one", "contexts: [{ name: a, context: { cluster: c, namespace: shop } }]");
    const two = await file(
      "two",
      "current-context: a\ncontexts: [{ name: a }, { name: b, context: { namespace: team } }]",
    );
    expect(await readContext([one, two], undefined)).to.deep.equal({ name: "a", cluster: "c", namespace: "shop" });
    expect(await readContext([one, two], "b")).to.include({ namespace: "team" });
  });

  it("names the nearest match, and quotes no content of an unreadable file", async () => {
    const good = await file("good", "contexts: [{ name: production, context: {} }]");
    expect(await failure([good], "prodcution")).to.match(/has no context "prodcution": did you mean "production"\?$/);
    expect(await failure([good]))
      .to.include("has no current context")
      .and.include("(contexts: production)");
    const broken = await file("broken", "users:\n- token: canary\n  - broken: [");
    expect(await failure([broken]))
      .to.match(/cannot be read: line 3: /)
      .and.not.include("canary");
  });
});
