import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type HostPolicy, readHostPolicy } from "../../../src/overseer-core/agent/host-access/host-policy.js";
import { judgeHostAccess } from "../../../src/overseer-core/agent/host-access/judge-host-access.js";
import { publishedPorts } from "../../../src/overseer-core/agent/host-access/judge-ports.js";
import { realPath } from "../../../src/overseer-core/agent/host-access/real-path.js";
import { reservedPorts } from "../../../src/overseer-core/agent/proxy/reserved-ports.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

const PATHS = {
  appDirectory: "/agent/apps/web",
  forbidden: ["/agent", "/var/lib/docker"],
  socket: "/var/run/docker.sock",
  writable: ["/agent/apps/web/running"],
  volumes: [
    { name: "web-1_old", driver: "local", options: { type: "none", o: "bind", device: "/agent/apps/web/held" } },
  ],
  real: (path: string) => path.replace(/^\/var\/run(\/|$)/, "/run$1").replace("/web/alias", "/web/d"),
};

function policy(allow = "", roots = ""): HostPolicy {
  const read = readHostPolicy(allow, roots);
  if (typeof read === "string") throw new Error(read);
  return read;
}

type Model = Record<string, unknown>;

/** What is refused of a document, as `key: permission`, or the key alone if no flag allows it. */
function refused(model: Model, allowed = policy()): string[] {
  return judgeHostAccess({ app: "web", project: "web-1", model }, allowed, PATHS).map(({ key, message }) => {
    const permission = /--allow (\S+)$/.exec(message)?.[1];
    return permission === undefined ? key : `${key}: ${permission}`;
  });
}

const service = (rest: Model): Model => ({ services: { a: { image: "x", ...rest } } });
const bind = (source: string, rest: Model = {}): Model =>
  service({ volumes: [{ type: "bind", source, target: "/t", ...rest }] });
const volume = (rest: Model): Model => ({ ...service({}), volumes: { v: { name: "web-1_v", ...rest } } });
const network = (rest: Model): Model => ({ ...service({}), networks: { n: { name: "web-1_n", ...rest } } });

describe("host access of a Compose document", () => {
  const cases: readonly (readonly [string, Model, ...string[]])[] = [
    [
      "nothing special",
      service({ ports: [{ target: 80, published: "80" }], cap_drop: ["ALL"], read_only: true, "x-a": 1 }),
    ],
    [
      "values that turn something off",
      service({ privileged: false, devices: [], cap_add: null, sysctls: {}, pid: "" }),
    ],
    ["privileged", service({ privileged: true }), "services.a.privileged: privileged"],
    [
      "a privileged hook",
      service({ post_start: [{ command: ["x"], privileged: true }] }),
      "services.a.post_start[0].privileged: privileged",
    ],
    ["capabilities", service({ cap_add: ["CAP_sys_admin"] }), "services.a.cap_add: cap_add=SYS_ADMIN"],
    ["devices", service({ devices: [{ source: "/dev/sda" }] }), "services.a.devices: devices"],
    ["device rules", service({ device_cgroup_rules: ["b 8:* rwm"] }), "services.a.device_cgroup_rules: devices"],
    ["GPUs", service({ gpus: [{ count: -1 }] }), "services.a.gpus: devices"],
    [
      "reserved devices",
      service({ deploy: { resources: { reservations: { devices: [{ capabilities: ["gpu"] }] } } } }),
      "services.a.deploy.resources.reservations.devices: devices",
    ],
    ["the network of the node", service({ network_mode: "host" }), "services.a.network_mode: network_mode"],
    ["a network by name", service({ network_mode: "other_default" }), "services.a.network_mode: network_mode"],
    [
      "the network of another container",
      service({ network_mode: "container:x" }),
      "services.a.network_mode: external_containers",
    ],
    ["the network of another service", service({ network_mode: "service:b" })],
    ["the processes of the node", service({ pid: "host" }), "services.a.pid: pid"],
    ["the processes of another container", service({ pid: "container:x" }), "services.a.pid: external_containers"],
    ["IPC of the node", service({ ipc: "host" }), "services.a.ipc: ipc"],
    ["own IPC", service({ ipc: "shareable" })],
    ["UTS of the node", service({ uts: "host" }), "services.a.uts: uts"],
    ["the user namespace of the node", service({ userns_mode: "host" }), "services.a.userns_mode: userns_mode"],
    ["cgroups of the node", service({ cgroup: "host" }), "services.a.cgroup: cgroup"],
    ["a cgroup parent", service({ cgroup_parent: "/" }), "services.a.cgroup_parent: cgroup"],
    ["no seccomp", service({ security_opt: ["seccomp:unconfined"] }), "services.a.security_opt: security_opt"],
    ["no new privileges", service({ security_opt: ["no-new-privileges:true"] })],
    ["new privileges", service({ security_opt: ["no-new-privileges:false"] }), "services.a.security_opt: security_opt"],
    ["sysctls", service({ sysctls: { "net.core.somaxconn": "1" } }), "services.a.sysctls: sysctls"],
    ["a runtime", service({ runtime: "nvidia" }), "services.a.runtime: runtime"],
    ["annotations", service({ annotations: { a: "b" } }), "services.a.annotations: annotations"],
    ["protection from the OOM killer", service({ oom_score_adj: -900 }), "services.a.oom_score_adj: oom"],
    [
      "volumes of another container",
      service({ volumes_from: ["b", "container:x"] }),
      "services.a.volumes_from: external_containers",
    ],
    ["links to other projects", service({ external_links: ["x:y"] }), "services.a.external_links: external_containers"],
    ["a log driver with a socket", service({ logging: { driver: "fluentd" } }), "services.a.logging.driver: logging"],
    ["the API of Docker", service({ use_api_socket: true }), "services.a.use_api_socket: docker_socket"],
    ["an unknown key", service({ something_new: 1 }), "services.a.something_new"],
    ["an unknown top-level key", { ...service({}), models: { m: { model: "x" } } }, "models"],
    [
      "labels of Compose",
      service({ labels: { "com.docker.compose.project": "other" } }),
      "services.a.labels.com.docker.compose.project",
    ],
    [
      "options of an endpoint",
      service({ networks: { n: { driver_opts: { a: "b" } } } }),
      "services.a.networks.n.driver_opts: networks.driver",
    ],
    ["a directory of the app", bind("/agent/apps/web/data")],
    ["the directory of another app", bind("/agent/apps/other"), "services.a.volumes[0]"],
    ["a directory with a similar name", bind("/agent/apps/web2"), "services.a.volumes[0]"],
    ["a path with dots", bind("/agent/apps/web/../../token"), "services.a.volumes[0]"],
    ["the root", bind("/"), "services.a.volumes[0]: docker_socket"],
    ["the socket", bind("/var/run/docker.sock"), "services.a.volumes[0]: docker_socket"],
    ["the socket by its other name", bind("/run/docker.sock"), "services.a.volumes[0]: docker_socket"],
    ["the directory of the socket", bind("/run"), "services.a.volumes[0]: docker_socket"],
    ["the time zone, read-only", bind("/etc/localtime", { read_only: true })],
    ["the time zone, writable", bind("/etc/localtime"), "services.a.volumes[0]"],
    [
      "shared propagation",
      bind("/agent/apps/web/x", { bind: { propagation: "rshared" } }),
      "services.a.volumes[0].bind.propagation: bind_propagation",
    ],
    [
      "a mount with labels of Compose",
      service({
        volumes: [{ type: "volume", target: "/t", volume: { labels: { "com.docker.compose.project": "other" } } }],
      }),
      "services.a.volumes[0].volume.labels.com.docker.compose.project",
    ],
    ["a mount type that is not known", service({ volumes: [{ type: "npipe", source: "x" }] }), "services.a.volumes[0]"],
    [
      "a mount below another",
      service({
        volumes: [
          { type: "bind", source: "/agent/apps/web/d" },
          { type: "bind", source: "/agent/apps/web/d/x" },
        ],
      }),
      "services.a.volumes[1]",
    ],
    [
      "a mount below a read-only one",
      service({
        volumes: [
          { type: "bind", source: "/agent/apps/web/d", read_only: true },
          { type: "bind", source: "/agent/apps/web/d/x" },
        ],
      }),
    ],
    ["a directory that a running container can change", bind("/agent/apps/web/running/x"), "services.a.volumes[0]"],
    ["the directory that a running container has", bind("/agent/apps/web/running")],
    ...["/agent/apps/web/d/", "/agent/apps/web/./d", "/agent/apps/web//d", "/agent/apps/web/alias"].map(
      (source): readonly [string, Model, string] => [
        `a mount below ${source}`,
        service({
          volumes: [
            { type: "bind", source },
            { type: "bind", source: "/agent/apps/web/d/x" },
          ],
        }),
        "services.a.volumes[1]",
      ],
    ),
    ["a directory below the device of a volume that exists", bind("/agent/apps/web/held/x"), "services.a.volumes[0]"],
    ["a volume that exists with other options", { ...service({}), volumes: { v: { name: "web-1_old" } } }, "volumes.v"],
    [
      "a volume that exists with these options",
      {
        ...service({}),
        volumes: {
          v: {
            name: "web-1_old",
            driver: "local",
            driver_opts: { type: "none", o: "bind", device: "/agent/apps/web/held" },
          },
        },
      },
    ],
    ["a file as config", { ...service({}), configs: { c: { file: "/etc/shadow" } } }, "configs.c.file"],
    ["a file as secret", { ...service({}), secrets: { s: { file: "/agent/token" } } }, "secrets.s.file"],
    ["a config with content", { ...service({}), configs: { c: { content: "x" } } }],
    ["a volume of its own", volume({})],
    ["a volume of another app", volume({ name: "other-2_data" }), "volumes.v.external: volumes.external"],
    ["an external volume", volume({ external: true }), "volumes.v.external: volumes.external"],
    [
      "a volume that binds",
      volume({ driver: "local", driver_opts: { type: "none", o: "bind", device: "/etc" } }),
      "volumes.v.driver_opts.device",
    ],
    [
      "a volume that binds read-only",
      volume({ driver_opts: { o: "ro,rbind", device: "/etc" } }),
      "volumes.v.driver_opts.device",
    ],
    [
      "a volume that binds the app's directory",
      volume({ driver_opts: { type: "none", o: "bind", device: "/agent/apps/web/d" } }),
    ],
    [
      "a volume with a disk",
      volume({ driver_opts: { type: "ext4", device: "/dev/sda1" } }),
      "volumes.v.driver_opts: volumes.driver",
    ],
    [
      "an overlay volume",
      volume({ driver_opts: { type: "overlay", o: "lowerdir=/etc", device: "overlay" } }),
      "volumes.v.driver_opts: volumes.driver",
    ],
    [
      "a tmpfs volume that binds",
      volume({ driver_opts: { type: "tmpfs", o: "bind", device: "/etc" } }),
      "volumes.v.driver_opts: volumes.driver",
    ],
    ["a tmpfs volume", volume({ driver_opts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } })],
    ["a volume driver", volume({ driver: "sshfs" }), "volumes.v.driver: volumes.driver"],
    ["an external network", network({ external: true }), "networks.n.external: networks.external"],
    ["a network of another app", network({ name: "other_default" }), "networks.n.external: networks.external"],
    ["a network of the node's interface", network({ driver: "macvlan" }), "networks.n.driver: networks.driver"],
    ["options of a network", network({ driver_opts: { parent: "eth0" } }), "networks.n.driver_opts: networks.driver"],
    ["a network of the app alone", network({ internal: true, ipam: { driver: "default", config: [] } })],
    ...["subnet", "gateway", "ip_range", "aux_addresses"].map((name): readonly [string, Model, ...string[]] => [
      `a network with ${name}`,
      network({ ipam: { config: [{ [name]: name === "aux_addresses" ? { a: "10.9.0.2" } : "10.9.0.0/24" }] } }),
      "networks.n.ipam.config: networks.subnet",
    ]),
  ];
  for (const [title, model, ...expected] of cases) {
    it(`${expected.length === 0 ? "allows" : "refuses"} ${title}`, () => {
      expect(refused(model)).to.deep.equal(expected);
    });
  }

  it("names every key of a document, with the flag to set", () => {
    const found = judgeHostAccess(
      { app: "web", project: "web-1", model: service({ privileged: true, pid: "host" }) },
      policy(),
      PATHS,
    );
    expect(found.map(({ key, message }) => `${key}: ${message}`)).to.deep.equal([
      "services.a.privileged: not allowed on this node; to allow it, start the agent with --allow privileged",
      "services.a.pid: not allowed on this node; to allow it, start the agent with --allow pid",
    ]);
  });

  it("allows what a flag names, for all apps or for one", () => {
    const model = service({ privileged: true, cap_add: ["NET_ADMIN", "SYS_TIME"] });
    expect(refused(model, policy("privileged, cap_add"))).to.deep.equal([]);
    expect(refused(model, policy("privileged@web,cap_add=net_admin"))).to.deep.equal([
      "services.a.cap_add: cap_add=SYS_TIME",
    ]);
    expect(refused(model, policy("privileged@other,cap_add@web"))).to.deep.equal(["services.a.privileged: privileged"]);
  });

  it("allows directories of the node, but never the data of the agent or of Docker", () => {
    expect(refused(bind("/srv/x"), policy("", "/srv/"))).to.deep.equal([]);
    expect(refused(bind("/srvx"), policy("", "/srv"))).to.deep.equal(["services.a.volumes[0]"]);
    expect(refused(bind("/agent/journal.json"), policy("", "/"))).to.deep.equal(["services.a.volumes[0]"]);
    expect(refused(bind("/var/lib"), policy("", "/"))).to.deep.equal(["services.a.volumes[0]"]);
    expect(refused(bind("/run/docker.sock"), policy("", "/"))).to.deep.equal(["services.a.volumes[0]: docker_socket"]);
    expect(refused(bind("/run/docker.sock"), policy("docker_socket"))).to.deep.equal(["services.a.volumes[0]"]);
    expect(refused(bind("/var/run/docker.sock"), policy("docker_socket"))).to.deep.equal([]);
  });

  it("refuses what a Policy denies, also if the node allows it", () => {
    const denied = (model: Model, access: Model): string[] =>
      refused(
        { ...model, "x-overseer-policy": access },
        policy("docker_socket,volumes.external,volumes.driver,external_containers", "/srv,/mnt"),
      );
    const hostAccess = { paths: ["/srv/media/", "/mnt"], dockerSocket: false };
    expect(denied(bind("/srv/media/x"), { hostAccess })).to.deep.equal([]);
    expect(denied(bind("/agent/apps/web/x"), { hostAccess })).to.deep.equal([]);
    expect(denied(bind("/srv/other"), { hostAccess })).to.deep.equal(["services.a.volumes[0]"]);
    expect(
      denied(bind("/opt"), { hostAccess: { ...hostAccess, paths: ["/opt"] } }),
      "a Policy allows nothing",
    ).to.deep.equal(["services.a.volumes[0]"]);
    const device = (path: string): Model => volume({ driver_opts: { type: "none", o: "bind", device: path } });
    expect(denied(device("/mnt/x"), { hostAccess })).to.deep.equal([]);
    expect(denied(device("/srv/x"), { hostAccess })).to.deep.equal(["volumes.v.driver_opts.device"]);
    expect(denied(bind("/var/run/docker.sock"), { hostAccess })).to.deep.equal(["services.a.volumes[0]"]);
    expect(denied(bind("/var/run/docker.sock"), { hostAccess: { ...hostAccess, dockerSocket: true } })).to.deep.equal(
      [],
    );
    expect(denied(service({}), { hostAccess: { paths: "all" } })).to.deep.equal(["x-overseer-policy"]);
    expect(denied(service({}), { unknown: true })).to.deep.equal(["x-overseer-policy"]);
  });

  it("refuses volumes of others and other kinds of volumes under a Policy without hostAccess.externalVolumes", () => {
    const allowed = policy("volumes.external,volumes.driver,external_containers");
    const hostAccess = { paths: ["/"], dockerSocket: false };
    for (const [model, key] of [
      [volume({ external: true }), "volumes.v.external"],
      [volume({ name: "other-2_data" }), "volumes.v.external"],
      [volume({ driver: "sshfs" }), "volumes.v.driver"],
      [volume({ driver_opts: { type: "nfs", o: "addr=10.0.0.1", device: ":/all" } }), "volumes.v.driver_opts"],
      [volume({ driver_opts: { type: "ext4", device: "/dev/sda1" } }), "volumes.v.driver_opts"],
      [service({ volumes_from: ["container:x"] }), "services.a.volumes_from"],
    ] as const) {
      expect(refused(model, allowed)).to.deep.equal([]);
      expect(refused({ ...model, "x-overseer-policy": { hostAccess } }, allowed)).to.deep.equal([key]);
      const open = { ...hostAccess, externalVolumes: true };
      expect(refused({ ...model, "x-overseer-policy": { hostAccess: open } }, allowed)).to.deep.equal([]);
      expect(
        refused({ ...model, "x-overseer-policy": { hostAccess: open } }),
        "a Policy allows nothing",
      ).to.have.length(1);
    }
  });

  const isolation: readonly (readonly [Model, ...string[]])[] = [
    [
      service({
        network_mode: "service:b",
        ports: [
          { target: 80, host_ip: "127.0.0.1" },
          { target: 80, host_ip: "::1" },
        ],
      }),
    ],
    [service({ network_mode: "none" })],
    [service({ ports: [{ target: 80, published: "80" }] }), "services.a.ports[0]"],
    [service({ ports: [{ target: 80, host_ip: "0.0.0.0" }] }), "services.a.ports[0]"],
    [service({ network_mode: "host" }), "services.a.network_mode"],
    [service({ network_mode: "bridge" }), "services.a.network_mode"],
    [network({ external: true }), "networks.n"],
    [network({ name: "other_n" }), "networks.n"],
    [network({ driver: "bridge" })],
    [network({ driver_opts: { "com.docker.network.bridge.gateway_mode_ipv4": "routed" } }), "networks.n.driver_opts"],
  ];
  for (const [model, ...expected] of isolation)
    it(`of an isolated app ${expected.length === 0 ? "allows" : "refuses"} ${JSON.stringify(model)}`, () => {
      const allowed = policy("network_mode,networks.external,networks.driver,external_containers");
      expect(refused(model, allowed)).to.deep.equal([]);
      expect(refused({ ...model, "x-overseer-policy": { isolated: true } }, allowed)).to.deep.equal(expected);
    });

  it("reserves the ports of sign-in services on the node, however their host is written", async () => {
    const of = async (url: string) => {
      const found = await reservedPorts({ httpPort: 80, httpsPort: 443 }, "unix:///run/caddy.sock", [
        { signIn: { forwardAuth: { url } } } as never,
      ]);
      return found.slice(2).map(({ port }) => port);
    };
    const own = ["localhost", "localhost.", "auth.localhost", "127.1.2.3", "0.0.0.0", "[::1]", "[::]", "0x7f.1"];
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const seen = addresses.filter(({ address }) => !address.includes("%") && !/^fe80:/.test(address));
    const others = seen.map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
    const names = ["[::ffff:127.0.0.1]", hostname(), `${"x".repeat(64)}.test`, ...own, ...others];
    for (const host of names) expect(await of(`http://${host}:4180/auth`), host).to.deep.equal([4180]);
    for (const host of ["192.0.2.7", "[2001:db8::7]", "[::ffff:192.0.2.7]"])
      expect(await of(`http://${host}:4180/auth`), host).to.deep.equal([]);
  });

  it("refuses ports that routes depend on, unless the app publishes them now or has the permission", async () => {
    const route = (url: string) => ({ signIn: { forwardAuth: { url } } }) as never;
    const routes = ["http://127.0.0.1:4180/oauth2/auth", "https://192.0.2.7/auth"].map(route);
    const reserved = await reservedPorts({ httpPort: 80, httpsPort: 443 }, "http://127.0.0.1:2019", routes);
    expect(reserved.map(({ port }) => port)).to.deep.equal([80, 443, 2019, 4180]);
    expect(await reservedPorts({ httpPort: 80, httpsPort: 443 }, "unix:///run/caddy.sock", [])).to.have.length(2);
    const judge = (port: Model, published: number[] = [], allow = "") =>
      judgeHostAccess({ app: "web", project: "web-1", model: service({ ports: [port] }) }, policy(allow), PATHS, {
        reserved,
        published,
      }).map(({ key }) => key);
    expect(judge({ published: "4180", host_ip: "127.0.0.1" })).to.deep.equal([
      "services.a.ports[0] (port 4180 of the sign-in service 127.0.0.1:4180)",
    ]);
    expect(judge({ published: "4170-4190", protocol: "tcp" })).to.have.length(1);
    expect(judge({ published: "80" })).to.have.length(1);
    for (const other of [{ published: "4181" }, { published: "4180", protocol: "udp" }, { target: 4180 }])
      expect(judge(other)).to.deep.equal([]);
    const bindings = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "4180" }], "81/tcp": null };
    expect(judge({ published: "4180" }, publishedPorts([{ PortBindings: bindings }]))).to.deep.equal([]);
    expect(judge({ published: "4180" }, [], "ports.reserved@web")).to.deep.equal([]);
  });

  it("rejects permissions that do not exist, and relative directories", () => {
    expect(readHostPolicy("priviledged", "")).to.match(
      /^--allow: unknown permission "priviledged": expected annotations, /,
    );
    expect(readHostPolicy("pid=host", "")).to.match(/only cap_add takes a value/);
    expect(readHostPolicy("", "srv")).to.equal('--bind-roots: expected absolute paths, got "srv"');
  });

  describe("with symbolic links", () => {
    let folder: TemporaryFolder;
    before(async () => {
      folder = await makeTemporaryFolder("overseer-links-");
    });
    after(() => folder.remove());

    it("refuses a link that a container left in the app's directory", () => {
      const root = realpathSync(folder.path);
      const app = join(root, "app");
      mkdirSync(join(app, "data"), { recursive: true });
      writeFileSync(join(root, "outside"), "x");
      symlinkSync("/etc", join(app, "data", "out"));
      symlinkSync("/nowhere/else", join(app, "data", "dangling"));
      symlinkSync("loop", join(app, "data", "loop"));
      symlinkSync("../data", join(app, "data", "inside"));
      const paths = { ...PATHS, appDirectory: app, real: realPath };
      const judge = (path: string): string =>
        judgeHostAccess({ app: "web", project: "web-1", model: bind(join(app, "data", path)) }, policy(), paths)
          .map(({ message }) => message)
          .join();
      expect(judge("out/passwd")).to.match(/leads to \/etc\/passwd by a symbolic link/);
      expect(judge("dangling")).to.match(/leads to \/nowhere\/else by a symbolic link/);
      expect(judge("loop/x")).to.match(/by a symbolic link/);
      expect(judge("inside/new")).to.equal("");
      expect(judge("new/deep")).to.equal("");
    });
  });
});
