/** A Compose document with a key, and the same one without it. */
export interface KeyExample {
  readonly with: string;
  readonly without: string;
  /** What is expected of a mapped key instead of other objects: a finding, or nothing, because the key repeats a default. */
  readonly finding?: "note" | "problem" | "nothing";
}

const REST =
  "\nvolumes: {data: {}}\nconfigs: {c: {content: x}}\nsecrets: {s: {file: secret.txt}}\nnetworks: {front: {}, back: {}}";
const OTHER = "  other: {image: 'y:1', environment: {A: 'http://alias:1 name1'}, volumes: ['data:/data']}";

function service(written: string, base = ""): KeyExample {
  const document = (own: string): string => `services:\n  web: {image: 'x:1'${base}${own}}\n${OTHER}${REST}`;
  return { with: document(`, ${written}`), without: document("") };
}

/** An example whose base has other keys, which the key belongs to. */
function below(base: string, written: string): KeyExample {
  const document = (own: string): string => `services:\n  web: {image: 'x:1', ${own}}\n${OTHER}${REST}`;
  return { with: document(written), without: document(base) };
}

const test = "test: [CMD, check]";
const health = (own: string): KeyExample => below(`healthcheck: {${test}}`, `healthcheck: {${test}, ${own}}`);
const deploy = (own: string): KeyExample => service(`deploy: {${own}}`);
const update = (own: string): KeyExample => deploy(`update_config: {${own}}`);
const network = (own: string): KeyExample => below("networks: {front: {}}", `networks: {front: {${own}}}`);
const item = (list: string, base: string, own: string): KeyExample =>
  below(`${list}: [{${base}}]`, `${list}: [{${base}, ${own}}]`);
const port = (own: string): KeyExample => item("ports", "target: 80", own);
const mount = (own: string): KeyExample => item("volumes", "type: volume, source: data, target: /d", own);
const bind = (own: string): KeyExample =>
  item("volumes", "type: bind, source: ./conf, target: /d, read_only: true", `bind: {${own}}`);
/** Expects a finding that is no problem. */
export const noted = (example: KeyExample): KeyExample => ({ ...example, finding: "note" });
/** Expects neither other objects nor a finding. */
export const silent = (example: KeyExample): KeyExample => ({ ...example, finding: "nothing" });
/** Expects a problem. */
export const rejected = (example: KeyExample): KeyExample => ({ ...example, finding: "problem" });

/** Examples of keys of services. */
export const EXAMPLES: Readonly<Record<string, KeyExample>> = {
  annotations: service("annotations: {a: b}"),
  attach: service("attach: true"),
  blkio_config: service("blkio_config: {weight: 300}"),
  build: noted(service("build: .")),
  cap_add: service("cap_add: [NET_ADMIN]"),
  cap_drop: service("cap_drop: [ALL]"),
  cgroup: service("cgroup: private"),
  cgroup_parent: service("cgroup_parent: x"),
  command: service("command: run it"),
  configs: service("configs: [c]"),
  container_name: service("container_name: name1"),
  cpu_count: service("cpu_count: 1"),
  cpu_percent: service("cpu_percent: 10"),
  cpu_period: service("cpu_period: 50000", ", cpu_quota: 50000"),
  cpu_quota: service("cpu_quota: 50000"),
  cpu_rt_period: service("cpu_rt_period: 1000"),
  cpu_rt_runtime: service("cpu_rt_runtime: 1000"),
  cpu_shares: service("cpu_shares: 512"),
  cpus: service("cpus: 0.5"),
  cpuset: service("cpuset: '0'"),
  credential_spec: service("credential_spec: {file: x}"),
  depends_on: service("depends_on: {other: {condition: service_healthy}}"),
  deploy: deploy("replicas: 2"),
  develop: service("develop: {watch: [{path: ., action: rebuild}]}"),
  device_cgroup_rules: service("device_cgroup_rules: ['c 1:3 mr']"),
  devices: service("devices: ['/dev/x:/dev/x']"),
  dns: service("dns: 192.0.2.1"),
  dns_opt: service("dns_opt: ['ndots:1']"),
  dns_search: service("dns_search: example.com"),
  domainname: service("domainname: example.com"),
  entrypoint: service("entrypoint: [run]"),
  env_file: service("env_file: x.env"),
  environment: service("environment: {A: b}"),
  expose: service("expose: ['80']"),
  extends: service("extends: other"),
  external_links: service("external_links: [x]"),
  extra_hosts: service("extra_hosts: ['a=192.0.2.1']"),
  gpus: service("gpus: all"),
  group_add: service("group_add: [7]"),
  healthcheck: service(`healthcheck: {${test}}`),
  hostname: service("hostname: box"),
  image: { with: "services:\n  web: {image: 'x:2'}", without: "services:\n  web: {image: 'x:1'}" },
  init: service("init: true"),
  ipc: service("ipc: host"),
  isolation: service("isolation: hyperv"),
  label_file: service("label_file: x.env"),
  labels: service("labels: {a: b}"),
  links: service("links: ['other:alias']"),
  logging: service("logging: {driver: local}"),
  mac_address: service("mac_address: 02:42:ac:11:65:43"),
  mem_limit: service("mem_limit: 64m"),
  mem_reservation: service("mem_reservation: 64m"),
  mem_swappiness: service("mem_swappiness: 10"),
  memswap_limit: service("memswap_limit: 64m"),
  models: rejected(service("models: [m]")),
  network_mode: service("network_mode: host"),
  networks: service("networks: [front]"),
  oom_kill_disable: service("oom_kill_disable: true"),
  oom_score_adj: service("oom_score_adj: 10"),
  pid: service("pid: host"),
  pids_limit: service("pids_limit: 10"),
  platform: service("platform: linux/arm64"),
  ports: service("ports: ['8080:80']"),
  post_start: service("post_start: [{command: run}]"),
  pre_start: service("pre_start: [{command: run}]"),
  pre_stop: service("pre_stop: [{command: run}]"),
  privileged: service("privileged: true"),
  profiles: service("profiles: [debug]"),
  provider: service("provider: {type: x}"),
  pull_policy: service("pull_policy: always"),
  pull_refresh_after: service("pull_refresh_after: 1h"),
  read_only: service("read_only: true"),
  restart: service("restart: 'no'"),
  runtime: service("runtime: nvidia"),
  scale: service("scale: 2"),
  secrets: service("secrets: [s]"),
  security_opt: service("security_opt: ['no-new-privileges:true']"),
  shm_size: service("shm_size: 64m"),
  stdin_open: service("stdin_open: true"),
  stop_grace_period: service("stop_grace_period: 1m"),
  stop_signal: service("stop_signal: SIGINT"),
  storage_opt: service("storage_opt: {size: 1G}"),
  sysctls: service("sysctls: {net.ipv4.tcp_syncookies: 0}"),
  tmpfs: service("tmpfs: /tmp"),
  tty: service("tty: true"),
  ulimits: service("ulimits: {nofile: 1024}"),
  umask: service("umask: 18"),
  use_api_socket: service("use_api_socket: true"),
  user: service("user: '1000'"),
  userns_mode: service("userns_mode: host"),
  uts: service("uts: host"),
  volumes: service("volumes: ['data:/data']"),
  volumes_from: service("volumes_from: [other]"),
  working_dir: service("working_dir: /srv"),

  "deploy.endpoint_mode": deploy("endpoint_mode: vip"),
  "deploy.labels": deploy("labels: {a: b}"),
  "deploy.mode": deploy("mode: global"),
  "deploy.placement.constraints": deploy("placement: {constraints: [node.role == manager]}"),
  "deploy.placement.max_replicas_per_node": deploy("placement: {max_replicas_per_node: 1}"),
  "deploy.placement.preferences": deploy("placement: {preferences: [{spread: node.labels.zone}]}"),
  "deploy.replicas": deploy("replicas: 2"),
  "deploy.resources.limits.cpus": deploy("resources: {limits: {cpus: '0.5'}}"),
  "deploy.resources.limits.memory": deploy("resources: {limits: {memory: 64m}}"),
  "deploy.resources.limits.pids": deploy("resources: {limits: {pids: 10}}"),
  "deploy.resources.reservations.cpus": deploy("resources: {reservations: {cpus: '0.5'}}"),
  "deploy.resources.reservations.memory": deploy("resources: {reservations: {memory: 64m}}"),
  "deploy.resources.reservations.devices": deploy(
    "resources: {reservations: {devices: [{capabilities: [gpu], count: 1}]}}",
  ),
  "deploy.resources.reservations.generic_resources": deploy(
    "resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 1}}]}}",
  ),
  "deploy.restart_policy.condition": deploy("restart_policy: {condition: none}"),
  "deploy.restart_policy.delay": deploy("restart_policy: {delay: 5s}"),
  "deploy.restart_policy.max_attempts": below(
    "restart: 'no', deploy: {mode: replicated-job, restart_policy: {condition: on-failure}}",
    "restart: 'no', deploy: {mode: replicated-job, restart_policy: {condition: on-failure, max_attempts: 2}}",
  ),
  "deploy.restart_policy.window": deploy("restart_policy: {window: 5s}"),
  "deploy.rollback_config": deploy("rollback_config: {parallelism: 1}"),
  "deploy.update_config.delay": update("delay: 5s"),
  "deploy.update_config.failure_action": update("failure_action: rollback"),
  "deploy.update_config.max_failure_ratio": update("max_failure_ratio: 0.1"),
  "deploy.update_config.monitor": update("monitor: 5s"),
  "deploy.update_config.order": update("order: start-first"),
  "deploy.update_config.parallelism": update("parallelism: 2"),

  "healthcheck.disable": health("disable: true"),
  "healthcheck.interval": health("interval: 5s"),
  "healthcheck.retries": health("retries: 5"),
  "healthcheck.start_interval": below(
    `healthcheck: {${test}, start_period: 5s}`,
    `healthcheck: {${test}, start_period: 5s, start_interval: 1s}`,
  ),
  "healthcheck.start_period": health("start_period: 5s"),
  "healthcheck.test": service(`healthcheck: {${test}}`),
  "healthcheck.timeout": health("timeout: 5s"),

  "networks.*.aliases": network("aliases: [alias]"),
  "networks.*.driver_opts": network("driver_opts: {a: b}"),
  "networks.*.gw_priority": network("gw_priority: 1"),
  "networks.*.interface_name": network("interface_name: eth1"),
  "networks.*.ipv4_address": network("ipv4_address: 192.0.2.7"),
  "networks.*.ipv6_address": network("ipv6_address: '2001:db8::7'"),
  "networks.*.link_local_ips": network("link_local_ips: [192.0.2.8]"),
  "networks.*.mac_address": network("mac_address: 02:42:ac:11:65:43"),
  "networks.*.priority": network("priority: 1"),
  "networks.*.use_service_name_alias": network("use_service_name_alias: true"),

  "configs.source": service("configs: [{source: c}]"),
  "configs.target": item("configs", "source: c", "target: /x"),
  "configs.uid": item("configs", "source: c", "uid: '1'"),
  "configs.gid": item("configs", "source: c", "gid: '1'"),
  "configs.mode": item("configs", "source: c", "mode: 256"),
  "secrets.source": service("secrets: [{source: s}]"),
  "secrets.target": item("secrets", "source: s", "target: x"),
  "secrets.uid": item("secrets", "source: s", "uid: '1'"),
  "secrets.gid": item("secrets", "source: s", "gid: '1'"),
  "secrets.mode": item("secrets", "source: s", "mode: 256"),

  "ports.target": service("ports: [{target: 80}]"),
  "ports.published": noted(port("published: 8080")),
  "ports.protocol": port("protocol: udp"),
  "ports.host_ip": port("host_ip: 127.0.0.1"),
  "ports.mode": port("mode: host"),
  "ports.name": port("name: http"),
  "ports.app_protocol": port("app_protocol: http"),

  "volumes.type": service("volumes: [{type: tmpfs, target: /d}]"),
  "volumes.source": service("volumes: [{type: volume, source: data, target: /d}]"),
  "volumes.target": service("volumes: [{type: volume, source: data, target: /d}]"),
  "volumes.read_only": mount("read_only: true"),
  "volumes.consistency": mount("consistency: cached"),
  "volumes.bind.propagation": bind("propagation: shared"),
  "volumes.bind.create_host_path": bind("create_host_path: true"),
  "volumes.bind.recursive": bind("recursive: enabled"),
  "volumes.bind.selinux": bind("selinux: z"),
  "volumes.volume.labels": mount("volume: {labels: {a: b}}"),
  "volumes.volume.nocopy": mount("volume: {nocopy: true}"),
  "volumes.volume.subpath": mount("volume: {subpath: x}"),
  "volumes.tmpfs.size": item("volumes", "type: tmpfs, target: /d", "tmpfs: {size: 1m}"),
  "volumes.tmpfs.mode": item("volumes", "type: tmpfs, target: /d", "tmpfs: {mode: 448}"),
  "volumes.image.subpath": rejected(
    service("volumes: [{type: image, source: 'y:1', target: /d, image: {subpath: x}}]"),
  ),

  "depends_on.*.condition": service("depends_on: {other: {condition: service_healthy}}"),
  "depends_on.*.required": silent(service("depends_on: {none: {condition: service_started, required: false}}")),
  "depends_on.*.restart": service("depends_on: {other: {condition: service_started, restart: true}}"),

  "env_file.path": service("env_file: [{path: x.env}]"),
  "env_file.required": silent(service("env_file: [{path: none.env, required: false}]")),
  "env_file.format": silent(service("env_file: [{path: x.env, format: raw}]")),

  ...hooks("post_start"),
  ...hooks("pre_stop"),
  "devices.source": service("devices: [{source: /dev/x, target: /dev/x}]"),
  "devices.target": service("devices: [{source: /dev/x, target: /dev/y}]"),
  "devices.permissions": service("devices: [{source: /dev/x, target: /dev/x, permissions: r}]"),
};

function hooks(key: string): Readonly<Record<string, KeyExample>> {
  const hook = (own: string): KeyExample => item(key, "command: run", own);
  return {
    [`${key}.command`]: service(`${key}: [{command: run}]`),
    [`${key}.user`]: hook("user: root"),
    [`${key}.privileged`]: hook("privileged: true"),
    [`${key}.working_dir`]: hook("working_dir: /"),
    [`${key}.environment`]: hook("environment: {A: b}"),
  };
}
