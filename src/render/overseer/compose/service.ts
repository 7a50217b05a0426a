import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { checkFields } from "./forms.js";
import type { Runtime } from "./runtime.js";
import { SERVICE_FIELDS } from "./service-forms.js";
import { isRelativePath, type Mapping } from "./shape.js";

/** Validates a service on its own, except for its ports, volumes and environment. */
export function checkService(name: string, service: Mapping, report: Reporter, runtime: Runtime): void {
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    report.problem("the name of a service has letters, digits, and - . _ only");
  }
  checkFields(service, SERVICE_FIELDS, report);
  checkImage(service, report, runtime);
  checkHealthcheck(service.healthcheck, report.at("healthcheck"));
  if (runtime === "cluster") return;
  checkEnvFiles(service.env_file, report.at("env_file"));
  if (service.label_file !== undefined) {
    report.at("label_file").problem("the repository's files are not on the node; write the labels in labels");
  }
}

function checkImage(service: Mapping, report: Reporter, runtime: Runtime): void {
  const { image, build } = service;
  const builder = runtime === "node" ? "nodes do" : "a cluster does";
  if (image === undefined || image === null) {
    if (build !== undefined) {
      // The compiler for clusters knows where the image is.
      if (runtime === "node")
        report.at("build").problem(`${builder} not build images: push the image to a registry and set image`);
    } else if (service.extends === undefined && service.provider === undefined) {
      report.problem("has no image");
    }
  } else if (typeof image !== "string" || image.trim() === "") {
    report.at("image").problem(typeof image === "string" ? "is empty" : `expected text, found ${nameOfValue(image)}`);
  } else if (build !== undefined) {
    report.at("build").note(`is ignored: ${builder} not build images; push the image to a registry`);
  }
}

function checkHealthcheck(healthcheck: unknown, report: Reporter): void {
  if (!isRecord(healthcheck)) return;
  const { test } = healthcheck;
  if (!Array.isArray(test) || test.length === 0 || ["CMD", "CMD-SHELL", "NONE"].includes(String(test[0]))) return;
  report.at("test", 0).problem("a test that is a list begins with CMD, CMD-SHELL or NONE");
}

function checkEnvFiles(written: unknown, report: Reporter): void {
  const files = Array.isArray(written) ? written : written === undefined || written === null ? [] : [written];
  files.forEach((item: unknown, index) => {
    const path: unknown = isRecord(item) ? item.path : item;
    const optional = isRecord(item) && item.required === false;
    const at = Array.isArray(written) ? report.at(index) : report;
    if (typeof path === "string" && isRelativePath(path) && !optional) {
      at.problem(
        "relative path: the repository's files are not on the node; write the variables in environment, " +
          "and secrets as ${SECRET:name}",
      );
    }
  });
}
