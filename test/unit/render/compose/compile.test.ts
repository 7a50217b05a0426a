import { expect } from "chai";
import { compile, compileFiles, containerOf, podOf } from "./support/compile.js";

const HOSTS = `apiVersion: overseer.io/v1
kind: Policy
metadata: { name: host }
spec: { hostAccess: { paths: [/srv], dockerSocket: true } }
`;

describe("a Compose app on Kubernetes", () => {
  it("has a headless Service for each service, also without ports, and no service links", async () => {
    const compiled = await compile("services: {web: {image: 'x:1'}, db: {image: 'y:1'}}");
    expect(compiled.objects["Service db"]?.spec).to.deep.equal({
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: { "app.kubernetes.io/name": "web", "app.kubernetes.io/component": "db" },
    });
    expect(podOf(compiled, "Deployment web-db")).to.include({
      enableServiceLinks: false,
      automountServiceAccountToken: false,
    });
  });

  it("runs images that CI builds, by the folder in Git that they are built from", async () => {
    const build = "services: {Web_1: {build: ./site}, db: {image: 'y:1'}}";
    const files = { "site/Dockerfile": "FROM scratch\n" };
    const cluster = { builtImages: { registry: "registry.example.com:5000/team" } };
    const image = async (compose: string, options: Parameters<typeof compile>[1]) =>
      containerOf(await compile(compose, options), "Deployment web-web-1").image;
    const first = await image(build, { files, cluster });
    expect(first).to.match(/^registry\.example\.com:5000\/team\/web-web_1:[0-9a-f]{40}$/);
    const beside = { ...files, "other.txt": "x" };
    expect(await image(build, { files: beside, cluster })).to.equal(first);
    expect(await image(build, { files: { ...files, "site/a": "" }, cluster })).to.not.equal(first);
    const fixed = { builtImages: { ...cluster.builtImages, tag: "v2" } };
    const elsewhere = "services: {Web_1: {build: {context: https://git.example.com/site.git}, pull_policy: build}}";
    expect(await image(elsewhere, { cluster: fixed })).to.equal("registry.example.com:5000/team/web-web_1:v2");
    const noted = await compile("services: {web: {build: {context: site, args: {A: b}}}}", { files, cluster });
    expect(noted.notes.map((note) => note.replace(/[0-9a-f]{40}/, "ID"))).to.deep.equal([
      "7 spec.compose.services.web.build: runs the image registry.example.com:5000/team/web-web:ID, which has to be built and pushed",
      "7 spec.compose.services.web.build: warning: the tag of the image is the ID of its folder: changes of args alone do not update it",
    ]);
    const problems = async (compose: string, options: Parameters<typeof compile>[1] = {}) =>
      (await compile(compose, options)).problems.join();
    expect(await problems(build, { files })).to.match(
      /build: a cluster does not build .*source\.compose\.builtImages$/,
    );
    for (const context of ["./none", "../site", "https://git.example.com/site.git", "app.yaml"])
      expect(await problems(`services: {web: {build: ${context}}}`, { files, cluster }), context).to.contain(
        `web.build: there is no folder "${context}" in the source`,
      );
    expect(await problems("services: {a..b: {build: .}}", { cluster })).to.contain("cannot be the name of an image");
  });

  it("keeps the shell form of health checks, and has no liveness probe", async () => {
    const probe = async (test: string) => {
      const compiled = await compile(`services: {web: {image: 'x:1', healthcheck: {test: ${test}}}}`);
      const { readinessProbe, ...rest } = containerOf(compiled, "Deployment web");
      expect(rest).to.not.have.any.keys("livenessProbe", "startupProbe");
      return readinessProbe;
    };
    const times = { periodSeconds: 30, timeoutSeconds: 30, failureThreshold: 3 };
    const shell = { exec: { command: ["/bin/sh", "-c", "pg_isready -d ${DB} || exit 1"] }, ...times };
    expect(await probe("[CMD-SHELL, 'pg_isready -d $${DB} || exit 1']")).to.deep.equal(shell);
    expect(await probe("'pg_isready -d $${DB} || exit 1'")).to.deep.equal(shell);
    expect(await probe("[CMD, a, 'b c', '$$(d)']")).to.deep.equal({
      exec: { command: ["a", "b c", "$$(d)"] },
      ...times,
    });
    expect(await probe("[NONE]")).to.equal(undefined);
  });

  it("passes dollar signs through to the container, whatever Kubernetes would expand", async () => {
    const compiled = await compile(
      "services: {web: {image: 'x:1', command: 'sh -c \"serve --pass $$PASS $$(id) $$$$ $$\"', environment: {A: '$$(B) $$$$x', B: '$${SECRET:x}'}}}",
    );
    expect(containerOf(compiled, "Deployment web")).to.deep.include({
      args: ["sh", "-c", "serve --pass $PASS $$(id) $$$ $"],
      env: [
        { name: "A", value: "$$(B) $$$x" },
        { name: "B", value: "${SECRET:x}" },
      ],
    });
  });

  it("splits a command into words as Compose does, and says where Compose ends it", async () => {
    const args = async (command: string) => {
      const compiled = await compile(`services: {web: {image: 'x:1', command: ${JSON.stringify(command)}}}`);
      return [containerOf(compiled, "Deployment web").args, compiled.notes.length];
    };
    expect(await args(`a "b c" 'd e' f\\ g "h\\"i" ""`)).to.deep.equal([["a", "b c", "d e", "f g", 'h"i', ""], 0]);
    expect(await args("serve > log")).to.deep.equal([["serve"], 1]);
    const { problems } = await compile("services: {web: {image: 'x:1', command: '(a)'}}");
    expect(problems.join()).to.include("cannot be split into words");
  });

  it("reads secrets as the pod does, also within a value", async () => {
    const compiled = await compile(
      "services: {web: {image: 'x:1', environment: {A: '${SECRET:db}', B: 'x$$${SECRET:db}y'}, command: ['--key=${SECRET:k.1}']}}",
    );
    expect(containerOf(compiled, "Deployment web")).to.deep.include({
      args: ["--key=$(SECRET_K_1)"],
      env: [
        { name: "SECRET_K_1", valueFrom: { secretKeyRef: { name: "k.1", key: "value" } } },
        { name: "SECRET_DB", valueFrom: { secretKeyRef: { name: "db", key: "value" } } },
        { name: "A", valueFrom: { secretKeyRef: { name: "db", key: "value" } } },
        { name: "B", value: "x$$$(SECRET_DB)y" },
      ],
    });
    const { problems } = await compile("services: {web: {image: 'x:1', labels: {a: '${SECRET:db}'}}}");
    expect(problems).to.deep.equal([
      "app.yaml:7 spec.compose.services.web.labels.a: secrets are supported in environment, command and entrypoint only; use secrets of Compose for files",
    ]);
  });

  it("mounts files of the repository from a ConfigMap, and shared data from a claim", async () => {
    const compiled = await compile(
      "services:\n  web: {image: 'x:1', volumes: ['./conf:/etc/web:ro', './run.sh:/run.sh:ro', './media:/media']}\n  job: {image: 'x:1', volumes: ['./media:/media']}",
      { files: { "conf/a.conf": "a", "conf/sub/b.bin": Buffer.from([255, 0]), "run.sh": "#!/bin/sh\n" } },
    );
    expect(compiled.problems).to.deep.equal([]);
    expect(compiled.objects["ConfigMap web-conf"]).to.deep.include({
      data: { "a.conf": "a" },
      binaryData: { "sub_b.bin": "/wA=" },
    });
    expect(containerOf(compiled, "Deployment web").volumeMounts).to.deep.equal([
      { name: "files-web-conf", mountPath: "/etc/web", readOnly: true },
      { name: "claim-web-media", mountPath: "/media" },
      { name: "files-web-run-sh", mountPath: "/run.sh", subPath: "run.sh", readOnly: true },
    ]);
    for (const name of ["Deployment web", "Deployment web-job"]) {
      const { affinity } = podOf(compiled, name) as { affinity: { podAffinity: unknown } };
      expect(JSON.stringify(affinity.podAffinity)).to.include('"compose.overseer.io/volume-group":"web"');
    }
    expect(compiled.objects["PersistentVolumeClaim web-media"]?.metadata.annotations).to.deep.equal({
      "gitops.overseer.io/prune": "disabled",
    });
  });

  it("rolls only the service whose file or definition changes", async () => {
    const text = (image: string) =>
      `services:\n  web: {image: '${image}', volumes: ['./conf:/c:ro']}\n  db: {image: 'y:1', volumes: ['data:/d']}\nvolumes: {data: {}}`;
    const first = await compile(text("x:1"), { files: { "conf/a": "1" } });
    for (const second of [
      await compile(text("x:2"), { files: { "conf/a": "1" } }),
      await compile(text("x:1"), { files: { "conf/a": "2" } }),
    ]) {
      expect(second.objects["Deployment web"]).to.not.deep.equal(first.objects["Deployment web"]);
      expect(second.objects["Deployment web-db"]).to.deep.equal(first.objects["Deployment web-db"]);
    }
  });

  it("refuses paths of the node unless a Policy allows them, and never reads them", async () => {
    const compose =
      "services: {web: {image: 'x:1', volumes: ['/srv/data:/data', '/var/run/docker.sock:/s', '/etc/localtime:/etc/localtime:ro', '/srv/../etc:/e']}}";
    const { problems } = await compile(compose);
    expect(problems).to.have.length(3);
    expect(problems[0]).to.equal(
      'app.yaml:7 spec.compose.services.web.volumes[0]: "/srv/data" is a path of the node: use a named volume, or allow it with the path in hostAccess of a Policy of this source',
    );
    const allowed = await compile(compose.replace(", '/srv/../etc:/e'", ""), {
      files: { "policy.yaml": HOSTS },
      spec: "  targetNode: n1\n",
    });
    expect(podOf(allowed, "Deployment web")).to.deep.include({
      nodeSelector: { "kubernetes.io/hostname": "n1" },
      volumes: [
        { name: "host-srv-data", hostPath: { path: "/srv/data", type: "" } },
        { name: "host-var-run-docker-sock", hostPath: { path: "/var/run/docker.sock", type: "Socket" } },
      ],
    });
    expect(allowed.notes.join()).to.include("set the time zone with the variable TZ");
  });

  it("refuses files outside of the source and links that leave it", async () => {
    const compose = "services: {web: {image: 'x:1', env_file: ../x.env, volumes: ['./shadow:/s:ro', '~/x:/x']}}";
    const { problems } = await compile(compose, { files: { shadow: { link: "/etc/shadow" } } });
    expect(problems.map((text) => text.replace(/^.*web\./, ""))).to.deep.equal([
      "volumes[1]: ~ is the home directory of a user, which pods do not have; use a named volume",
    ]);
    const rest = await compile(compose.replace(", '~/x:/x'", ""), { files: { shadow: { link: "/etc/shadow" } } });
    expect(rest.problems.join("\n")).to.match(
      /env_file: is outside of the source[\s\S]*volumes\[0\]: .*leads out of the repository/,
    );
  });

  it("orders services by waves, and runs one that others wait for as a Job", async () => {
    const compiled = await compile(
      "services:\n  web: {image: 'x:1', depends_on: {init: {condition: service_completed_successfully}, db: {condition: service_started}}}\n" +
        "  init: {image: 'x:1', restart: 'on-failure:3', depends_on: {db: {condition: service_healthy}}}\n  db: {image: 'y:1', restart: on-failure}",
    );
    const job = Object.keys(compiled.objects).find((name) => name.startsWith("Job web-init-")) ?? "";
    const wave = (name: string) => compiled.objects[name]?.metadata.annotations?.["gitops.overseer.io/wave"];
    expect([wave("Deployment web-db"), wave(job), wave("Deployment web")]).to.deep.equal([undefined, "1", "2"]);
    expect(compiled.objects[job]?.spec).to.include({ backoffLimit: 3 });
    expect(compiled.objects).to.not.have.property("Service init");
  });

  it("puts services with the network of another into its pod", async () => {
    const compiled = await compile(
      "services:\n  vpn: {image: 'v:1', cap_add: [NET_ADMIN], ports: ['8080:80']}\n  app: {image: 'a:1', network_mode: 'service:vpn'}",
    );
    expect(Object.keys(compiled.objects)).to.have.members([
      "Service vpn",
      "Service web-vpn-ports",
      "Deployment web-vpn",
    ]);
    expect(
      (podOf(compiled, "Deployment web-vpn").containers as { name: string }[]).map(({ name }) => name),
    ).to.deep.equal(["vpn", "app"]);
  });

  it("rewrites invalid host names where they are certain, and refuses others", async () => {
    const certain = await compile(
      "services:\n  web: {image: 'x:1', environment: {DB_HOST: app_db, URL: 'postgres://u:p@app_db:5432/app_db'}}\n  app_db: {image: 'y:1', environment: {POSTGRES_DB: app_db}}",
    );
    expect(containerOf(certain, "Deployment web").env).to.deep.equal([
      { name: "DB_HOST", value: "app-db" },
      { name: "URL", value: "postgres://u:p@app-db:5432/app_db" },
    ]);
    expect(certain.notes.join()).to.include(
      "warning: is named app-db in DNS; rewritten in services.web.environment.DB_HOST",
    );
    const doubtful = "services:\n  web: {image: 'x:1', environment: {NAME: app_db}}\n  app_db: {image: 'y:1'}";
    expect((await compile(doubtful)).problems).to.deep.equal([
      "app.yaml:9 spec.compose.services.app_db: is no host name in Kubernetes, and is used in services.web.environment.NAME: rename it to app-db, or set x-overseer.rewriteHosts: true in the Compose document",
    ]);
    const permitted = await compile(`${doubtful}\nx-overseer: {rewriteHosts: true}`);
    expect(containerOf(permitted, "Deployment web").env).to.deep.equal([{ name: "NAME", value: "app-db" }]);
  });

  it("fails closed: no Ingress for a sign-in provider that is not configured", async () => {
    const compose = "services: {web: {image: 'x:1', expose: ['80']}}";
    const spec = "  domain: a.example.com\n  routes: [{auth: oidc}]\n";
    expect((await compile(compose, { spec })).problems.join()).to.match(
      /^app\.yaml:7 spec\.routes\[0\]: the sign-in provider oidc is not configured/,
    );
    const signIn = [
      { name: "oidc", annotations: { "nginx.ingress.kubernetes.io/auth-url": "https://auth.example.com" } },
    ];
    const compiled = await compile(compose, {
      spec,
      cluster: { ingress: { className: "nginx", clusterIssuer: "le", signIn } },
    });
    expect(compiled.objects["Ingress web-a-example-com-oidc"]).to.deep.include({
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["a.example.com"], secretName: "web-a-example-com-tls" }],
        rules: [
          {
            host: "a.example.com",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name: "web-ports", port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    });
    const gateway = await compile(compose, { spec: "  domain: a.example.com\n", cluster: { gateway: { name: "g" } } });
    expect(gateway.objects).to.have.property("HTTPRoute web-a-example-com");
  });

  it("backs claims up with restic, or refuses a backup without a repository", async () => {
    const compose = "services: {web: {image: 'x:1', volumes: ['data:/d']}}\nvolumes: {data: {}}";
    const spec = "  backup: {schedule: '0 2 * * *', retention: {days: 14}}\n";
    expect((await compile(compose, { spec })).problems.join()).to.include("no repository for backups is configured");
    const compiled = await compile(compose, { spec, cluster: { backup: { secretRef: { name: "restic" } } } });
    const text = JSON.stringify(compiled.objects["CronJob web-backup"]);
    expect(text)
      .to.include('"schedule":"0 2 * * *"')
      .and.include('--keep-within \\"14d\\"')
      .and.include('"claimName":"web-data"');
    expect(text).to.include('"secretRef":{"name":"restic"}');
  });

  it("separates networks by NetworkPolicies, and leaves published and routed ports open", async () => {
    const compiled = await compile(
      "services:\n  web: {image: 'x:1', ports: ['80:80'], networks: [front, back]}\n  db: {image: 'y:1', networks: [back]}\nnetworks: {front: {}, back: {internal: true}}",
    );
    const policy = (name: string) => JSON.stringify(compiled.objects[`NetworkPolicy ${name}`]?.spec);
    expect(policy("web-web-network")).to.include('"ports":[{"protocol":"TCP","port":80}]').and.not.include("egress");
    expect(policy("web-db-network")).to.include('"egress"').and.include('"port":53');
    const same = await compile("services: {web: {image: 'x:1'}, db: {image: 'y:1'}}");
    expect(Object.keys(same.objects).filter((name) => name.startsWith("NetworkPolicy"))).to.deep.equal([]);
  });

  it("meets the level restricted with a numeric user, and says which level others need", async () => {
    const app = (own: string) =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec: {compose: {services: {web: {image: 'x:1', ${own}}}}}\n`;
    const compiled = await compileFiles({ "app.yaml": app("user: '1000:2000'") });
    expect(containerOf(compiled, "Deployment web").securityContext).to.deep.equal({
      runAsUser: 1000,
      runAsGroup: 2000,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect((await compileFiles({ "app.yaml": app("user: postgres") })).problems.join()).to.include(
      "expected the number of the user",
    );
    expect((await compileFiles({ "app.yaml": app("network_mode: host") })).problems.join()).to.include(
      "add HostNetwork to source.compose.allow",
    );
  });

  it("refuses two apps with the same service in one namespace, and applies routes and policies", async () => {
    const app = (name: string, more = "") =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: ${name}${more}}\nspec: {compose: {services: {db: {image: 'x:1'}}}}\n`;
    const { problems } = await compileFiles({ "a.yaml": app("a"), "b.yaml": app("b") });
    expect(problems.join()).to.include(
      "the Service db is also that of the app a in the same namespace: set metadata.namespace",
    );
    const route =
      "apiVersion: overseer.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {app: a, host: r.example.com, service: db, port: 5}\n";
    const compiled = await compileFiles({
      "a.yaml": app("a"),
      "b.yaml": app("b", ", namespace: other"),
      "r.yaml": route,
    });
    expect(compiled.problems).to.deep.equal([]);
    expect(compiled.objects).to.have.property("Ingress a-r-example-com");
    expect(compiled.objects["Service a-db-ports"]?.spec).to.have.nested.property("ports[0].port", 5);
  });
});
