import { type Command, InvalidArgumentError, Option } from "commander";
import { isHostPattern } from "../../base/host-rules.js";
import { FORMATS, type RenderOptions } from "./options.js";

const DESCRIPTION =
  "Print the objects that a directory renders to.\n\n" +
  "PATH is a directory or file, read as the operator would read it if all of its work tree were committed now: files that Git ignores " +
  "are skipped. It is rendered with the same code, programs and limits as in the operator, without a cluster. With -f, the settings " +
  "are those of an OverseerApp, and PATH is the repository.";

const EXAMPLES = `
Examples:
  overseer render k8s/overlays/prod
  overseer render charts/shop --values env/prod.yaml --set image.tag=v2 --kube-version v1.35.0
  overseer render -f apps/shop.yaml -o name
  overseer render k8s/overlays/prod | kubectl diff -f -

Exit codes: 0 rendered, 1 the source cannot be rendered, 2 the command line is wrong.`;

/** Adds the command `render`. */
export function addRender(program: Command): void {
  program
    .command("render")
    .argument("[PATH]", "directory or file; defaults to the current directory")
    .summary("print the objects that a directory renders to")
    .description(DESCRIPTION)
    .option("-f, --file <FILE>", "manifest of an OverseerApp: use its source, namespace and destination")
    .option("--app <NAME>", "with -f: which OverseerApp of the file")
    .option("-n, --namespace <NAME>", 'namespace of objects that set none (default: "default")')
    .option("--name <NAME>", 'name of the app, which is the release name of charts (default: "app")')
    .addOption(
      new Option("--destination <KIND>", "what the objects are for; defaults to kubernetes").choices([
        "kubernetes",
        "overseer",
      ]),
    )
    .option("--values <FILE>", "values file for a chart; may be repeated", collect)
    .option("--set <PATH=VALUE>", "value for a chart; may be repeated", collect)
    .option("--set-string <PATH=VALUE>", "the same, and the value is always a string", collect)
    .option("--env <NAME=VALUE>", "variable for Compose documents; may be repeated", collect)
    .option("--kube-version <VERSION>", "Kubernetes version that charts are rendered for; defaults to that of helm")
    .option("--api-versions <VERSION>", "API version that charts can ask for; may be repeated", collect)
    .option("--include <GLOB>", "read only files that match, relative to PATH; may be repeated", collect)
    .option("--overlay <DIR>", "directory of partial App documents that are merged over those of PATH")
    .option("--exclude <GLOB>", "ignore files that match, relative to PATH; may be repeated", collect)
    .option("--age-key-file <FILE>", "keys of age that decrypt files; defaults to SOPS_AGE_KEY_FILE")
    .addOption(
      new Option(
        "--allowed-remote-base-hosts <HOSTS>",
        "comma-separated hosts that remote bases of Kustomize are fetched from, without credentials; none by default",
      ).argParser(hosts),
    )
    .option(
      "--registry-config <FILE>",
      "credentials of OCI registries of charts, as helm registry login and docker login write them (default: the files of Helm and Docker, and DOCKER_AUTH_CONFIG)",
    )
    .option(
      "--repository-config <FILE>",
      "credentials of HTTP repositories of charts, as helm repo add writes them (default: the file of Helm)",
    )
    .addOption(new Option("-o, --output <FORMAT>", "output format").choices(FORMATS).default("yaml"))
    .option("--kubectl <FILE>", "kubectl program, for Kustomize (default: from PATH)")
    .option("--helm <FILE>", "helm program, for charts (default: from PATH)")
    .option("--timeout <SECONDS>", "time limit of kubectl and helm", seconds, 60)
    .addHelpText("after", EXAMPLES)
    .action(async (path: string | undefined, options: RenderOptions) => {
      // Loaded only to render: the start of other commands is what people feel.
      const { render } = await import("./render.js");
      await render(path, options);
    });
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function hosts(text: string): readonly string[] {
  const patterns = text.split(",").map((host) => host.trim());
  const wrong = patterns.find((pattern) => !isHostPattern(pattern));
  if (wrong === undefined) return patterns;
  throw new InvalidArgumentError(
    `${JSON.stringify(wrong)} is no host: write github.com, *.example.com or 127.0.0.1:8080.`,
  );
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 3600) return value;
  throw new InvalidArgumentError("It must be a number of seconds from 1 to 3600.");
}
