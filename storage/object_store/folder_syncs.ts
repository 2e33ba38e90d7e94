/**
 * Which folders of a store of files hold a name that may not be durable.
 *
 * @module
 */
import { DirectorySync } from "./directory_sync.ts";

/** Makes names durable, now or later. */
export class FolderSyncs {
  readonly #syncs = new DirectorySync();
  /** Folders that hold a file with a name that may not be durable. */
  readonly #unsynced = new Set<string>();
  /** Syncs of the folders that hold a new folder. */
  readonly #newFolders = new Set<Promise<void>>();

  /** Takes note that a file got a name in a folder. */
  named(folder: string): void {
    this.#unsynced.add(folder);
  }

  /** Begins to make the name of a folder durable that was made in this one. */
  made(folder: string): void {
    const syncing = this.#syncs.sync(folder).finally(() => this.#newFolders.delete(syncing));
    // Whoever puts waits for it; a put that fails before that leaves it to nobody.
    syncing.catch(() => {});
    this.#newFolders.add(syncing);
  }

  /** Makes all names in some folders durable. Default: all that may not be. */
  async sync(folders: readonly string[] = [...this.#unsynced]): Promise<void> {
    // A file that gets its name while the sync runs marks the folder again.
    for (const folder of folders) this.#unsynced.delete(folder);
    try {
      await Promise.all([...folders.map((folder) => this.#syncs.sync(folder)), ...this.#newFolders]);
    } catch (error) {
      for (const folder of folders) this.#unsynced.add(folder);
      throw error;
    }
  }
}
