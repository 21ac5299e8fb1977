// What this browser remembers: recent rooms, the viewer's name, volume, colours, and owner tokens.
// Storage may be missing, full, or filled with nonsense by someone else: every read is checked, no write is needed.

export interface RecentRoom {
  room: string;
  title: string;
  /** Path with the token, as the person opened it. */
  path: string;
  visitedAtMs: number;
}

export const recentRoomsMax = 8;

const prefix = "playhead.";

export function readText(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

export function writeText(key: string, value: string): void {
  try {
    localStorage.setItem(prefix + key, value);
  } catch {
    // Private windows and full disks: the app works without a memory.
  }
}

export function removeText(key: string): void {
  try {
    localStorage.removeItem(prefix + key);
  } catch {
    // As above.
  }
}

function isRecentRoom(value: unknown): value is RecentRoom {
  if (typeof value !== "object" || value === null) return false;
  const room = value as Record<string, unknown>;
  return (
    typeof room.room === "string" &&
    typeof room.title === "string" &&
    typeof room.path === "string" &&
    room.path.startsWith("/r/") &&
    typeof room.visitedAtMs === "number"
  );
}

export function recentRooms(): RecentRoom[] {
  try {
    const value: unknown = JSON.parse(readText("recent") ?? "[]");
    return Array.isArray(value) ? value.filter(isRecentRoom).slice(0, recentRoomsMax) : [];
  } catch {
    return [];
  }
}

export function rememberRoom(room: RecentRoom): void {
  const others = recentRooms().filter((other) => other.room !== room.room);
  writeText("recent", JSON.stringify([room, ...others].slice(0, recentRoomsMax)));
}

export function forgetRoom(room: string): void {
  writeText("recent", JSON.stringify(recentRooms().filter((other) => other.room !== room)));
  removeText(`owner.${room}`);
}

export const ownerToken = (room: string): string | null => readText(`owner.${room}`);
export const rememberOwnerToken = (room: string, token: string): void =>
  writeText(`owner.${room}`, token);

/** The admin token, for as long as this tab is open. */
export const adminToken = {
  read(): string {
    try {
      return sessionStorage.getItem(`${prefix}admin`) ?? "";
    } catch {
      return "";
    }
  },
  keep(token: string): void {
    try {
      sessionStorage.setItem(`${prefix}admin`, token);
    } catch {
      // It is asked for again after a reload.
    }
  },
  forget(): void {
    try {
      sessionStorage.removeItem(`${prefix}admin`);
    } catch {
      // As above.
    }
  },
};

/** A start position that came with the pasted link (t=90), used once by the page that opens the room. */
export const rememberStart = (room: string, startMs: number): void => {
  try {
    sessionStorage.setItem(`${prefix}start.${room}`, String(startMs));
  } catch {
    // The video starts at its beginning.
  }
};

export function takeStart(room: string): number {
  try {
    const key = `${prefix}start.${room}`;
    const startMs = Number(sessionStorage.getItem(key) ?? "0");
    sessionStorage.removeItem(key);
    return Number.isFinite(startMs) && startMs > 0 ? startMs : 0;
  } catch {
    return 0;
  }
}
