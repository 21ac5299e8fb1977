// Turns what players report about a dead source into words for the person in front of it.

const hostOf = (url: string): string => {
  try {
    return new URL(url, location.href).host;
  } catch {
    return "the server";
  }
};

/** For HTMLMediaElement.error; `src` names the server in the sentence. */
export function mediaErrorReason(
  error: { code: number; message: string } | null | undefined,
  src: string,
): string {
  switch (error?.code) {
    case 1:
      return "Loading was cancelled.";
    case 2:
      return `The connection to ${hostOf(src)} broke while loading.`;
    case 3:
      return "The file is damaged, or uses a codec in a way this browser cannot decode.";
    case 4:
      return `${hostOf(src)} did not answer with something this browser can play: the link may be dead, need a login, or be another kind of file.`;
    default:
      return error?.message || "The player gave up without saying why.";
  }
}

/** For YouTube's onError codes (IFrame API reference, "onError"). */
export function youtubeErrorReason(code: number): string {
  switch (code) {
    case 2:
      return "YouTube says that the link names no valid video.";
    case 5:
      return "YouTube's player failed in this browser.";
    case 100:
      return "The video was removed from YouTube, or is private.";
    case 101:
    case 150:
      return "The owner of this video does not allow it to be played outside YouTube.";
    case 153:
      return "YouTube did not learn which page embeds it. A privacy setting that hides the referrer may be the cause.";
    default:
      return `YouTube's player failed (code ${code}).`;
  }
}

/** For a failed playlist, manifest or segment. */
export function streamFailureReason(
  what: string,
  url: string,
  httpStatus: number | undefined,
): string {
  const host = hostOf(url);
  if (httpStatus === 404 || httpStatus === 410)
    return `${host} has no such ${what} (${httpStatus}).`;
  if (httpStatus === 401 || httpStatus === 403) {
    return `${host} refuses to hand out the ${what} (${httpStatus}): it may need a login or have expired.`;
  }
  if (httpStatus && httpStatus >= 400) return `${host} answered ${httpStatus} for the ${what}.`;
  return `The ${what} could not be loaded from ${host}: it is unreachable, or does not allow other pages to load it (CORS).`;
}
