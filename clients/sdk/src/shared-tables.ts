// The replicated state of a room's plugins as it comes: entries by plugin, field and key. plugin-view.ts makes of it
// what an app reads.
//   Shapes: immutable from outside; a change makes new maps for its field and its plugin only.

import type { EntryKey, SharedEntry, SharedRow } from "./messages.js";

export type SharedTable = ReadonlyMap<EntryKey, SharedRow>;
export type PluginTables = ReadonlyMap<string, SharedTable>;
export type SharedState = ReadonlyMap<string, PluginTables>;

export const NO_SHARED: SharedState = new Map();

/** The fields that the engine writes for each plugin. */
export const FIELD_PLUGIN = "@plugin";
export const FIELD_PERMISSIONS = "@permissions";

export class SharedTables {
  private state: SharedState = NO_SHARED;
  private hash_ = 0;

  /** The sum over all entries, for the state hash. */
  get hash(): number {
    return this.hash_;
  }

  /** The state after these changes; the same object if there are none. */
  write(entries: readonly SharedEntry[]): SharedState {
    if (entries.length === 0) return this.state;
    const plugins = new Map(this.state);
    // Made in this very call, so they may still be written to.
    const opened = new Map<string, Map<string, Map<EntryKey, SharedRow>>>();
    for (const { plugin, field, key, row } of entries) {
      let fields = opened.get(plugin);
      if (fields === undefined) {
        fields = new Map();
        opened.set(plugin, fields);
      }
      let table = fields.get(field);
      if (table === undefined) {
        table = new Map(plugins.get(plugin)?.get(field));
        fields.set(field, table);
      }
      this.hash_ = (this.hash_ - (table.get(key)?.hash ?? 0) + (row?.hash ?? 0)) >>> 0;
      if (row === undefined) table.delete(key);
      else table.set(key, row);
    }
    for (const [plugin, changed] of opened) {
      const fields = new Map<string, SharedTable>(plugins.get(plugin));
      for (const [field, table] of changed) {
        if (table.size > 0) fields.set(field, table);
        else fields.delete(field);
      }
      if (fields.size > 0) plugins.set(plugin, fields);
      else plugins.delete(plugin);
    }
    this.state = plugins;
    return this.state;
  }
}
