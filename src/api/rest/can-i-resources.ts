/** Kinds that `can-i` knows, by their names in the API. */
export const CAN_I_RESOURCES = {
  apps: "overseerapps",
  changes: "changes",
  approvals: "approvals",
  repositories: "gitrepositories",
  environments: "environments",
  channels: "notificationchannels",
} as const;
