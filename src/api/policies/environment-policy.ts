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

/** Reports whether the gates, in their `old` and `new` form, ask for no less. */
const KEEPS_GATES = (() => {
  const [before, after] = ["oldObject.spec.gates", "object.spec.gates"];
  const approval = [
    `${after}.approval.required >= ${before}.approval.required`,
    `${before}.approval.?groups.orValue([]).all(one, one in ${after}.approval.?groups.orValue([]))`,
    `${before}.approval.causes.all(one, one in ${after}.approval.causes)`,
    `duration(${after}.approval.expires) <= duration(${before}.approval.expires)`,
    ...["forbidAuthor", "onRollback", "onDeletion"].map(
      (flag) => `(!${before}.approval.?${flag}.orValue(false) || ${after}.approval.?${flag}.orValue(false))`,
    ),
    `${after}.approval.?serviceAccounts.orValue([]).all(one, one in ${before}.approval.?serviceAccounts.orValue([]))`,
    `(!has(${before}.approval.userPrefix) || ${after}.approval.?userPrefix.orValue('') == ${before}.approval.userPrefix)`,
  ].join(" && ");
  const parts = [
    `(!has(${before}.approval) || (has(${after}.approval) && ${approval}))`,
    `(!has(${before}.review) || (has(${after}.review) && ${after}.review.required >= ${before}.review.required))`,
    `${before}.?checks.orValue([]).all(one, one in ${after}.?checks.orValue([]))`,
  ];
  return `!has(oldObject.spec.gates) || (has(object.spec.gates) && ${parts.join(" && ")})`;
})();

const sameIfSet = (field: string): string =>
  `(!has(oldObject.spec.${field}) || (has(object.spec.${field}) && object.spec.${field} == oldObject.spec.${field}))`;

/** Reports whether the other rules permit no more. What has not been set can be added. */
const KEEPS_RULES = [
  "oldObject.spec.?promotesFrom.orValue([]).all(one, one in object.spec.?promotesFrom.orValue([]))",
  "(!has(oldObject.spec.promotesFrom) || (has(object.spec.promotion) == has(oldObject.spec.promotion) && (!has(object.spec.promotion) || object.spec.promotion == oldObject.spec.promotion)))",
  "(!has(oldObject.spec.repositories) || (has(object.spec.repositories) && object.spec.repositories.all(one, one in oldObject.spec.repositories)))",
  "(!has(oldObject.spec.limits) || !has(oldObject.spec.limits.concurrent) || (has(object.spec.limits) && has(object.spec.limits.concurrent) && object.spec.limits.concurrent <= oldObject.spec.limits.concurrent))",
  "oldObject.spec.?namespaces.orValue([]).all(one, !has(one.from) || object.spec.?namespaces.orValue([]).exists(other, other.name == one.name && has(other.from) && other.from == one.from))",
  ...["windows", "identities", "pruneBudget"].map(sameIfSet),
].join(" && ");

/**
 * Returns the policy that keeps an Environment from disappearing silently: only the operator writes its status, and only users with the
 * verb release may delete it, remove a namespace or claim, or loosen a rule.
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
      expression: `request.operation != 'UPDATE' || request.?subResource.orValue('') == 'status' || (${KEEPS_GATES}) || ${MAY_RELEASE}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb release for Environment ' + oldObject.metadata.name + ', which gates that ask for less require'",
    },
    {
      expression: `request.operation != 'UPDATE' || request.?subResource.orValue('') == 'status' || (${KEEPS_RULES}) || ${MAY_RELEASE}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb release for Environment ' + oldObject.metadata.name + ', which an edit of promotesFrom, promotion, namespaces[].from, windows, identities, repositories, limits or pruneBudget requires unless it only restricts more'",
    },
    {
      expression: `request.operation != 'UPDATE' || (${KEEPS_FREEZE}) || ${MAY.replace("VERB", "freeze")}`,
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb freeze for Environment ' + oldObject.metadata.name + ', which a change of spec.freeze requires'",
    },
  ];
  return policySpec(["environments", "environments/status"], ["UPDATE", "DELETE"], rules, "Cluster");
}
