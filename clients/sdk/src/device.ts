// A random id that a browser keeps: what a ban can hold on to when the person opens a new tab. It says nothing about the
// browser or the person, and clearing the site's data makes a new one.

const KEY = "playhead.device";
const VALID = /^[0-9a-f]{32}$/;

/** The kept id, made and kept if there is none; where storage is forbidden, one for this page. */
export function deviceId(storage: Pick<Storage, "getItem" | "setItem"> | undefined): string {
  try {
    const kept = storage?.getItem(KEY) ?? "";
    if (VALID.test(kept)) return kept;
  } catch {
    // Forbidden: as if there were none.
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    storage?.setItem(KEY, made);
  } catch {
    // Full or forbidden.
  }
  return made;
}

export function defaultDeviceId(): string {
  try {
    if (typeof localStorage !== "undefined") return deviceId(localStorage);
  } catch {
    // Reading the property throws where storage is forbidden.
  }
  return deviceId(undefined);
}
