// What plain, HLS and DASH players share: they all end in the browser's own media element.
import { MediaElementPlayer, type PlayerCapabilities } from "@playhead/sdk";
import type { MediaLike } from "./shown-player";

/** Does this browser keep a rate near 1 as it was written? Old WebViews round it, some televisions ignore it. */
function obeysFineRate(): boolean {
  const probe = document.createElement("video");
  probe.playbackRate = 1.03;
  return Math.abs(probe.playbackRate - 1.03) < 1e-6;
}

export function nativeCapabilities({ quality }: { quality: boolean }): PlayerCapabilities {
  const fineRate = obeysFineRate();
  return {
    fineRate,
    rateSteps: fineRate ? [] : [0.5, 1, 1.25, 1.5, 2],
    clockResolutionMs: 0,
    waiting: true,
    quality,
    captions: true,
  };
}

export const makePlayer = (
  media: MediaLike,
  capabilities: PlayerCapabilities,
): MediaElementPlayer => new MediaElementPlayer(media, { capabilities });

/** Iframes hear us, and are heard, by messages; advertisements and slow networks stretch that further. */
const foreignAnswerMs = 3000;

export const makeForeignPlayer = (
  media: MediaLike,
  capabilities: PlayerCapabilities,
): MediaElementPlayer => new MediaElementPlayer(media, { capabilities, answerMs: foreignAnswerMs });

/** The native player inside one of the media elements, where a style sheet and a test can reach it. */
export function slottedVideo(host: HTMLElement): HTMLVideoElement {
  const video = document.createElement("video");
  video.slot = "media";
  video.playsInline = true;
  video.preload = "auto";
  host.append(video);
  return video;
}
