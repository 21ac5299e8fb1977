// From the entries of plugins to what an app reads: each field in the shape of its kind, as `@plugin` declares it.
// What did not change keeps its identity, down to the single item of a list.

import type {
  ListItem,
  Permission,
  PluginView,
  RingItem,
  SharedField,
  SharedValue,
} from "./api.js";
import { type EntryKey, ROLE_ANYONE, type SharedRow } from "./messages.js";
import {
  FIELD_PERMISSIONS,
  FIELD_PLUGIN,
  type PluginTables,
  type SharedState,
  type SharedTable,
} from "./shared-tables.js";

const NO_ROWS: SharedTable = new Map();
const ALLOWED: Permission = { allowed: true };

type Members = { readonly [key: string]: SharedValue };

function membersOf(value: SharedValue | undefined): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : {};
}

const textOf = (value: SharedValue | undefined): string => (typeof value === "string" ? value : "");

/** Integers in their order before texts in theirs. */
function compareKeys(a: EntryKey, b: EntryKey): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  if (typeof b === "number") return 1;
  return (a ?? "") < (b ?? "") ? -1 : 1;
}

function sorted(table: SharedTable): [number | string, SharedRow][] {
  const keyed = [...table].filter(
    (entry): entry is [number | string, SharedRow] => entry[0] !== null,
  );
  return keyed.sort((a, b) => compareKeys(a[0], b[0]));
}

interface KnownField {
  readonly kind: string;
  readonly table: SharedTable;
  readonly field: SharedField;
}

interface KnownPlugin {
  readonly tables: PluginTables;
  readonly fields: ReadonlyMap<string, KnownField>;
  readonly view: PluginView;
}

/** The converter of one room, with the memory that keeps identities. */
export class PluginViews {
  private shared: SharedState | undefined;
  private known = new Map<string, KnownPlugin>();
  private views: Readonly<Record<string, PluginView>> = {};
  private readonly items = new WeakMap<SharedRow, ListItem & RingItem>();

  of(shared: SharedState): Readonly<Record<string, PluginView>> {
    if (shared === this.shared) return this.views;
    this.shared = shared;
    const known = new Map<string, KnownPlugin>();
    for (const [name, tables] of shared) {
      const before = this.known.get(name);
      const about = tables.get(FIELD_PLUGIN)?.get(null)?.value;
      if (about === undefined) continue;
      known.set(name, before?.tables === tables ? before : this.plugin(tables, about, before));
    }
    this.known = known;
    // As own properties, whatever a plugin is called.
    this.views = Object.fromEntries([...known].map(([name, { view }]) => [name, view]));
    return this.views;
  }

  private plugin(
    tables: PluginTables,
    about: SharedValue,
    before: KnownPlugin | undefined,
  ): KnownPlugin {
    const { version, hash, suspended, fields: kinds } = membersOf(about);
    const fields = new Map<string, KnownField>();
    for (const [name, kind] of Object.entries(membersOf(kinds))) {
      const table = tables.get(name) ?? NO_ROWS;
      const old = before?.fields.get(name);
      if (old !== undefined && old.table === table && old.kind === kind) fields.set(name, old);
      else fields.set(name, { kind: textOf(kind), table, field: this.field(textOf(kind), table) });
    }
    return {
      tables,
      fields,
      view: {
        version: textOf(version),
        codeHash: textOf(hash),
        suspended: suspended === true,
        state: Object.fromEntries([...fields].map(([name, { field }]) => [name, field])),
      },
    };
  }

  private field(kind: string, table: SharedTable): SharedField {
    switch (kind) {
      case "counter":
        return table.get(null)?.value ?? 0;
      case "map":
        return new Map(sorted(table).map(([key, row]) => [key, row.value]));
      case "set":
        return new Set(sorted(table).map(([key]) => key));
      case "ring":
        return sorted(table).map(([index, row]) => this.item(Number(index), row));
      case "list": {
        const order = table.get(null)?.value;
        return (Array.isArray(order) ? order : []).flatMap((id: SharedValue) => {
          const row = typeof id === "number" ? table.get(id) : undefined;
          return row === undefined ? [] : [this.item(Number(id), row)];
        });
      }
      default:
        return table.get(null)?.value ?? null;
    }
  }

  /** One object per row for as long as the row is there: of lists and rings, which name its number differently. */
  private item(id: number, row: SharedRow): ListItem & RingItem {
    let item = this.items.get(row);
    if (item === undefined) {
      item = { id, index: id, value: row.value };
      this.items.set(row, item);
    }
    return item;
  }
}

/** `roles` are the bits of a viewer's row. Every plugin's rule for the permission, or for what it is part of, must allow. */
export function permissionOf(shared: SharedState, permission: string, roles: number): Permission {
  for (const [plugin, tables] of shared) {
    const rules = tables.get(FIELD_PERMISSIONS);
    if (rules === undefined) continue;
    for (
      let name = permission;
      name !== "";
      name = name.slice(0, Math.max(0, name.lastIndexOf(".")))
    ) {
      const rule = rules.get(name);
      if (rule === undefined) continue;
      const { roles: allowed, except, reason } = membersOf(rule.value);
      const may = ((roles | ROLE_ANYONE) & Number(allowed)) !== 0;
      if (!may || (roles & Number(except ?? 0)) !== 0) {
        return { allowed: false, plugin, reason: textOf(reason) };
      }
    }
  }
  return ALLOWED;
}
