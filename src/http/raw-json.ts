/**
 * A body that is JSON already. Several responses may share its parts, so that a large one is in memory once, whatever the number and the
 * speed of its readers. It has no ETag but that of its
 * reply.
 */
export class RawJson {
  readonly parts: readonly Buffer[];

  constructor(parts: readonly Buffer[]) {
    this.parts = parts;
  }
}
