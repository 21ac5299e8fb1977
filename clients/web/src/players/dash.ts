// DASH, by dash.js inside <dash-video>.
import DashVideoElement from "dash-video-element";
import { mediaErrorReason, streamFailureReason } from "./failures";
import { makePlayer, nativeCapabilities, slottedVideo } from "./native";
import { type RenditionMedia, renditionMenu } from "./renditions";
import type { PlayerHooks, ShownPlayer } from "./shown-player";
import type { Source } from "./source";

/** The part of dash.js's player that is used here; its own types pull in the whole library. */
interface DashApi {
  on(event: string, listener: (event: DashError) => void): void;
  updateSettings(settings: object): void;
  destroy(): void;
}
interface DashError {
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: unknown };
}

// dash.js, src/core/errors/Errors.js.
/** The answer was no manifest: parsing failed, nothing playable in it. */
const notManifestCodes = new Set([10, 31, 32]);
const manifestLoadCodes = new Set([11, 25]);
/** Segments: dash.js has already retried these itself. */
const contentCodes = new Set([15, 17, 26, 27, 28]);
/** Side matters (clock source, captions, xlink, appending once more): the picture goes on without them. */
const harmlessCodes = new Set([12, 16, 18, 20, 21, 22, 29, 33]);

function httpStatusOf(data: unknown): number | undefined {
  const response = (data as { response?: { status?: unknown } } | undefined)?.response;
  return typeof response?.status === "number" ? response.status : undefined;
}

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  const element = new DashVideoElement();
  const media = slottedVideo(element);
  const player = makePlayer(media, nativeCapabilities({ quality: true }));
  media.addEventListener("error", () => hooks.onFailure(mediaErrorReason(media.error, source.url)));

  const loading = (element as unknown as { load(): Promise<void> }).load.bind(element);
  let loaded: Promise<void> = Promise.resolve();
  // `src` makes the element load by itself: keep its promise, so that a failed download of dash.js is told.
  (element as unknown as { load(): Promise<void> }).load = () => {
    loaded = loading();
    return loaded;
  };
  hooks.mount(element);
  element.setAttribute("src", source.url);
  await loaded;
  const api = (element as unknown as { api?: DashApi }).api;
  api?.updateSettings({
    streaming: {
      buffer: {
        bufferTimeAtTopQuality: 30,
        bufferTimeAtTopQualityLongForm: 30,
        bufferToKeep: 30,
        // dash.js would jump over gaps by itself; small ones only, so that a seek stays where it was put.
        stallThreshold: 0.3,
      },
      // It has a rubber band of its own for live streams; there can be only one hand on the rate.
      liveCatchup: { enabled: false },
    },
  });
  api?.on("error", ({ error }) => {
    const code = error?.code ?? 0;
    if (harmlessCodes.has(code)) return;
    const status = httpStatusOf(error?.data);
    if (notManifestCodes.has(code)) hooks.onFailure("The link does not lead to a DASH manifest.");
    else if (manifestLoadCodes.has(code)) {
      hooks.onFailure(streamFailureReason("manifest", source.url, status));
    } else if (contentCodes.has(code)) {
      hooks.onFailure(streamFailureReason("stream", source.url, status));
    } else if (code >= 100) {
      hooks.onFailure("The stream is protected (DRM), which cannot be played here.");
    } else hooks.onFailure(`The stream failed: ${error?.message ?? "no reason given"}.`);
  });
  return {
    kind: "dash",
    media,
    player,
    capabilities: player.capabilities,
    quality: renditionMenu(element as unknown as RenditionMedia),
    foreign: false,
    inexactReason: "",
    dispose() {
      player.dispose();
      element.remove();
      api?.destroy();
    },
  };
}
