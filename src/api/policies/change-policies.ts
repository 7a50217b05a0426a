import { type PolicyName, type PolicySpec, policySpec, type Validation } from "./admission-policy.js";
import { environmentPolicy } from "./environment-policy.js";

/** Stands for the user name of the operator in the files of the chart. */
export const OPERATOR_PLACEHOLDER = "OPERATOR_USER_NAME";
/** Stands for the ServiceAccounts that may approve, in the files of the chart. */
export const APPROVERS_PLACEHOLDER = "APPROVING_SERVICE_ACCOUNTS";

/**
 * Returns the policies that requests and approvals rely on: they prove who made them, and that only the operator writes inputs and status.
 * The chart installs them; nothing counts while one of them is missing or differs. `approvers` are the user names of ServiceAccounts
 * that may approve.
 */
export function changePolicies(
  operator: string,
  approvers: readonly string[] = [],
): Readonly<Record<PolicyName, PolicySpec>> {
  return {
    status: statusPolicy(operator),
    requests: requestPolicy(operator),
    approvals: approvalPolicy(operator, approvers),
    environments: environmentPolicy(operator),
  };
}

const STATUS_OF = [
  "approvals/status",
  "changes/status",
  "overseerapps/status",
  "overseerappsets/status",
  "gitrepositories/status",
  "notificationchannels/status",
];

function statusPolicy(operator: string): PolicySpec {
  return policySpec(
    STATUS_OF,
    ["UPDATE"],
    [
      {
        expression: `request.userInfo.username == '${operator}'`,
        reason: "Forbidden",
        message:
          "only the operator may write the status of Changes, Approvals, OverseerApps, OverseerAppSets, GitRepositories and NotificationChannels",
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
      expression: atCreation("object.spec.cause in ['Sync', 'Rollback', 'Promotion']"),
      reason: "Forbidden",
      messageExpression:
        "'Changes of cause ' + object.spec.cause + ' are created by the operator: users create Changes of cause Sync, Rollback or Promotion'",
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
        "authorizer.group('gitops.overseer.io').resource('overseerapps').namespace(request.namespace).name(object.spec.app.name).check(object.spec.cause == 'Rollback' ? 'rollback' : object.spec.cause == 'Promotion' ? 'promote' : 'sync').allowed()",
      ),
      reason: "Forbidden",
      messageExpression:
        "request.userInfo.username + ' does not have the verb ' + (object.spec.cause == 'Rollback' ? 'rollback' : object.spec.cause == 'Promotion' ? 'promote' : 'sync') + ' for OverseerApp ' + request.namespace + '/' + object.spec.app.name",
    },
    {
      expression: unlessOperator(operator, "request.operation != 'UPDATE' || object.spec == oldObject.spec"),
      reason: "Forbidden",
      message: "the spec of a Change is immutable: create another Change instead",
    },
  ];
  return policySpec(["changes"], ["CREATE", "UPDATE"], rules);
}

/** Users of Kubernetes that delete the objects of a deleted namespace or owner. */
const COLLECTORS = [
  "system:serviceaccount:kube-system:generic-garbage-collector",
  "system:serviceaccount:kube-system:namespace-controller",
  "system:kube-controller-manager",
];

function approvalPolicy(operator: string, approvers: readonly string[]): PolicySpec {
  const atCreation = (expression: string): string => `request.operation != 'CREATE' || (${expression})`;
  const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(", ")}]`;
  return policySpec(
    ["approvals"],
    ["CREATE", "UPDATE", "DELETE"],
    [
      {
        expression: atCreation("object.spec.approver == request.userInfo.username"),
        reason: "Forbidden",
        messageExpression: "'spec.approver must be your user name: ' + request.userInfo.username",
      },
      {
        expression: atCreation(
          "object.spec.?groups.orValue([]).all(group, group in request.userInfo.?groups.orValue([]))",
        ),
        reason: "Forbidden",
        messageExpression: "'spec.groups must only have groups of ' + request.userInfo.username",
      },
      {
        expression: atCreation(
          `!request.userInfo.username.startsWith('system:serviceaccount:') || request.userInfo.username in ${list(approvers)}`,
        ),
        reason: "Forbidden",
        message:
          "a ServiceAccount must not approve: decisions are for people (see approvals.serviceAccounts of the chart)",
      },
      {
        expression: atCreation(
          "authorizer.group('gitops.overseer.io').resource('overseerapps').namespace(request.namespace).name(object.spec.app.name).check(object.spec.decision == 'BreakGlass' ? 'break-glass' : 'approve').allowed()",
        ),
        reason: "Forbidden",
        messageExpression:
          "request.userInfo.username + ' does not have the verb ' + (object.spec.decision == 'BreakGlass' ? 'break-glass' : 'approve') + ' for OverseerApp ' + request.namespace + '/' + object.spec.app.name",
      },
      {
        expression: "request.operation != 'UPDATE' || object.spec == oldObject.spec",
        reason: "Forbidden",
        message: "an Approval is immutable: create another one, for example with decision Withdraw",
      },
      {
        expression: `request.operation != 'DELETE' || request.userInfo.username in ${list([operator, ...COLLECTORS])}`,
        reason: "Forbidden",
        message:
          "only the operator deletes Approvals, together with their Change: to revoke a decision, create an Approval with decision Withdraw",
      },
    ],
  );
}
