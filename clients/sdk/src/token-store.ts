// Where a viewer's place waits while its page reloads. Only one page may hold a place: a second one that
// joined with the same token would push the first out. So a page takes the place out of the store while it
// runs and puts it back when it is hidden or goes away; a duplicated tab then finds nothing and is a new viewer.

export interface Place {
  readonly resumeToken: string;
  /** Of the last command sent, so that numbers go on growing after a reload. */
  readonly sequence: number;
}

export interface TokenStore {
  /** The kept place, which is no longer in the store afterwards. */
  take(room: string): Place | undefined;
  put(room: string, place: Place): void;
}

const PREFIX = "playhead.place.";
/** Longer than any token the engine gives. */
const TOKEN_LENGTH_MAX = 512;

/** What a store reads back may have been written by anyone: checked. */
function parsePlace(text: string): Place | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { resumeToken, sequence } = value as Record<string, unknown>;
    if (typeof resumeToken !== "string" || resumeToken.length === 0) return undefined;
    if (resumeToken.length > TOKEN_LENGTH_MAX) return undefined;
    if (typeof sequence !== "number" || !Number.isInteger(sequence)) return undefined;
    if (sequence < 0 || sequence > 0xffff_ffff) return undefined;
    return { resumeToken, sequence };
  } catch {
    return undefined;
  }
}

/** Keeps places in memory: for tests, and where storage is forbidden. */
export class MemoryTokenStore implements TokenStore {
  private readonly places = new Map<string, Place>();

  take(room: string): Place | undefined {
    const place = this.places.get(room);
    this.places.delete(room);
    return place;
  }

  put(room: string, place: Place): void {
    this.places.set(room, place);
  }
}

/** Keeps places in sessionStorage: they live as long as the tab. Forbidden storage means: every page is a new viewer. */
export class SessionTokenStore implements TokenStore {
  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {}

  take(room: string): Place | undefined {
    try {
      const text = this.storage.getItem(PREFIX + room);
      this.storage.removeItem(PREFIX + room);
      return text === null ? undefined : parsePlace(text);
    } catch {
      return undefined;
    }
  }

  put(room: string, place: Place): void {
    try {
      this.storage.setItem(PREFIX + room, JSON.stringify(place));
    } catch {
      // Full or forbidden: the reloaded page joins as a new viewer.
    }
  }
}

export function defaultTokenStore(): TokenStore {
  try {
    if (typeof sessionStorage !== "undefined") return new SessionTokenStore(sessionStorage);
  } catch {
    // Reading the property throws where storage is forbidden.
  }
  return new MemoryTokenStore();
}
