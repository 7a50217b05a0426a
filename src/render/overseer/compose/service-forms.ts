import {
  boolean,
  bytes,
  command,
  distinct,
  duration,
  either,
  type Fields,
  type Form,
  fields,
  integer,
  labels,
  list,
  mapOf,
  number,
  oneOf,
  options,
  orNothing,
  plain,
  quotedBytes,
  text,
  textLike,
  textOrList,
  textOrNumber,
  unchecked,
  unquoted,
} from "./forms.js";

const texts = list(text);

/** A reference to a secret or config. */
const grant = either({
  scalar: text,
  mapping: fields({ source: text, target: text, uid: text, gid: text, mode: integer() }),
  expected: "a name or a mapping",
});

const count: Form = (value, report) => (value === "all" ? undefined : integer(-1)(value, report));
const DEVICE: Fields = { capabilities: texts, count, device_ids: distinct(text), driver: text, options: labels };

const rate = list(fields({ path: text, rate: either({ scalar: textOrNumber, expected: "a rate" }) }));

const rollout = fields({
  parallelism: integer(0),
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: number,
  order: oneOf("start-first", "stop-first"),
});

const deploy = fields({
  mode: text,
  endpoint_mode: text,
  replicas: integer(0),
  labels,
  update_config: rollout,
  rollback_config: rollout,
  restart_policy: fields({ condition: text, delay: duration, max_attempts: integer(0), window: duration }),
  placement: fields({
    constraints: texts,
    preferences: list(fields({ spread: text })),
    max_replicas_per_node: integer(0),
  }),
  resources: fields({
    limits: fields({ cpus: number, memory: quotedBytes, pids: integer() }),
    reservations: fields({
      cpus: number,
      memory: quotedBytes,
      generic_resources: list(fields({ discrete_resource_spec: fields({ kind: text, value: textOrNumber }) })),
      devices: list(fields(DEVICE, ["capabilities"])),
    }),
  }),
});

const hook = fields({ command, user: text, privileged: boolean, working_dir: text, environment: labels }, ["command"]);

const network = orNothing(
  fields({
    aliases: texts,
    interface_name: text,
    ipv4_address: text,
    ipv6_address: text,
    link_local_ips: texts,
    mac_address: text,
    driver_opts: options,
    priority: unquoted(number),
    gw_priority: unquoted(number),
    use_service_name_alias: boolean,
  }),
);

const watch = fields(
  {
    path: text,
    action: oneOf("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
    target: text,
    ignore: textOrList,
    include: textOrList,
    exec: hook,
    initial_sync: boolean,
  },
  ["path", "action"],
);

const CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"];

const limit = either({
  scalar: integer(),
  mapping: fields({ soft: integer(), hard: integer() }, ["soft", "hard"]),
  expected: "a whole number or a mapping with soft and hard",
});

/** Forms of the keys of a service. Keys with the form `unchecked` are validated elsewhere, or have no effect on a node. */
export const SERVICE_FIELDS: Fields = {
  annotations: labels,
  attach: boolean,
  blkio_config: fields({
    weight: unquoted(integer(0, 1000)),
    weight_device: list(fields({ path: text, weight: unquoted(integer(0, 1000)) })),
    device_read_bps: rate,
    device_read_iops: rate,
    device_write_bps: rate,
    device_write_iops: rate,
  }),
  build: unchecked,
  cap_add: texts,
  cap_drop: texts,
  cgroup: oneOf("host", "private"),
  cgroup_parent: text,
  command,
  configs: list(grant),
  container_name: textLike(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/,
    "a name of at least two letters, digits, and - . _ that begins with a letter or digit",
  ),
  cpu_count: integer(0),
  cpu_percent: integer(0, 100),
  cpu_period: integer(),
  cpu_quota: integer(),
  cpu_rt_period: integer(),
  cpu_rt_runtime: integer(),
  cpu_shares: integer(),
  cpus: number,
  cpuset: text,
  credential_spec: fields({ config: text, file: text, registry: text }),
  depends_on: either({
    list: distinct(text),
    mapping: mapOf(fields({ condition: oneOf(...CONDITIONS), required: boolean, restart: boolean }, ["condition"])),
    expected: "a list or a mapping",
  }),
  deploy: orNothing(deploy),
  develop: orNothing(fields({ watch: list(watch) })),
  device_cgroup_rules: distinct(text),
  devices: list(
    either({
      scalar: text,
      mapping: fields({ source: text, target: text, permissions: text }, ["source", "target"]),
      expected: 'a device like "/dev/ttyUSB0:/dev/ttyUSB0" or a mapping',
    }),
  ),
  dns: textOrList,
  dns_opt: texts,
  dns_search: textOrList,
  domainname: text,
  entrypoint: command,
  env_file: either({
    scalar: text,
    list: list(
      either({
        scalar: text,
        mapping: fields({ path: text, required: boolean, format: text }, ["path"]),
        expected: "the path of a file",
      }),
    ),
    expected: "the path of a file or a list",
  }),
  environment: unchecked,
  expose: unchecked,
  extends: unchecked,
  external_links: distinct(text),
  extra_hosts: either({
    list: list(textLike(/^[^\s:=]+\s*[:=]\s*\S+$/, 'an entry like "host=192.0.2.1"')),
    mapping: mapOf(textOrList),
    expected: 'a list like ["host=192.0.2.1"] or a mapping',
  }),
  gpus: either({
    scalar: oneOf("all"),
    list: list(fields(DEVICE)),
    expected: "all or a list",
  }),
  group_add: distinct(textOrNumber),
  healthcheck: fields({
    disable: boolean,
    test: textOrList,
    interval: duration,
    timeout: duration,
    retries: integer(0),
    start_period: duration,
    start_interval: duration,
  }),
  hostname: text,
  image: unchecked,
  init: boolean,
  ipc: text,
  isolation: text,
  label_file: unchecked,
  labels,
  links: distinct(text),
  logging: fields({ driver: text, options: mapOf(orNothing(textOrNumber)) }),
  mac_address: text,
  mem_limit: bytes,
  mem_reservation: bytes,
  mem_swappiness: bytes,
  memswap_limit: bytes,
  models: either({
    list: distinct(text),
    mapping: mapOf(orNothing(fields({ endpoint_var: text, model_var: text }))),
    expected: "a list or a mapping",
  }),
  network_mode: text,
  networks: either({ list: distinct(text), mapping: mapOf(network), expected: "a list or a mapping" }),
  oom_kill_disable: boolean,
  oom_score_adj: integer(-1000, 1000),
  pid: text,
  pids_limit: integer(),
  platform: text,
  ports: unchecked,
  post_start: list(hook),
  pre_start: list(mapOf(unchecked)),
  pre_stop: list(hook),
  privileged: boolean,
  profiles: list(textLike(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, "a name of letters, digits, and - . _")),
  provider: fields({ type: text, options: mapOf(unchecked) }, ["type"]),
  pull_policy: textLike(
    /^(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+)$/,
    "always, missing, never, build, daily, weekly or every_<duration>",
  ),
  pull_refresh_after: text,
  read_only: boolean,
  restart: textLike(
    /^(?:|no|always|unless-stopped|on-failure(?::[0-9]+)?)$/,
    "no, always, unless-stopped or on-failure[:<tries>]",
  ),
  runtime: text,
  scale: integer(0),
  secrets: list(grant),
  security_opt: distinct(text),
  shm_size: bytes,
  stdin_open: boolean,
  stop_grace_period: duration,
  stop_signal: text,
  storage_opt: mapOf(plain),
  sysctls: labels,
  tmpfs: textOrList,
  tty: boolean,
  ulimits: mapOf(limit),
  umask: orNothing(integer(0)),
  use_api_socket: unquoted(boolean),
  user: text,
  userns_mode: text,
  uts: text,
  volumes: unchecked,
  volumes_from: distinct(text),
  working_dir: text,
};

/** Forms of the keys of a volume in long syntax. Source and target are validated elsewhere. */
export const MOUNT_FIELDS: Fields = {
  type: unchecked,
  source: unchecked,
  target: unchecked,
  read_only: boolean,
  consistency: text,
  bind: fields({
    propagation: text,
    create_host_path: boolean,
    recursive: oneOf("enabled", "disabled", "writable", "readonly"),
    selinux: oneOf("z", "Z"),
  }),
  volume: fields({ labels, nocopy: boolean, subpath: text }),
  tmpfs: fields({ size: bytes, mode: unquoted(integer(0)) }),
  image: fields({ subpath: text }),
};

/** Forms of the keys of a port in long syntax. Addresses, ports and protocol are validated elsewhere. */
export const PORT_FIELDS: Fields = {
  name: text,
  mode: text,
  host_ip: unchecked,
  target: unchecked,
  published: unchecked,
  protocol: unchecked,
  app_protocol: text,
};
