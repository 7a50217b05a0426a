import type { BadSpec } from "./crd-cases.js";

/** Bad specs of dependencies and sync windows. */
export const gateCases: readonly BadSpec[] = [
  {
    kind: "OverseerApp",
    name: "itself",
    set: { dependsOn: [{ name: "itself" }] },
    field: "OverseerApp",
    message: "an OverseerApp cannot depend on itself: remove its name from spec.dependsOn",
  },
  ...["@daily", "0 0 * *", "0 0 0 * * *"].map(
    (schedule): BadSpec => ({
      kind: "OverseerApp",
      set: { sync: { windows: [{ kind: "Deny", schedule, duration: "1h" }] } },
      field: "spec.sync.windows[0].schedule",
      message: schedule.length < 9 ? "should be at least 9 chars long" : "should match",
    }),
  ),
  ...(
    [
      ["500ms", "must not be shorter than 1s"],
      ["8785h", "must not be longer than 8784h"],
    ] as const
  ).map(
    ([duration, message]): BadSpec => ({
      kind: "OverseerApp",
      set: { sync: { windows: [{ kind: "Deny", schedule: "0 0 * * *", duration }] } },
      field: "spec.sync.windows[0].duration",
      message,
    }),
  ),
];
