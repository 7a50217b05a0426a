import { type PolicyName, type PolicySpec, policySpec, type Validation } from "./admission-policy.js";

/** Stands for the user name of the operator in the files of the chart. */
export const OPERATOR_PLACEHOLDER = "OPERATOR_USER_NAME";

/**
 * Returns the policies that requests rely on: they prove who made a request, and that only the operator writes inputs and status.
 * The chart installs them; the operator accepts no request while one of them is missing or differs.
 */
export function changePolicies(operator: string): Readonly<Record<PolicyName, PolicySpec>> {
  return { status: statusPolicy(operator), requests: requestPolicy(operator) };
}

const STATUS_OF = ["changes/status", "overseerapps/status", "gitrepositories/status"];

function statusPolicy(operator: string): PolicySpec {
  return policySpec(
    STATUS_OF,
    ["UPDATE"],
    [
      {
        expression: `request.userInfo.username == '${operator}'`,
        reason: "Forbidden",
        message: "only the operator may write the status of Changes, OverseerApps and GitRepositories",
      },
    ],
  );
}

/** Exempts the operator from a rule. */
const unlessOperator = (operator: string, expression: string): string =>
  `request.userInfo.username == '${operator}' || ${expression}`;

function requestPolicy(operator: string): PolicySpec {
  const atCreation = (expression: string): string =>
    unlessOperator(operator, `request.operation != 'CREATE' || (${expression})`);
  const rules: Validation[] = [
    {
      expression: atCreation("object.spec.cause == 'Sync'"),
      reason: "Forbidden",
      messageExpression:
        "'Changes of cause ' + object.spec.cause + ' are created by the operator: users create Changes of cause Sync'",
    },
    {
      expression: atCreation("!has(object.spec.inputs)"),
      reason: "Forbidden",
      message: "spec.inputs is set by the operator: remove it",
    },
    {
      expression: atCreation("object.spec.?requester.orValue('') == request.userInfo.username"),
      reason: "Forbidden",
      messageExpression: "'spec.requester must be your user name: ' + request.userInfo.username",
    },
    {
      expression: atCreation(
        "authorizer.group('gitops.overseer.io').resource('overseerapps').namespace(request.namespace).name(object.spec.app.name).check('sync').allowed()",
      ),
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb sync for OverseerApp ' + request.namespace + '/' + object.spec.app.name",
    },
    {
      expression: unlessOperator(operator, "request.operation != 'UPDATE' || object.spec == oldObject.spec"),
      reason: "Forbidden",
      message: "the spec of a Change is immutable: create another Change instead",
    },
  ];
  return policySpec(["changes"], ["CREATE", "UPDATE"], rules);
}
