import { FINALIZER } from "../group.js";
import { type PolicySpec, policySpec, type Validation } from "./admission-policy.js";

/** Reports whether the user has a verb for the Environment of a request. */
const MAY =
  "authorizer.group('gitops.overseer.io').resource('environments').name(oldObject.metadata.name).check('VERB').allowed()";
const MAY_RELEASE = MAY.replace("VERB", "release");

const KEEPS_FREEZE =
  "has(object.spec.freeze) == has(oldObject.spec.freeze) && (!has(object.spec.freeze) || object.spec.freeze == oldObject.spec.freeze)";

/** Reports whether every namespace and claim of the Environment is kept. */
const KEEPS_ALL = [
  "oldObject.spec.?namespaces.orValue([]).all(one, object.spec.?namespaces.orValue([]).exists(other, other.name == one.name))",
  "oldObject.spec.?claims.orValue([]).all(one, one in object.spec.?claims.orValue([]))",
].join(" && ");

/**
 * Returns the policy that keeps an Environment from disappearing silently: only the operator writes its status, and only users with the
 * verb release may delete it, or remove a namespace or claim.
 */
export function environmentPolicy(operator: string): PolicySpec {
  const isOperator = `request.userInfo.username == '${operator}'`;
  const rules: Validation[] = [
    {
      expression: `request.?subResource.orValue('') != 'status' || ${isOperator}`,
      reason: "Forbidden",
      message: "only the operator may write the status of Environments",
    },
    {
      expression: `request.operation != 'DELETE' || ${MAY_RELEASE}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb release for Environment ' + oldObject.metadata.name + ', which its deletion requires'",
    },
    {
      expression: `request.operation != 'UPDATE' || request.?subResource.orValue('') == 'status' || (${KEEPS_ALL}) || ${MAY_RELEASE}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb release for Environment ' + oldObject.metadata.name + ', which the removal of a namespace or the change of a claim requires'",
    },
    {
      expression: `request.operation != 'UPDATE' || (${KEEPS_FREEZE}) || ${MAY.replace("VERB", "freeze")}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb freeze for Environment ' + oldObject.metadata.name + ', which a change of spec.freeze requires'",
    },
    {
      expression: `request.operation != 'UPDATE' || ${isOperator} || !('${FINALIZER}' in oldObject.metadata.?finalizers.orValue([])) || '${FINALIZER}' in object.metadata.?finalizers.orValue([])`,
      reason: "Forbidden",
      message: `only the operator removes the finalizer ${FINALIZER} of an Environment`,
    },
  ];
  return policySpec(["environments", "environments/status"], ["UPDATE", "DELETE"], rules, "Cluster");
}
