// Captions that lie beside a file of this server: film.mp4 with film.vtt or film.en.vtt. Other servers are not
// asked: a guess is not worth a request to a stranger.
import type { ShownPlayer } from "./shown-player";

function candidates(path: string): Array<{ path: string; language: string }> {
  const base = path.replace(/\.[a-z0-9]+$/i, "");
  const languages = [
    ...new Set([...navigator.languages.map((tag) => tag.split("-")[0] ?? ""), "en"]),
  ];
  return [
    { path: `${base}.vtt`, language: "" },
    ...languages
      .filter((language) => /^[a-z]{2,3}$/.test(language))
      .map((language) => ({ path: `${base}.${language}.vtt`, language })),
  ];
}

function nameOf(language: string): string {
  if (!language) return "Captions";
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}

/** Looks for captions and adds what it finds; the returned controller stops the search. */
export function sidecarCaptions(player: ShownPlayer, url: string): AbortController {
  const search = new AbortController();
  const page = new URL(url, location.href);
  if (player.kind !== "file" || page.origin !== location.origin) return search;
  for (const { path, language } of candidates(page.pathname)) {
    fetch(path, { method: "HEAD", signal: search.signal })
      .then((response) => {
        if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/vtt")) return;
        const track = document.createElement("track");
        track.kind = "subtitles";
        track.label = nameOf(language);
        if (language) track.srclang = language;
        track.src = path;
        player.media.append(track);
      })
      .catch(() => undefined);
  }
  return search;
}
