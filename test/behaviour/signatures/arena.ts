import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { GitRepo } from "../../support/git-server.js";
import { Signers, type SigningKey } from "../../support/signing.js";
import { condition, configMap, type LiveRepository, World } from "../../support/world.js";

/** A file with a ConfigMap. */
export const doc = (v: string): Record<string, string> => ({ "a.yaml": configMap("shop", { v }) });

/** What all modes need: a world, keys, and a way to await the verdict. */
export class Arena {
  readonly world: World;
  readonly signers: Signers;
  readonly ada: SigningKey;
  readonly eve: SigningKey;

  private constructor(world: World, signers: Signers, ada: SigningKey, eve: SigningKey) {
    this.world = world;
    this.signers = signers;
    this.ada = ada;
    this.eve = eve;
  }

  static async create(name: string, flags: readonly string[] = []): Promise<Arena> {
    const signers = await Signers.create();
    const world = await World.create(name, { operator: { flags } });
    return new Arena(world, signers, await signers.ssh("ada@example.com"), await signers.ssh("eve@example.com"));
  }

  async remove(): Promise<void> {
    await this.world.remove();
    await this.signers.remove();
  }

  secret(stringData: Record<string, string>): Promise<unknown> {
    const metadata = { name: "keys", namespace: this.world.namespace };
    return this.world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData });
  }

  /** A repository that is verified, and an app of the same name. */
  async follow(name: string, repo: GitRepo, verify: Record<string, unknown>, spec: Record<string, unknown> = {}) {
    await this.world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name, namespace: this.world.namespace },
      spec: {
        url: repo.url,
        ref: { branch: "main" },
        interval: "1h",
        verify: { secretRef: { name: "keys" }, ...verify },
        ...spec,
      },
    });
    await this.world.app(name, name, ".");
  }

  verdict(name: string, status: string, reason: string): Promise<LiveRepository> {
    return this.world.kube.until<LiveRepository>(
      this.world.repositoryRef(name),
      `Verified=${status} ${reason}`,
      (object) => condition(object, "Verified")?.status === status && condition(object, "Verified")?.reason === reason,
    );
  }

  /** Polls, and returns the message of the condition once it has this reason. */
  async refused(name: string, reason: string): Promise<string> {
    await this.world.poll(name);
    const repository = await this.verdict(name, "False", reason);
    expect(condition(repository, "Ready")?.reason).to.equal(reason);
    return condition(repository, "Verified")?.message ?? "";
  }

  async applied(name: string): Promise<string | undefined> {
    const map = await this.world.kube.get<RawObject & { data?: Record<string, string> }>(this.world.configMap(name));
    return map?.data?.v;
  }
}
