import { expect } from "chai";
import { load } from "js-yaml";
import type { Json } from "../../../../src/base/hash.js";
import { composeText } from "../../../../src/destinations/overseer/kinds/compose-text.js";
import { app, expandText, placesOf, specOf } from "./support/expand.js";

/** A Compose document whose service `web` has these keys; its first one is in line 11 of the App document. */
const withKeys = (keys: string, rest = ""): string =>
  app(`services:\n  db: {image: db}\n  web:\n    image: x\n${keys.replaceAll(/^/gm, "    ")}\n${rest}`);

const REST = "networks: {net: }\nvolumes: {vol: }\nconfigs: {cfg: {content: x}}\nsecrets: {sec: {file: /etc/s}}";

/** The service `web` as a node gets it. */
async function web(text: string): Promise<Record<string, unknown>> {
  const { compose } = specOf(await expandText(text), "App") as { compose: Json };
  const { services } = load(composeText(compose)) as { services: Record<string, Record<string, unknown>> };
  return services.web ?? {};
}

/** Verified with compose-go: what it takes. */
const ACCEPTED: readonly (readonly [key: string, ...values: string[]])[] = [
  ["annotations", "{a: b, c: 1, d: true, e: }", "[a=b]"],
  ["blkio_config", "{weight: 300, device_read_bps: [{path: /dev/sda, rate: 12mb}]}"],
  ["cap_add", "[ALL]", "[]"],
  ["cgroup", "host"],
  ["command", "echo hi", "[echo, hi]", "null", '""', "[]"],
  ["configs", "[cfg]", "[{source: cfg, target: /x, uid: '103', mode: 0440, x-a: 1}]"],
  ["container_name", "web-1"],
  ["cpu_count", "2", '"2"'],
  ["cpus", "1.5", '"0.5"', "1"],
  ["depends_on", "[db]", "{db: {condition: service_healthy, required: false, restart: true}}", "[]"],
  ["deploy", "{replicas: 2, update_config: {order: start-first, delay: 10s, max_failure_ratio: 0.1}}", "null"],
  ["deploy", "{resources: {limits: {cpus: '0.5', memory: 512M, pids: 100}, reservations: {memory: 1gb}}}"],
  ["deploy", "{resources: {reservations: {devices: [{capabilities: [gpu], count: all, driver: nvidia}]}}}"],
  ["deploy", "{placement: {constraints: ['node.role == manager'], max_replicas_per_node: 1}, x-a: {b: c}}"],
  ["devices", '["/dev/ttyUSB0:/dev/ttyUSB0:rwm"]', "[{source: /dev/a, target: /dev/b, permissions: r}]"],
  ["dns", "192.0.2.1", "[192.0.2.1, 192.0.2.2]"],
  ["env_file", "/etc/web.env", "[/etc/a.env, {path: /etc/b.env, required: false, format: raw}]"],
  ["environment", "{A: 1, B: true, C: x, D: 1.5}", "[A=1]", "[]", "{}"],
  ["extra_hosts", "['a:192.0.2.1', 'b=192.0.2.2']", "{a: 192.0.2.1, b: [192.0.2.1, '::1']}", "['h:host-gateway']"],
  ["gpus", "all", "[{driver: nvidia, count: 1}]"],
  ["group_add", "[audio, 1000]"],
  ["healthcheck", "{test: [CMD, 'true'], interval: 1m30s, timeout: 10s, retries: 3, start_period: 1.5h}"],
  ["healthcheck", "{disable: true}", "{test: exit 0, retries: '5', start_interval: 500ms}"],
  ["init", "true", "yes", '"false"', "off"],
  ["labels", "{a: b, c: 1.5, d: }", "[a=b, c]", "[]"],
  ["logging", "{driver: json-file, options: {max-size: 10m, max-file: 3, tag: }}"],
  ["mem_limit", "64m", "1.5GB", "1073741824", '"512"', "64 m", "1KiB", "-1"],
  ["networks", "[net]", "{net: }", "{net: {aliases: [a], ipv4_address: 192.0.2.9, priority: 10}}"],
  ["network_mode", "host", "'service:db'"],
  ["oom_score_adj", "-500"],
  ["pids_limit", "-1", '"100"'],
  ["ports", "[80, '8080:80', '127.0.0.1:9000-9001:80-81/udp']", "[{target: 80, published: '0', mode: host}]"],
  ["post_start", "[{command: [a, b], user: root, privileged: true, environment: [A=b]}]"],
  ["pre_start", "[{command: [a]}]"],
  ["privileged", "true", "no"],
  ["profiles", "[debug]"],
  ["pull_policy", "always", "missing", "every_12h"],
  ["restart", "no", '"no"', "unless-stopped", "on-failure", "on-failure:3"],
  ["scale", "2", '"2"'],
  ["secrets", "[sec]", "[{source: sec, target: s, gid: '1', mode: 256}]"],
  ["shm_size", "2gb", "64m"],
  ["stop_grace_period", "1m", "90s", "1w2d", '"0"'],
  ["storage_opt", "{size: 1G}"],
  ["sysctls", "{net.core.somaxconn: 1024}", "[net.core.somaxconn=1024]"],
  ["tmpfs", "/run", "['/run:size=64m', /tmp]"],
  ["ulimits", "{nproc: 65535, nofile: {soft: 20000, hard: '40000'}, core: -1}"],
  ["umask", "022"],
  ["user", '"1000:1000"', "root"],
  ["volumes", "['vol:/data:ro', '/srv:/srv']", "[{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 1777}}]"],
  ["volumes", "[{type: volume, source: vol, target: /d, read_only: true, volume: {nocopy: true, subpath: a}}]"],
  [
    "volumes",
    "[{type: bind, source: /s, target: /d, bind: {create_host_path: true, propagation: rslave, selinux: z}}]",
  ],
  ["volumes", "[{type: image, source: busybox, target: /i, image: {subpath: bin}}]"],
  ["x-anything", "[{a: 1}, null, 2]"],
];

const QUOTES = "expected text, found a number: put it in quotes";
const DURATION = "expected a duration like 30s or 1m30s";
const SIZE = "expected a size like 64m or 1.5gb";

/** Verified with compose-go: what it refuses, and what is said of it here. */
const REFUSED: readonly (readonly [keys: string, field: string, message: string])[] = [
  ["user: 1000", "user", QUOTES],
  ["hostname: 42", "hostname", QUOTES],
  ["cpuset: 0", "cpuset", QUOTES],
  ["hostname: true", "hostname", "expected text, found true or false: put it in quotes"],
  ["hostname:", "hostname", "expected text, found nothing"],
  ["hostname: [a]", "hostname", "expected text, found a list"],
  ["privileged: maybe", "privileged", "expected true or false"],
  ["privileged: 1", "privileged", "expected true or false, found a number"],
  ["stop_grace_period: 30", "stop_grace_period", `${DURATION}, found a number: add the unit`],
  ["stop_grace_period: '30'", "stop_grace_period", DURATION],
  ["healthcheck: {interval: 10 s}", "healthcheck.interval", DURATION],
  ["healthcheck: {retries: many}", "healthcheck.retries", "expected a whole number of at least 0"],
  ["healthcheck: {intervall: 10s}", "healthcheck.intervall", "unknown field; did you mean interval?"],
  ["healthcheck: {test: [CMD, 1]}", "healthcheck.test[1]", QUOTES],
  ["mem_limit: 64x", "mem_limit", SIZE],
  ["mem_limit: true", "mem_limit", `${SIZE}, found true or false`],
  ["shm_size: 1h", "shm_size", SIZE],
  [
    "deploy: {resources: {limits: {memory: 512}}}",
    "deploy.resources.limits.memory",
    'expected a size like "64m" or "1.5gb", found a number: put it in quotes',
  ],
  ["deploy: {resources: {limits: {cpus: half}}}", "deploy.resources.limits.cpus", "expected a number"],
  ["deploy: {resource: {}}", "deploy.resource", "unknown field; did you mean resources?"],
  ["deploy: {replicas: -1}", "deploy.replicas", "expected a whole number of at least 0, found a number"],
  ["deploy: {update_config: {order: first}}", "deploy.update_config.order", "expected one of start-first, stop-first"],
  ["logging: {option: {a: b}}", "logging.option", "unknown field; did you mean options?"],
  ["logging: json-file", "logging", "expected a mapping, found text"],
  ["ulimits: {nofile: {soft: 1}}", "ulimits.nofile.hard", "is missing"],
  ["ulimits: {nofile: many}", "ulimits.nofile", "expected a whole number"],
  ["ulimits: [nofile=1]", "ulimits", "expected a mapping, found a list"],
  ["labels: {a: [b]}", "labels.a", "expected text, a number, or true or false, found a list"],
  ["labels: a=b", "labels", "expected a mapping or a list, found text"],
  ["labels: [1]", "labels[0]", QUOTES],
  ["extra_hosts: [somehost]", "extra_hosts[0]", 'expected an entry like "host=192.0.2.1"'],
  ["sysctls: 1", "sysctls", "expected a mapping or a list, found a number"],
  ["tmpfs: {a: b}", "tmpfs", "expected text or a list, found a mapping"],
  ["devices: [{source: /dev/a}]", "devices[0].target", "is missing"],
  ["cap_add: ALL", "cap_add", "expected a list, found text"],
  ["security_opt: [a, a]", "security_opt[1]", "is a duplicate; remove one"],
  ["pull_policy: allways", "pull_policy", "expected always, missing, never, build, daily, weekly or every_<duration>"],
  ["restart: allways", "restart", "expected no, always, unless-stopped or on-failure[:<tries>]"],
  [
    "restart: false",
    "restart",
    "expected no, always, unless-stopped or on-failure[:<tries>], found true or false: put it in quotes",
  ],
  ["depends_on: {db: {}}", "depends_on.db.condition", "is missing"],
  ["depends_on: {db: {condition: service_health}}", "depends_on.db.condition", "did you mean service_healthy?"],
  [
    "depends_on: {db: {condition: service_started, require: true}}",
    "depends_on.db.require",
    "unknown field; did you mean required?",
  ],
  [
    "networks: {net: {ipv4_adress: 192.0.2.1}}",
    "networks.net.ipv4_adress",
    "unknown field; did you mean ipv4_address?",
  ],
  ["networks: {net: {priority: '1'}}", "networks.net.priority", "expected a value without quotes, found text"],
  ["configs: [{source: cfg, mode: rw}]", "configs[0].mode", "expected a whole number"],
  ["secrets: [{source: sec, uid: 103}]", "secrets[0].uid", QUOTES],
  ["ports: [{target: 80, published: []}]", "ports[0].published", 'expected a port like "8080"'],
  ["ports: [{target: 80, host_ip: ''}]", "ports[0].host_ip", "expected an IP address of the node"],
  ["ports: [{target: 80, name: 1}]", "ports[0].name", QUOTES],
  [
    "volumes: [{type: volume, source: vol, target: /x, volume: {nocpy: true}}]",
    "volumes[0].volume.nocpy",
    "unknown field; did you mean nocopy?",
  ],
  ["volumes: [{type: tmpfs, target: /x, tmpfs: {size: big}}]", "volumes[0].tmpfs.size", SIZE],
  [
    "volumes: [{type: bind, source: /s, target: /x, read_only: 1}]",
    "volumes[0].read_only",
    "expected true or false, found a number",
  ],
  ["env_file: [{path: /e, required: maybe}]", "env_file[0].required", "expected true or false"],
  ["gpus: one", "gpus", "expected one of all"],
  ["gpus: [{count: 1, device_ids: ['0']}]", "gpus[0].count", "excludes device_ids; remove one of the two"],
  ["oom_score_adj: 2000", "oom_score_adj", "expected a whole number from -1000 to 1000, found a number"],
  ["command: {a: b}", "command", "expected text or a list, found a mapping"],
  ["post_start: [{user: root}]", "post_start[0].command", "is missing"],
  ["models: [llm]", "models[0]", '"llm" is not defined; define it in top-level models'],
  ["pid: 'service:dbb'", "pid", "names a service that does not exist; did you mean db?"],
  // What contradicts itself.
  [
    "cpus: 1\ndeploy: {resources: {limits: {cpus: '2'}}}",
    "cpus",
    "is not the same as deploy.resources.limits.cpus; remove one of the two",
  ],
  [
    "mem_reservation: 1g\ndeploy: {resources: {reservations: {memory: 512m}}}",
    "mem_reservation",
    "is not the same as deploy.resources.reservations.memory; remove one of the two",
  ],
  ["scale: 2\ndeploy: {replicas: 3}", "scale", "is not the same as deploy.replicas; remove one of the two"],
  [
    "container_name: web\nscale: 2",
    "container_name",
    "excludes more than one container: a name can be given once; remove it",
  ],
  ["volumes: ['vol:/x', '/srv:/x']", "volumes[1]", "has the same target as volumes[0]; remove one of them"],
  ["volumes: ['vol:/x//y', '/srv:/x/./y/']", "volumes[1]", "has the same target as volumes[0]; remove one of them"],
  ["tmpfs: '/x:size=1m'\nvolumes: ['vol:/x']", "volumes[0]", "has the same target as tmpfs; remove one of them"],
];

/** Of networks, volumes, secrets, configs and models at the top. */
const TOP_REFUSED: readonly (readonly [text: string, field: string, message: string])[] = [
  ["networks: {net: {ipam: {configs: []}}}", "networks.net.ipam.configs", "unknown field; did you mean config?"],
  ["networks: {net: {internal: maybe}}", "networks.net.internal", "expected true or false"],
  ["networks: {net: {drivr: bridge}}", "networks.net.drivr", "unknown field; did you mean driver?"],
  ["volumes: {vol: {driver_opts: [a]}}", "volumes.vol.driver_opts", "expected a mapping, found a list"],
  [
    "volumes: {vol: {external: true, driver: local}}",
    "volumes.vol.driver",
    "has no effect on an external volume; remove one of the two",
  ],
  ["secrets: {sec: }", "secrets.sec", "expected a mapping, found nothing"],
  ["secrets: {sec: {driver: d}}", "secrets.sec", "expected one of file, environment, external"],
  [
    "secrets: {sec: {file: /a, contents: b}}",
    "secrets.sec.contents",
    "unknown field; expected one of name, external, labels, environment, file, driver, driver_opts, template_driver",
  ],
  ["configs: {cfg: {file: /a, content: b}}", "configs.cfg.content", "expected only one of file, environment, content"],
  ["configs: {cfg: {content: 1}}", "configs.cfg.content", QUOTES],
  ["models: {llm: {}}", "models.llm.model", "is missing"],
];

describe("the forms of a Compose document", () => {
  for (const [key, ...values] of ACCEPTED) {
    for (const value of values) {
      it(`takes ${key}: ${value}`, async () => {
        const { documents } = await expandText(withKeys(`${key}: ${value}`, REST));
        expect(documents).to.have.length(1);
      });
    }
  }

  for (const [keys, field, message] of REFUSED) {
    it(`refuses ${keys.replaceAll("\n", "; ")}`, async () => {
      const line = 11 + keys.split("\n").findIndex((one) => one.startsWith(/^\w+/.exec(field)?.[0] ?? ""));
      expect(await placesOf(expandText(withKeys(keys, REST)))).to.deep.equal([
        `app.yaml:${line} spec.compose.services.web.${field}: ${message}`,
      ]);
    });
  }

  for (const [text, field, message] of TOP_REFUSED) {
    it(`refuses ${text}`, async () => {
      expect(await placesOf(expandText(withKeys("tty: true", text)))).to.deep.equal([
        `app.yaml:12 spec.compose.${field}: ${message}`,
      ]);
    });
  }

  it("accepts secret references in place of any scalar", async () => {
    const keys =
      "mem_limit: ${SECRET:a}\nrestart: ${SECRET:b}\nstop_grace_period: ${SECRET:c}\nprivileged: ${SECRET:d}";
    expect(await web(withKeys(keys))).to.include({ mem_limit: "${SECRET:a}", privileged: "${SECRET:d}" });
  });

  it("accepts variables for numbers, sizes and Booleans", async () => {
    const keys = "mem_limit: ${M}\nscale: ${N}\nprivileged: ${P}\ndeploy: {replicas: '${N}'}";
    const text = withKeys(keys).replace("spec:\n", "spec:\n  env: {M: 64m, N: 2, P: true}\n");
    expect(await web(text)).to.include({ mem_limit: "64m", scale: "2", privileged: "true" });
  });

  it("reads anchors and merge keys before anything else", async () => {
    const compose = `x-base: &base
  restart: unless-stopped
  logging: &log {driver: json-file, options: {max-size: 10m}}
x-env: &env {TZ: UTC}
services:
  web: {<<: *base, image: x, environment: {<<: *env, A: b}}
  db: {image: y, logging: *log}`;
    const service = await web(app(compose));
    expect(service).to.deep.include({ restart: "unless-stopped", environment: { TZ: "UTC", A: "b" } });
    expect(await placesOf(expandText(app(compose.replace("unless-stopped", "sometimes"))))).to.deep.equal([
      "app.yaml:12 spec.compose.services.web.restart: expected no, always, unless-stopped or on-failure[:<tries>]",
    ]);
  });

  it("converts numbers in commands to strings, because Compose accepts only strings", async () => {
    const service = await web(withKeys("command: [sleep, 3600, 0.0000001, true]\nentrypoint: [run, 022]"));
    expect(service.command).to.deep.equal(["sleep", "3600", "1e-07", "true"]);
    expect(service.entrypoint).to.deep.equal(["run", "18"]);
  });

  it("copies limits of the older keys to deploy.resources, as Compose requires", async () => {
    const { deploy } = await web(
      withKeys("mem_limit: 1g\npids_limit: 100\ndeploy: {resources: {limits: {cpus: '1'}}}"),
    );
    expect(deploy).to.deep.equal({ resources: { limits: { cpus: "1", memory: "1g", pids: 100 } } });
  });

  it("copies the limit of a service next to a limit of the app", async () => {
    const text = withKeys("cpus: 1.5").replace("spec:\n", "spec:\n  resources: {memory: 512m}\n");
    const { deploy } = await web(text);
    expect(deploy).to.deep.equal({ resources: { limits: { memory: "512m", cpus: "1.5" } } });
  });

  it("rejects dependency cycles through shared namespaces and volumes", async () => {
    for (const [key, value] of [
      ["network_mode", "service:db"],
      ["pid", "service:db"],
      ["volumes_from", "[db]"],
      ["links", "['db:database']"],
    ]) {
      const compose = `services:\n  db: {image: y, depends_on: [web]}\n  web: {image: x, ${key}: ${value}}`;
      const [place] = await placesOf(expandText(app(compose)));
      expect(place).to.match(/dependency cycle: db → web → db/);
    }
  });

  it("never quotes a value: it may be a secret", async () => {
    const values = ["hunter2", "[hunter2, hunter2]", "{hunter2x: hunter2}"];
    for (const key of ["privileged", "mem_limit", "restart", "stop_grace_period", "ulimits", "scale", "pull_policy"]) {
      for (const value of values) {
        const places = await placesOf(expandText(withKeys(`${key}: ${value}`)));
        for (const place of places) expect(place.replaceAll("hunter2x", "")).not.to.contain("hunter2");
      }
    }
  });
});
