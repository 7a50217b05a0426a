import { type KeyExample, noted, rejected, silent } from "./key-examples.js";

const ONE =
  "services: {web: {image: 'x:1', volumes: ['data:/d'], networks: [n, m], secrets: [s], configs: [c]}, b: {image: 'y:1', networks: [n]}}";
const SECRETS = "secrets: {s: {file: secret.txt}}";
const CONFIGS = "configs: {c: {content: x}}";
const VOLUMES = "volumes: {data: {}}";

function whole(networks: string, volumes = VOLUMES, secrets = SECRETS, configs = CONFIGS): string {
  return [ONE, `networks: {n: {${networks}}, m: {}}`, volumes, secrets, configs].join("\n");
}

const ofNetwork = (own: string): KeyExample => ({ with: whole(own), without: whole("") });
const ofVolume = (own: string): KeyExample => ({ with: whole("", `volumes: {data: {${own}}}`), without: whole("") });
const ofSecret = (own: string): KeyExample => ({
  with: whole("", VOLUMES, `secrets: {s: {${own}}}`),
  without: whole(""),
});
const ofConfig = (own: string): KeyExample => ({
  with: whole("", VOLUMES, SECRETS, `configs: {c: {${own}}}`),
  without: whole(""),
});
const top = (own: string): KeyExample => ({ with: `${own}\n${whole("")}`, without: whole("") });

/** Examples of keys of documents. */
export const DOCUMENT_EXAMPLES: Readonly<Record<string, KeyExample>> = {
  version: noted(top("version: '3'")),
  name: noted(top("name: x")),
  services: { with: whole(""), without: "services: {web: {image: 'x:1'}}" },
  include: top("include: [included.compose]"),
  models: rejected(top("models: {m: {model: x}}")),
  "networks.*.name": ofNetwork("name: x"),
  "networks.*.external": ofNetwork("external: true"),
  "networks.*.labels": ofNetwork("labels: {a: b}"),
  "networks.*.driver": rejected(ofNetwork("driver: macvlan")),
  "networks.*.driver_opts": ofNetwork("driver_opts: {a: b}"),
  "networks.*.ipam": ofNetwork("ipam: {driver: default}"),
  "networks.*.internal": ofNetwork("internal: true"),
  "networks.*.attachable": ofNetwork("attachable: true"),
  "networks.*.enable_ipv4": ofNetwork("enable_ipv4: true"),
  "networks.*.enable_ipv6": ofNetwork("enable_ipv6: true"),
  "volumes.*.name": ofVolume("name: x"),
  "volumes.*.external": ofVolume("external: true"),
  "volumes.*.labels": ofVolume("labels: {a: b}"),
  "volumes.*.driver": rejected(ofVolume("driver: x")),
  "volumes.*.driver_opts": ofVolume("driver_opts: {type: nfs, o: addr=192.0.2.1, device: ':/x'}"),
  "secrets.*.name": ofSecret("external: true, name: x"),
  "secrets.*.external": ofSecret("external: true"),
  "secrets.*.labels": ofSecret("file: secret.txt, labels: {a: b}"),
  "secrets.*.environment": ofSecret("environment: V"),
  "secrets.*.file": silent(ofSecret("file: secret.txt")),
  "secrets.*.driver": ofSecret("file: secret.txt, driver: x"),
  "secrets.*.driver_opts": ofSecret("file: secret.txt, driver_opts: {a: b}"),
  "secrets.*.template_driver": ofSecret("file: secret.txt, template_driver: x"),
  "configs.*.name": ofConfig("external: true, name: x"),
  "configs.*.external": ofConfig("external: true"),
  "configs.*.labels": ofConfig("content: x, labels: {a: b}"),
  "configs.*.content": ofConfig("content: other"),
  "configs.*.environment": ofConfig("environment: V"),
  "configs.*.file": ofConfig("file: conf/a.conf"),
  "configs.*.template_driver": ofConfig("content: x, template_driver: x"),
};
