import { isRecord } from "../../manifest/shape.js";
import { warn } from "./findings.js";
import type { ServiceModel } from "./model.js";
import { escapeExpansion } from "./text.js";
import { isTrue, numberOf, textOf, textsOf, wholeSeconds } from "./values.js";

/** Defaults of Compose, in seconds. */
const INTERVAL = 30;
const TIMEOUT = 30;
const RETRIES = 3;
const START_INTERVAL = 5;
/** Least time in seconds that a startup probe waits: Compose never restarts a container because it is unhealthy. */
const PATIENCE = 3600;

/** Probes of a container. */
export interface Probes {
  readonly readinessProbe?: Readonly<Record<string, unknown>>;
  readonly startupProbe?: Readonly<Record<string, unknown>>;
}

/**
 * Converts the health check of a service to a readiness probe, and to a startup probe if it has a start period. There is no
 * liveness probe, because Compose does not restart unhealthy containers.
 */
export function probesOf({ service, report }: ServiceModel): Probes {
  const { healthcheck } = service;
  if (!isRecord(healthcheck) || isTrue(healthcheck.disable)) return {};
  const at = report.at("healthcheck");
  const { test } = healthcheck;
  const command = testCommand(test);
  if (command === "none") return {};
  if (command === undefined) {
    warn(
      at,
      "has no test: a health check of the image is unknown to Kubernetes; write its test to have a readiness probe",
    );
    return {};
  }
  const exec = { exec: { command: command.map((word) => escapeExpansion(word)) } };
  // Zero means the default, as in Docker.
  const periodSeconds = wholeSeconds(healthcheck.interval, 0) || INTERVAL;
  const timeoutSeconds = wholeSeconds(healthcheck.timeout, 0) || TIMEOUT;
  const retries = numberOf(healthcheck.retries) || RETRIES;
  const readinessProbe = { ...exec, periodSeconds, timeoutSeconds, failureThreshold: retries };
  const start = wholeSeconds(healthcheck.start_period, 0) ?? 0;
  if (start === 0) return { readinessProbe };
  const startInterval = wholeSeconds(healthcheck.start_interval, 0) || START_INTERVAL;
  const total = Math.max(PATIENCE, start + retries * periodSeconds);
  const failureThreshold = Math.ceil(total / startInterval);
  return {
    readinessProbe,
    startupProbe: { ...exec, periodSeconds: startInterval, timeoutSeconds, failureThreshold },
  };
}

function testCommand(test: unknown): readonly string[] | "none" | undefined {
  if (!Array.isArray(test)) {
    const text = textOf(test);
    return text === undefined || text === "" ? undefined : ["/bin/sh", "-c", text];
  }
  const [kind, ...words] = textsOf(test);
  if (kind === "NONE") return "none";
  if (kind === "CMD") return words.length === 0 ? undefined : words;
  return kind === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : undefined;
}
