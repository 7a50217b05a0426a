/** Rules for fields of the source that only one type of destination supports. They apply to the spec of an app. */
export const SOURCE_RULES = [
  {
    rule: "!has(self.destination.overseer) || !has(self.source.compose)",
    message: "source.compose is only for destination.kubernetes: remove it; a Core has its own settings",
    fieldPath: ".source.compose",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.source.commonMetadata)",
    message: "source.commonMetadata is only for destination.kubernetes: remove it",
    fieldPath: ".source.commonMetadata",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.sync) || !has(self.sync.ignoreDifferences)",
    message: "sync.ignoreDifferences is only for destination.kubernetes: remove it",
    fieldPath: ".sync.ignoreDifferences",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.sync) || !has(self.sync.createNamespace)",
    message: "sync.createNamespace is only for destination.kubernetes: remove it",
    fieldPath: ".sync.createNamespace",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.source.patches)",
    message:
      "source.patches is only for destination.kubernetes: remove it, and change the documents of overseer.io in the repository instead",
    fieldPath: ".source.patches",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.source.substitute)",
    message:
      "source.substitute is only for destination.kubernetes: remove it; source.env sets variables of Compose documents",
    fieldPath: ".source.substitute",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.source.requiredSecrets)",
    message:
      "source.requiredSecrets is only for destination.kubernetes: apps of a Core wait for what ${SECRET:name} refers to",
    fieldPath: ".source.requiredSecrets",
  },
  {
    rule: "!has(self.destination.overseer) || !has(self.source.restart) || !has(self.source.restart.from)",
    message: "source.restart.from is only for destination.kubernetes: write restart: {}",
    fieldPath: ".source.restart",
  },
];
