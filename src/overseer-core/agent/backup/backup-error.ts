/** A backup or restore failed, and will fail again unless something is changed. The message contains no secret. */
export class BackupError extends Error {
  readonly code = "BACKUP_FAILED";

  constructor(message: string) {
    super(message);
    this.name = "BackupError";
  }
}
