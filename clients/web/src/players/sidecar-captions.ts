// Captions that lie beside a file of this server: film.mp4 with film.vtt or film.en.vtt. Other servers are not
// asked: a guess is not worth a request to a stranger.
import type { ShownPlayer } from "./shown-player";

function languagesWanted(): string[] {
  const own = navigator.languages.map((tag) => tag.split("-")[0] ?? "");
  return [...new Set([...own, "en"])].filter((language) => /^[a-z]{2,3}$/.test(language));
}

function nameOf(language: string): string {
  if (!language) return "Captions";
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}

async function exists(path: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(path, { method: "HEAD", signal });
  return response.ok && (response.headers.get("Content-Type") ?? "").startsWith("text/vtt");
}

/** Looks for captions and adds what it finds; the returned controller stops the search. */
export function sidecarCaptions(player: ShownPlayer, url: string): AbortController {
  const search = new AbortController();
  const page = new URL(url, location.href);
  if (player.kind !== "file" || page.origin !== location.origin) return search;
  const base = page.pathname.replace(/\.[a-z0-9]+$/i, "");
  const add = async (path: string, language: string): Promise<boolean> => {
    if (!(await exists(path, search.signal))) return false;
    const track = document.createElement("track");
    track.kind = "subtitles";
    track.label = nameOf(language);
    if (language) track.srclang = language;
    track.src = path;
    player.media.append(track);
    return true;
  };
  const look = async () => {
    let found = false;
    for (const language of languagesWanted()) {
      found = (await add(`${base}.${language}.vtt`, language)) || found;
    }
    if (!found) await add(`${base}.vtt`, "");
  };
  // Stopped, or the server went away: then there are none.
  look().catch(() => undefined);
  return search;
}
