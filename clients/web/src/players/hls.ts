// HLS, by hls.js inside <hls-video>.
import HlsVideoElement, { Hls } from "hls-video-element";
import { mediaErrorReason, streamFailureReason } from "./failures";
import { makePlayer, nativeCapabilities, slottedVideo } from "./native";
import { type RenditionMedia, renditionMenu } from "./renditions";
import type { PlayerHooks, ShownPlayer } from "./shown-player";
import type { Source } from "./source";

/** Fatal network failures in a row after which the source counts as dead. */
const networkRetriesMax = 3;
/** Decoder failures that are worth another try (hls.js documents recoverMediaError for these). */
const mediaRecoveriesMax = 2;

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  const element = new HlsVideoElement();
  // A <video> of ours in the element's slot: the sync loop reads the browser's own clock, with nothing in between.
  const media = slottedVideo(element);
  element.config = {
    // Bounded, so that a long film does not fill the memory of a phone; behind is kept short for the same reason.
    maxBufferLength: 30,
    maxMaxBufferLength: 60,
    maxBufferSize: 60_000_000,
    backBufferLength: 30,
    // Seeks land on the frame that was asked for, never on a nudged place or the next segment's start.
    nudgeOnVideoHole: false,
    maxBufferHole: 0.1,
    // A start position would be fought over with the sync loop: it seeks as soon as the metadata is there.
    startPosition: -1,
    autoStartLoad: false,
    // Room for a slow first answer, then give up in words rather than hang.
    manifestLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 10_000,
        maxLoadTimeMs: 20_000,
        timeoutRetry: { maxNumRetry: 1, retryDelayMs: 500, maxRetryDelayMs: 2000 },
        errorRetry: { maxNumRetry: 1, retryDelayMs: 500, maxRetryDelayMs: 2000 },
      },
    },
  };
  const player = makePlayer(media, nativeCapabilities({ quality: true }));
  media.addEventListener("error", () => hooks.onFailure(mediaErrorReason(media.error, source.url)));

  hooks.mount(element);
  element.setAttribute("src", source.url);
  // The element makes its hls.js one microtask after `src`; nothing can have failed before we listen.
  for (let turn = 0; turn < 4 && !element.api; turn += 1) await Promise.resolve();
  const hls = element.api;
  let networkFailures = 0;
  let recoveries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  hls?.on(Hls.Events.FRAG_LOADED, () => {
    networkFailures = 0;
  });
  hls?.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries < mediaRecoveriesMax) {
      recoveries += 1;
      hls.recoverMediaError();
      return;
    }
    const isManifest = data.details.startsWith("manifest");
    if (
      data.type === Hls.ErrorTypes.NETWORK_ERROR &&
      !isManifest &&
      networkFailures < networkRetriesMax
    ) {
      networkFailures += 1;
      timer = setTimeout(() => hls.startLoad(), 1000 * networkFailures);
      return;
    }
    const reason =
      data.type === Hls.ErrorTypes.NETWORK_ERROR
        ? streamFailureReason(isManifest ? "playlist" : "stream", source.url, data.response?.code)
        : data.details === Hls.ErrorDetails.MANIFEST_PARSING_ERROR
          ? "The link does not lead to an HLS playlist."
          : data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR
            ? "The stream uses codecs that this browser cannot decode."
            : `The stream failed: ${data.details}.`;
    hooks.onFailure(reason);
  });
  return {
    kind: "hls",
    media,
    player,
    capabilities: player.capabilities,
    quality: renditionMenu(element as unknown as RenditionMedia),
    foreign: false,
    inexactReason: "",
    dispose() {
      clearTimeout(timer);
      player.dispose();
      // Without a source the element destroys its hls.js.
      element.removeAttribute("src");
      element.remove();
    },
  };
}
