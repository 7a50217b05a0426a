import type { CheckRule } from "../../api/host-gates.js";
import { MESSAGE_DIGITS } from "../../api/short-revision.js";
import type { Check } from "../../git/hosts/git-host.js";
import { known } from "../context.js";
import { environmentsOf } from "../environments.js";
import type { Gate, GateVerdict } from "../gate.js";
import { judgeAgainAt, waitForHost } from "./wait-for-host.js";

/** Holds a Change until the checks that its Environments require have succeeded for its commit. */
export const checksGate: Gate = {
  name: "checks",
  waitReason: "Checks",
  judge: async ({ app, started, cause, approvals, host, inputs, lister, now }) => {
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    const gates = environmentsOf(app.metadata.namespace, lister.list("Environment")).flatMap(
      ({ spec }) => spec.gates ?? [],
    );
    const rules = gates.flatMap(({ checks = [] }) => checks);
    if (rules.length === 0) return { state: "Pass" };
    const facts = known(host, "the Git host of the repository");
    // The gate review reports the whole error of the same host.
    const brief = gates.some(({ review }) => review !== undefined)
      ? "the Git host cannot be asked for checks"
      : undefined;
    const judge = async (): Promise<GateVerdict> => {
      const checks = await facts.checksOf(inputs.commit);
      const problems = rules.flatMap((rule) => whyNotPassed(checks, rule) ?? []);
      if (problems.length === 0) return { state: "Pass" };
      const commit = inputs.commit.slice(0, MESSAGE_DIGITS);
      const opens = "these checks, once they have succeeded; in an emergency users with the verb break-glass";
      return { state: "Wait", message: `commit ${commit}: ${problems.join("; ")}`, opens, until: judgeAgainAt(now) };
    };
    return waitForHost(now, judge, brief);
  },
};

/** Returns why a required check has not passed; undefined if it has. Only success counts: neither skipped nor neutral. */
export function whyNotPassed(checks: readonly Check[], { name, app }: CheckRule): string | undefined {
  const named = checks.filter((check) => check.name === name);
  const own = named.filter((check) => check.app === app);
  if (own.length > 0) {
    const bad = own.find(({ conclusion }) => conclusion !== "Success");
    return bad && `check ${name} of ${app} is ${bad.conclusion}`;
  }
  if (named.length === 0) return `check ${name} of ${app} was not reported`;
  const others = [...new Set(named.flatMap((check) => check.app ?? []))];
  if (others.length === 0) return `check ${name}: the Git host does not tell who has reported it`;
  return `check ${name} was reported by ${others.join(", ")}, not by ${app}`;
}
